"""States: is a run that says "running" still alive? Judged by readers, with the evidence.

A reader never writes its judgement into a run's folder: the folder belongs to the process that
records. ``killed``: its process is gone without a final status. ``lost``: it runs elsewhere and has
not been heard of for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runicorn import processes
from runicorn.documents import integer_of, number_of, text_of

FINAL = frozenset({"finished", "failed", "interrupted"})
PROCESS = ("hostname", "boot_id", "pid", "pid_started_at", "pid_namespace")
HEARTBEAT_S = 30.0
# Twenty missed heartbeats: a suspended laptop or a stalled network disk comes back before that.
LOST_AFTER_S = 600.0
# Runs of 0.4 have no heartbeat; a day without any sign is what its users took for dead.
LOST_WITHOUT_HEARTBEAT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class State:
    """What a reader says of a run.

    Attributes:
        status: ``running``, ``finished``, ``failed``, ``interrupted``, ``killed`` or ``lost``.
        reason: Why it ended, or the evidence for ``killed`` and ``lost``.
    """

    status: str
    reason: str | None


def judge(meta: dict[str, Any], status: dict[str, Any], now: float) -> State:
    """Judge a run from its documents and the processes of this machine.

    Args:
        meta: The run's ``meta.json``.
        status: The run's ``status.json``.
        now: `[s]`
    """
    said = text_of(status, "status")
    if said in FINAL:
        return State(said, text_of(status, "exit_reason"))
    # A resumed run is recorded by another process than the one that its meta.json tells of.
    meta = {**meta, **{key: status[key] for key in PROCESS if key in status}}
    if said is None and not meta:
        return State("lost", "neither meta.json nor status.json can be read")
    is_here = text_of(meta, "hostname") == processes.hostname() and _sees_its_pids(meta)
    if is_here and not _restarted_elsewhere(meta, status, now):
        killed = _killed_here(meta)
        if killed:
            return State("killed", killed)
        if text_of(meta, "boot_id"):
            return State("running", None)
    return _lost_elsewhere(meta, status, now)


def _sees_its_pids(meta: dict[str, Any]) -> bool:
    """Tell whether its pid means the same here; a container may have the name of its host."""
    namespace = text_of(meta, "pid_namespace")
    return namespace is None or namespace == processes.pid_namespace()


def _restarted_elsewhere(meta: dict[str, Any], status: dict[str, Any], now: float) -> bool:
    """Tell a namesake of this host from this host before its restart: the namesake still beats."""
    heartbeat = number_of(status, "heartbeat_at")
    is_other_boot = text_of(meta, "boot_id") not in {None, processes.boot_id()}
    return is_other_boot and heartbeat is not None and now - heartbeat <= LOST_AFTER_S


def _killed_here(meta: dict[str, Any]) -> str | None:
    boot, pid = text_of(meta, "boot_id"), integer_of(meta, "pid")
    if boot and processes.boot_id() and boot != processes.boot_id():
        return "the machine was restarted since"
    if pid is not None and not processes.is_same_process(pid, number_of(meta, "pid_started_at")):
        return f"process {pid} is gone and left no final status"
    return None


def _lost_elsewhere(meta: dict[str, Any], status: dict[str, Any], now: float) -> State:
    heartbeat = number_of(status, "heartbeat_at")
    limit = LOST_WITHOUT_HEARTBEAT_S if heartbeat is None else LOST_AFTER_S
    last = heartbeat or number_of(status, "started_at") or number_of(meta, "created_at")
    if last is not None and now - last <= limit:
        return State("running", None)
    host = text_of(meta, "hostname") or "an unknown host"
    silence = "ever" if last is None else f"for {now - last:.0f} s"
    return State("lost", f"it ran on {host} and has given no sign {silence}")
