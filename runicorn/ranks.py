"""Ranks: which process of a distributed job this is, by what its launcher or framework says.

Source: the variables that torchrun, Lightning, Open MPI, MPICH, MVAPICH and Slurm set for the
processes they start; see each one's manual under "environment variables".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from runicorn import processes

_MPI = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK")
_SIZES = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
# What names one start of an MPI job, whichever of its processes asks.
_MPI_JOBS = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID", "PMI_ID")
# torchrun's default when nobody chose an id.
_NO_ID = frozenset({"", "none"})


@dataclass(frozen=True, slots=True)
class Place:
    """This process among those of its job.

    Attributes:
        rank: 0 for the one that records; also that of a process that is alone.
        world_size: How many there are; ``None`` when nobody says.
        said_by: The variable or library that says so; empty when nobody does.
    """

    rank: int = 0
    world_size: int | None = None
    said_by: str = ""


def find_place(environment: Mapping[str, str] = os.environ) -> Place:
    """Find out which process of its job this is.

    ``SLURM_PROCID`` alone never makes a process another one than rank 0: Slurm sets it for
    independent tasks as well. It counts where something says that they work together.
    """
    told = _of_torch()
    if told is not None:
        return told
    size = next((n for name in _SIZES if (n := _number(environment, name)) is not None), None)
    for name in ("RANK", "", *_MPI):
        rank = _number(environment, name) if name else _local(environment)
        if rank is not None:
            return Place(rank, size, name or "LOCAL_RANK")
    rank = _number(environment, "SLURM_PROCID")
    if rank is not None and environment.get("MASTER_ADDR"):
        return Place(rank, _number(environment, "SLURM_NTASKS"), "SLURM_PROCID")
    return Place()


def find_job(environment: Mapping[str, str] = os.environ) -> str | None:
    """Name the job that all its processes name alike; ``None`` when nothing tells."""
    elastic = environment.get("TORCHELASTIC_RUN_ID")
    if elastic is not None and elastic not in _NO_ID:
        return f"torchrun {elastic}"
    if elastic is not None and environment.get("GROUP_WORLD_SIZE", "1") == "1":
        # All are children of the one agent, which starts them again after a failure.
        agent = os.getppid()
        return f"torchrun on {processes.hostname()} {agent} {processes.started_at(agent)}"
    for name in _MPI_JOBS:
        if environment.get(name):
            return f"mpi {environment[name]}"
    if environment.get("SLURM_JOB_ID") and environment.get("MASTER_ADDR"):
        return f"slurm {environment['SLURM_JOB_ID']} {environment.get('SLURM_STEP_ID', '')}"
    if environment.get("MASTER_ADDR") and environment.get("MASTER_PORT"):
        return f"master {environment['MASTER_ADDR']} {environment['MASTER_PORT']}"
    return None


def n_restarts(environment: Mapping[str, str] = os.environ) -> int:
    """Tell how often the launcher has started this job again."""
    for name in ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"):
        count = _number(environment, name)
        if count is not None:
            return count
    return 0


def _of_torch() -> Place | None:
    # Only what is imported already can be initialised.
    distributed = sys.modules.get("torch.distributed")
    try:
        if distributed is None or not distributed.is_initialized():
            return None
        return Place(distributed.get_rank(), distributed.get_world_size(), "torch.distributed")
    except (AttributeError, RuntimeError, ValueError):
        return None


def _local(environment: Mapping[str, str]) -> int | None:
    """Make a rank of a node's number and the number on that node."""
    local = _number(environment, "LOCAL_RANK")
    if local is None:
        return None
    node = _number(environment, "NODE_RANK")
    if node is None:
        node = _number(environment, "GROUP_RANK") or 0
    # Where nobody says how many a node has, all but the first of the first are just not rank 0.
    return node * (_number(environment, "LOCAL_WORLD_SIZE") or 1_000) + local


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
