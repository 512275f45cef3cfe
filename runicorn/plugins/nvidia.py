"""Built-in plugin: measures NVIDIA GPUs through the driver's own library.

Needs ``pip install "runicorn[nvidia]"``. Without it, or without a driver, there is nothing to tell;
what a device does not offer, as a laptop's GPU may have no power limit, is left out.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from runicorn.plugins.hookspecs import hookimpl

_MIB = 1 << 20

_log = logging.getLogger("runicorn")
_lock = threading.Lock()
_told: set[str] = set()


class Gpus(NamedTuple):
    """What the driver says of its GPUs now.

    Attributes:
        gpus: One dictionary a GPU, in the driver's order: ``index, name, uuid, util_gpu`` `[%]`,
            ``util_mem`` `[%]`, ``mem_total_mib, mem_used_mib, mem_used_pct, temp_c, power_w,
            power_limit_w, clock_sm_mhz, clock_mem_mhz, pstate, fan_speed_pct``; ``None`` where the
            device does not say.
        reason: Why there are none; ``None`` when there are.
    """

    gpus: list[dict[str, Any]]
    reason: str | None = None


def read_gpus() -> Gpus:
    """Ask the driver about all GPUs of this machine; never raises.

    May be called from any thread and as often as wanted.
    """
    try:
        nvml = _driver()
        gpus = list(_readable(nvml))
    except ImportError:
        return Gpus([], 'nvidia-ml-py is not installed: pip install "runicorn[nvidia]"')
    except Exception as error:  # noqa: BLE001 - whatever the driver's library raises
        _driver.cache_clear()  # a driver that was loaded anew is found again
        _tell_once(str(error))
        return Gpus([], str(error))
    return Gpus(gpus, None if gpus else "the driver knows no GPU")


@hookimpl
def runicorn_system_sample() -> dict[str, float] | None:
    """Measure the GPUs that this process may use."""
    sample: dict[str, float] = {}
    for gpu in _visible(read_gpus().gpus, os.environ):
        for key, (fact, factor) in _SAMPLED.items():
            if gpu[fact] is not None:
                sample[f"gpu/{gpu['index']}/{key}"] = round(gpu[fact] * factor, 3)
    return sample or None


@hookimpl
def runicorn_environment() -> dict[str, object] | None:
    """Tell which GPUs and which driver there are."""
    gpus = read_gpus().gpus
    if not gpus:
        return None
    versions = _versions()
    visible = [gpu["index"] for gpu in _visible(gpus, os.environ)]
    return {
        "gpu_info": [
            {
                "index": gpu["index"],
                "name": gpu["name"],
                "uuid": gpu["uuid"],
                "memory_total_mb": gpu["mem_total_mib"],
                "power_limit_w": gpu["power_limit_w"],
                "is_visible": gpu["index"] in visible,
                **versions,
            }
            for gpu in gpus
        ]
    }


# Key of a sample: fact and what it is multiplied with.
_SAMPLED = {
    "util_percent": ("util_gpu", 1),
    "memory_util_percent": ("util_mem", 1),
    "memory_used_bytes": ("mem_used_mib", _MIB),
    "memory_percent": ("mem_used_pct", 1),
    "temperature_c": ("temp_c", 1),
    "power_w": ("power_w", 1),
    "clock_sm_mhz": ("clock_sm_mhz", 1),
    "clock_memory_mhz": ("clock_mem_mhz", 1),
}


@functools.cache
def _driver() -> Any:
    """Load the driver's library once; it is never shut down, for others may use it as well."""
    import pynvml

    with _lock:
        pynvml.nvmlInit()
    return pynvml


def _readable(nvml: Any) -> Iterator[dict[str, Any]]:
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            facts = _facts(nvml, index)
        except nvml.NVMLError as error:
            _tell_once(f"GPU {index}: {error}")
            continue
        if any(value is not None for key, value in facts.items() if key != "index"):
            yield facts
        else:  # it has fallen off the bus; the others go on
            _tell_once(f"GPU {index} does not answer")


def _facts(nvml: Any, index: int) -> dict[str, Any]:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def ask(question: str, *more: Any) -> Any:
        try:
            return getattr(nvml, question)(handle, *more)
        except nvml.NVMLError:
            return None  # this device does not say

    memory, utilization = ask("nvmlDeviceGetMemoryInfo"), ask("nvmlDeviceGetUtilizationRates")
    used, total = getattr(memory, "used", None), getattr(memory, "total", None)
    pstate = ask("nvmlDeviceGetPerformanceState")
    return {
        "index": index,
        "name": _text(ask("nvmlDeviceGetName")),
        "uuid": _text(ask("nvmlDeviceGetUUID")),
        "util_gpu": getattr(utilization, "gpu", None),
        "util_mem": getattr(utilization, "memory", None),
        "mem_total_mib": _scaled(total, 1 / _MIB),
        "mem_used_mib": _scaled(used, 1 / _MIB),
        "mem_used_pct": _scaled(used, 100 / total) if total else None,
        "temp_c": ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU),
        "power_w": _scaled(ask("nvmlDeviceGetPowerUsage"), 1e-3),
        "power_limit_w": _scaled(ask("nvmlDeviceGetEnforcedPowerLimit"), 1e-3),
        "clock_sm_mhz": ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM),
        "clock_mem_mhz": ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
        "pstate": None if pstate in (None, nvml.NVML_PSTATE_UNKNOWN) else f"P{pstate}",
        "fan_speed_pct": ask("nvmlDeviceGetFanSpeed"),
    }


def _visible(gpus: list[dict[str, Any]], environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Leave out the GPUs that ``CUDA_VISIBLE_DEVICES`` hides from this process.

    Source: NVIDIA, CUDA C++ Programming Guide, environment variables: indices or beginnings of
    UUIDs; what stands after an invalid one does not count. Parts of a GPU (``MIG-…``) have no
    numbers of their own here, so that all are taken.
    """
    chosen = environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None or "MIG-" in chosen:
        yield from gpus
        return
    for word in map(str.strip, chosen.split(",")):
        match = [gpu for gpu in gpus if _is_meant(gpu, word)]
        if len(match) != 1:
            return
        yield from match


def _is_meant(gpu: Mapping[str, Any], word: str) -> bool:
    if word.startswith("GPU-"):
        return str(gpu["uuid"]).startswith(word)
    return word == str(gpu["index"])


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        nvml = _driver()
        found["driver_version"] = _text(nvml.nvmlSystemGetDriverVersion()) or ""
        number = nvml.nvmlSystemGetCudaDriverVersion_v2()
        found["cuda_version"] = f"{number // 1000}.{number % 1000 // 10}"
    except Exception as error:  # noqa: BLE001 - whatever the driver's library raises
        _tell_once(str(error))
    return found


def _scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else round(number * factor, 3)


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _tell_once(message: str) -> None:
    if message not in _told:
        _told.add(message)
        _log.debug("NVIDIA: %s", message)
