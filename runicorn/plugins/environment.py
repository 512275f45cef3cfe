"""Built-in plugin: tells Python, packages, variables and how the process was started.

Everything is looked up inside this process: no pip, no conda and no other program is started, and
no library is imported that the script has not imported itself.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from runicorn import processes
from runicorn.plugins.hookspecs import hookimpl
from runicorn.redaction import REDACTED, is_secret_name, redact_argv, redact_text

# Variables that change what a training does or tell how it was started. All others stay out.
PREFIXES = (
    "ACCELERATE_", "CUBLAS_", "CUDA_", "CUDNN_", "DEEPSPEED_", "FI_", "GLOO_", "GOMP_", "HF_",
    "HIP_", "HSA_", "JAX_", "KERAS_", "KMP_", "KUBERNETES_SERVICE_", "LSB_", "MASTER_", "MIOPEN_",
    "MKL_", "MPI_", "NCCL_", "NUMEXPR_", "NVIDIA_", "OMPI_COMM_", "OMP_", "OPENBLAS_", "PBS_",
    "PMIX_", "PMI_", "PYTHON", "PYTORCH_", "RAY_", "RCCL_", "ROCR_", "RUNICORN_", "SAGEMAKER_",
    "SLURM", "TF_", "TOKENIZERS_", "TORCH", "TPU_", "TRANSFORMERS_", "TRITON_", "UCX_", "XLA_",
)  # fmt: skip
NAMES = frozenset({
    "CONDA_DEFAULT_ENV", "CONDA_PREFIX", "GROUP_RANK", "GROUP_WORLD_SIZE", "LANG", "LC_ALL",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "NODE_RANK", "PATH", "RANK",
    "ROLE_RANK", "TMPDIR", "TZ", "VIRTUAL_ENV", "WORLD_SIZE",
})  # fmt: skip
MAX_VARIABLE_CHARS = 4096
# A variable that is there tells who started the process.
LAUNCHERS = {
    "TORCHELASTIC_RUN_ID": "torchrun",
    "ACCELERATE_MIXED_PRECISION": "accelerate",
    "SLURM_JOB_ID": "slurm",
    "PBS_JOBID": "pbs",
    "LSB_JOBID": "lsf",
    "OMPI_COMM_WORLD_RANK": "mpi",
    "PMI_RANK": "mpi",
    "RAY_JOB_ID": "ray",
}
FRAMEWORKS = (
    "torch", "jax", "tensorflow", "keras", "lightning", "pytorch_lightning", "transformers",
    "accelerate", "sklearn", "xgboost", "lightgbm", "numpy",
)  # fmt: skip


@hookimpl(tryfirst=True)
def runicorn_environment() -> dict[str, object]:
    """Tell what this process is and where it runs."""
    return {
        "python_version": sys.version,
        "platform": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "platform_details": _platform(),
        "hostname": processes.hostname(),
        "argv": redact_argv(sys.argv),
        "command": redact_argv(sys.orig_argv),
        "executable": sys.executable,
        "cwd": os.getcwd(),  # noqa: PTH109 - a text is wanted
        "launchers": launchers(os.environ),
        "env_variables": variables(os.environ),
        "conda_env": os.environ.get("CONDA_DEFAULT_ENV"),
        "conda_packages": conda_packages(Path(sys.prefix)),
        "frameworks": frameworks(),
        "pip_packages": pip_packages(),
    }


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick the variables that are worth recording; secrets among them keep only their name."""
    return {
        name: REDACTED if is_secret_name(name) else redact_text(value[:MAX_VARIABLE_CHARS])
        for name, value in sorted(environ.items())
        if name in NAMES or name.startswith(PREFIXES)
    }


def launchers(environ: Mapping[str, str]) -> list[str]:
    """Tell who started this process, as far as there are traces: such as ``slurm``."""
    found = {launcher for name, launcher in LAUNCHERS.items() if name in environ}
    if "ipykernel" in sys.modules:
        found.add("jupyter")
    return sorted(found)


def pip_packages() -> list[str]:
    """List the installed packages as ``name==version``, sorted; the first found of a name counts.

    Only the head of each package's metadata is read: parsing all of it takes ten times as long.
    """
    found: dict[str, str] = {}
    import importlib.metadata

    for distribution in importlib.metadata.distributions():
        try:
            text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        except (OSError, ValueError):  # a package that is being removed, or no UTF-8
            continue
        name, version = _head(text)
        if name:
            found.setdefault(name.lower().replace("_", "-"), f"{name}=={version}")
    return [found[name] for name in sorted(found)]


def _head(metadata: str) -> tuple[str, str]:
    name = version = ""
    for line in metadata.split("\n", 60):
        key, _colon, value = line.partition(":")
        if key == "Name":
            name = value.strip()
        elif key == "Version":
            version = value.strip()
        if (name and version) or not line.strip():
            break
    return name, version


def conda_packages(prefix: Path) -> list[str] | None:
    """List the packages of a conda environment as ``name=version=build``; elsewhere ``None``."""
    folder = prefix / "conda-meta"
    if not folder.is_dir():
        return None
    parts = (path.stem.rsplit("-", 2) for path in folder.glob("*-*-*.json"))
    return sorted("=".join(three) for three in parts)


def frameworks() -> dict[str, object]:
    """Tell the versions of the frameworks that are imported already, and of CUDA where one says."""
    found: dict[str, object] = {}
    for name in FRAMEWORKS:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = str(version)
    of_torch = sys.modules.get("torch.version")
    for key in ("cuda", "hip"):
        version = getattr(of_torch, key, None)
        if isinstance(version, str):
            found[key] = str(version)
    return found


def _platform() -> dict[str, str]:
    return {
        "system": platform.system(),
        "node": platform.node(),
        "release": platform.release(),
        "version": platform.version(),
        "machine": platform.machine(),
        "processor": platform.machine(),  # `platform.processor` would start `uname`
        "python_implementation": platform.python_implementation(),
        "python_compiler": platform.python_compiler(),
    }
