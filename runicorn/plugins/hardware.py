"""Built-in plugin: measures CPU, memory, disk, network and the process itself, through psutil.

What a system does not offer is left out. Rates are means since the sample before, in the first
sample since the start of the run.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from runicorn.containers import container, cpu_limit, memory_limit
from runicorn.plugins.hookspecs import RecordingRun, hookimpl

_meters: weakref.WeakKeyDictionary[RecordingRun, Meter] = weakref.WeakKeyDictionary()


@hookimpl
def runicorn_run_started(run: RecordingRun) -> None:
    """Remember the counters for the rates of the first sample; `init` waits for no psutil."""
    if run.settings["system_metrics"]:
        look = threading.Thread(target=_look, args=(run,), name="runicorn-hardware", daemon=True)
        look.start()


@hookimpl
def runicorn_run_finished(run: RecordingRun) -> None:
    """Forget the counters."""
    _meters.pop(run, None)


@hookimpl
def runicorn_system_sample(run: RecordingRun) -> dict[str, float] | None:
    """Measure the machine and this process."""
    meter = _meters.get(run)
    return None if meter is None else meter.sample()


@hookimpl
def runicorn_environment() -> dict[str, object]:
    """Tell which processor and how much memory there is, and what of it this process may use."""
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {
        "cpu": {
            "model": _cpu_model(),
            "n_logical": psutil.cpu_count(),
            "n_physical": psutil.cpu_count(logical=False),
            "n_usable": usable,
            "limit": cpu_limit(),
        },
        "memory_total_bytes": psutil.virtual_memory().total,
        "memory_limit_bytes": memory_limit(),
        "container": container(),
    }


def _look(run: RecordingRun) -> None:
    with suppress(Exception):  # there is no first look, and so no sample; psutil says why elsewhere
        _meters[run] = Meter(run.root)


class Meter:
    """Measures again and again and turns counters into rates."""

    def __init__(self, root: Path) -> None:
        """Read the counters for the first time.

        Args:
            root: Where disk usage is measured.
        """
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        self._root = str(root)
        self._at = time.monotonic()
        self._before = self._counters()

    def sample(self) -> dict[str, float]:
        """Return what can be measured, by the keys of the format."""
        at, counters = time.monotonic(), self._counters()
        elapsed_s = max(at - self._at, 1e-3)
        grown = {key: counters[key] - self._before.get(key, counters[key]) for key in counters}
        self._at, self._before = at, counters
        sample = _rates(grown, elapsed_s)
        for part in (self._of_memory, self._of_process, self._of_disk, self._of_load):
            sample |= self._tried(part)
        return sample

    def _counters(self) -> dict[str, float]:
        counters: dict[str, float] = {}
        for part in (self._cpu_s, self._process_s, self._disk_bytes, self._network_bytes):
            counters |= self._tried(part)
        return counters

    def _tried(self, part: Callable[[], dict[str, float]]) -> dict[str, float]:
        try:
            return part()
        except (self._psutil.Error, OSError, AttributeError, NotImplementedError, RuntimeError):
            return {}  # not on this system, or not for this user

    def _cpu_s(self) -> dict[str, float]:
        times: dict[str, float] = self._psutil.cpu_times()._asdict()
        # The time of guests is part of that of users.
        total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
        return {"total_s": total, "idle_s": times["idle"] + times.get("iowait", 0.0)}

    def _process_s(self) -> dict[str, float]:
        times = self._process.cpu_times()
        return {"process_s": times.user + times.system}

    def _disk_bytes(self) -> dict[str, float]:
        counters: Any = self._psutil.disk_io_counters()
        return {"disk/read": counters.read_bytes, "disk/write": counters.write_bytes}

    def _network_bytes(self) -> dict[str, float]:
        counters: Any = self._psutil.net_io_counters()
        return {"network/received": counters.bytes_recv, "network/sent": counters.bytes_sent}

    def _of_memory(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        return {
            "memory/used_bytes": memory.total - memory.available,
            "memory/available_bytes": memory.available,
            "memory/percent": memory.percent,
        }

    def _of_process(self) -> dict[str, float]:
        with self._process.oneshot():
            facts = {
                "process/rss_bytes": self._process.memory_info().rss,
                "process/threads": self._process.num_threads(),
            }
            return facts | self._tried(lambda: {"process/open_files": self._process.num_fds()})

    def _of_disk(self) -> dict[str, float]:
        usage = self._psutil.disk_usage(self._root)
        return {
            "disk/used_bytes": usage.used,
            "disk/free_bytes": usage.free,
            "disk/percent": usage.percent,
        }

    def _of_load(self) -> dict[str, float]:
        return {"cpu/load_1m": self._psutil.getloadavg()[0]}


def _rates(grown: dict[str, float], elapsed_s: float) -> dict[str, float]:
    rates: dict[str, float] = {}
    total_s, idle_s = grown.pop("total_s", 0.0), grown.pop("idle_s", 0.0)
    if total_s > 0.0:
        rates["cpu/percent"] = round(100.0 * min(1.0, max(0.0, 1.0 - idle_s / total_s)), 1)
    process_s = grown.pop("process_s", None)
    if process_s is not None:
        rates["process/cpu_percent"] = round(100.0 * process_s / elapsed_s, 1)
    for key, bytes_more in grown.items():
        # A counter that went back began anew, as that of a device that was plugged in again does.
        rates[f"{key}_bytes_per_s"] = round(max(0.0, bytes_more / elapsed_s), 1)
    return rates


def _cpu_model() -> str | None:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not on Linux
        return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine() or None
    names = (line.partition(":")[2] for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.machine()).strip() or None
