"""Samples of the machine, and of GPUs through a driver made up here below NVIDIA's own library."""

from __future__ import annotations

import ctypes
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pynvml
import pytest

import runicorn as rn
from runicorn import sampler
from runicorn.containers import container, cpu_limit, memory_limit
from runicorn.plugins import nvidia
from runicorn.plugins.hardware import Meter

WAIT_S = 60.0


class Counter:
    """A plugin that counts how often it is asked and lets a test wait for it."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._changed = threading.Condition()

    @rn.hookimpl
    def runicorn_system_sample(self) -> dict[str, float]:
        with self._changed:
            self.times.append(time.monotonic())
            self._changed.notify_all()
        return {"counter/asked": len(self.times)}

    def wait_for(self, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.times) >= count, WAIT_S)


@pytest.fixture(autouse=True)
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_SYSTEM_METRICS", "1")
    monkeypatch.setenv("RUNICORN_SYSTEM_INTERVAL_S", "0.05")


def samples_of(run: rn.Run) -> list[dict[str, float]]:
    lines = (run.run_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return [event["data"] for event in events if event["type"] == "system"]


def test_a_sample_holds_numbers_with_the_documented_keys(root: Path) -> None:
    counter = Counter()
    with rn.init(storage=root, plugins=[counter]) as run:
        assert counter.wait_for(3)
    first = samples_of(run)[0]
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
    for key in first:
        assert key == "counter/asked" or f"`{key}`" in page, key
    assert {"cpu/percent", "memory/used_bytes", "process/rss_bytes", "disk/percent"} <= set(first)
    assert 0 <= first["cpu/percent"] <= 100
    assert first["process/rss_bytes"] > 1 << 20
    assert all(isinstance(value, int | float) for value in first.values())


def test_samples_are_no_metrics_of_the_user(root: Path) -> None:
    counter = Counter()
    with rn.init(storage=root, plugins=[counter]) as run:
        rn.log(loss=1.0)
        assert counter.wait_for(2)
    assert samples_of(run)
    with rn.open(root) as store:
        store.catch_up()
        summary = store.experiment(run.id).metrics_summary
        assert summary.available_metrics == ["loss"]
        assert summary.total_data_points == 1


def test_rates_are_those_of_the_time_between(tmp_path: Path) -> None:
    meter = Meter(tmp_path)
    began = time.process_time()
    while time.process_time() - began < 0.3:
        pass
    first = meter.sample()
    assert first["process/cpu_percent"] > 5
    assert first["disk/free_bytes"] > 0
    assert meter.sample()["network/sent_bytes_per_s"] >= 0


def test_a_root_that_is_gone_only_loses_its_disk(tmp_path: Path) -> None:
    sample = Meter(tmp_path / "gone").sample()
    assert "disk/percent" not in sample
    assert sample["memory/used_bytes"] > 0


def test_a_dear_sample_is_taken_less_often(root: Path) -> None:
    class Dear(Counter):
        @rn.hookimpl
        def runicorn_system_sample(self) -> dict[str, float]:
            began = time.thread_time()
            while time.thread_time() - began < 0.02:
                pass
            return super().runicorn_system_sample()

    dear = Dear()
    with rn.init(storage=root, plugins=[dear]):
        assert dear.wait_for(2)
    assert dear.times[1] - dear.times[0] >= 0.02 / sampler.SHARE - 0.1


@pytest.mark.promise(5)
def test_a_sample_that_hangs_does_not_hold_up_finish(root: Path) -> None:
    release, hangs = threading.Event(), threading.Event()

    class Hanging:
        @rn.hookimpl
        def runicorn_system_sample(self) -> None:
            hangs.set()
            release.wait(WAIT_S)

    run = rn.init(storage=root, plugins=[Hanging()])
    assert hangs.wait(WAIT_S)
    began = time.monotonic()
    rn.finish()
    assert time.monotonic() - began < 5
    release.set()
    assert run._collectors._sampler is not None
    run._collectors._sampler.join(WAIT_S)
    assert samples_of(run) == []


def test_it_can_be_turned_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_SYSTEM_METRICS", "off")
    run = rn.init(storage=root)
    assert run._collectors._sampler is None


def cgroup(system: Path, group: str, **limits: str) -> None:
    (system / "proc/self").mkdir(parents=True, exist_ok=True)
    (system / "proc/self/cgroup").write_text(f"0::{group}\n", encoding="ascii")
    for place, text in limits.items():
        folder = system / "sys/fs/cgroup" / place.rpartition("__")[0].replace("__", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / place.rpartition("__")[2].replace("_", ".")).write_text(text, encoding="ascii")


def test_the_smallest_limit_of_the_control_groups_counts(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) is None
    cgroup(tmp_path, "/job/step", job__memory_max="4096\n", job__step__memory_max="max\n",
           job__step__cpu_max="150000 100000\n", job__cpu_max="max 100000\n")  # fmt: skip
    assert memory_limit(tmp_path) == 4096
    assert cpu_limit(tmp_path) == 1.5


def test_the_kind_of_a_container_is_known_by_its_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "KUBERNETES_SERVICE_HOST",
        "APPTAINER_CONTAINER",
        "SINGULARITY_CONTAINER",
        "container",
    ):
        monkeypatch.delenv(name, raising=False)
    assert container(tmp_path) is None
    (tmp_path / ".dockerenv").touch()
    assert container(tmp_path) == "docker"
    monkeypatch.setenv("APPTAINER_CONTAINER", "/image.sif")
    assert container(tmp_path) == "apptainer"


class Driver:
    """Answers like ``libnvidia-ml.so``: a status, and the answer through the last pointer."""

    def __init__(self) -> None:
        self.n_gpus = 2
        self.lost: set[int] = set()
        self.unsupported: set[str] = set()
        self.failure = 0
        self.n_started = 0

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("nvml"):
            raise AttributeError(name)

        def call(*arguments: Any) -> Any:
            return self._call(name, *arguments)

        return call

    def _call(self, name: str, *arguments: Any) -> Any:
        if name == "nvmlErrorString":
            return b"made up trouble"
        if self.failure or name in self.unsupported:
            return self.failure or pynvml.NVML_ERROR_NOT_SUPPORTED
        if name == "nvmlInitWithFlags":
            self.n_started += 1
            return pynvml.NVML_SUCCESS
        if name == "nvmlDeviceGetHandleByIndex_v2":
            place = ctypes.cast(arguments[1], ctypes.POINTER(ctypes.c_void_p))
            place.contents.value = arguments[0].value + 1
            return pynvml.NVML_SUCCESS
        return self._answer(name, arguments)

    def _answer(self, name: str, arguments: Any) -> int:
        gpu = -1
        if name.startswith("nvmlDevice") and name != "nvmlDeviceGetCount_v2":
            gpu = (ctypes.cast(arguments[0], ctypes.c_void_p).value or 0) - 1
        if gpu in self.lost:
            return int(pynvml.NVML_ERROR_GPU_IS_LOST)
        texts = {
            "nvmlDeviceGetName": f"Made-up {gpu}",
            "nvmlDeviceGetUUID": f"GPU-{gpu}{gpu}aa-bb",
            "nvmlSystemGetDriverVersion": "550.54",
        }
        numbers = {
            "nvmlDeviceGetCount_v2": self.n_gpus,
            "nvmlSystemGetCudaDriverVersion_v2": 12040,
            "nvmlDeviceGetTemperature": 60 + gpu,
            "nvmlDeviceGetPowerUsage": 123_456,
            "nvmlDeviceGetEnforcedPowerLimit": 400_000,
            "nvmlDeviceGetClockInfo": 1000,
            "nvmlDeviceGetPerformanceState": 2,
            "nvmlDeviceGetFanSpeed": 30,
        }
        if name in texts:
            arguments[-2].value = texts[name].encode()
        elif name in numbers:
            arguments[-1]._obj.value = numbers[name]
        elif name == "nvmlDeviceGetMemoryInfo":
            arguments[-1]._obj.total, arguments[-1]._obj.used = 80 << 30, 20 << 30
        elif name == "nvmlDeviceGetUtilizationRates":
            arguments[-1]._obj.gpu, arguments[-1]._obj.memory = 97, 40
        else:
            return int(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        return int(pynvml.NVML_SUCCESS)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    made_up = Driver()
    monkeypatch.setattr(pynvml, "nvmlLib", made_up)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(pynvml.NVMLError, "_errcode_to_string", {})
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    nvidia._driver.cache_clear()
    nvidia._told.clear()
    yield made_up
    nvidia._driver.cache_clear()
    nvidia._told.clear()


def test_the_facts_of_every_gpu_are_read(driver: Driver) -> None:
    gpus, reason = nvidia.read_gpus()
    assert reason is None
    assert gpus[1] == {
        "index": 1, "name": "Made-up 1", "uuid": "GPU-11aa-bb", "util_gpu": 97, "util_mem": 40,
        "mem_total_mib": 81920.0, "mem_used_mib": 20480.0, "mem_used_pct": 25.0, "temp_c": 61,
        "power_w": 123.456, "power_limit_w": 400.0, "clock_sm_mhz": 1000, "clock_mem_mhz": 1000,
        "pstate": "P2", "fan_speed_pct": 30,
    }  # fmt: skip
    nvidia.read_gpus()
    assert driver.n_started == 1


def test_gpus_are_sampled_and_part_of_the_environment(
    driver: Driver, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNICORN_CAPTURE_ENV", "1")
    counter = Counter()
    with rn.init(storage=root, plugins=[counter]) as run:
        assert counter.wait_for(2)
        assert run._collectors._capture is not None
        run._collectors._capture.join(WAIT_S)
    sample = samples_of(run)[0]
    assert sample["gpu/1/util_percent"] == 97
    assert sample["gpu/0/memory_used_bytes"] == 20 << 30
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
    for key in sample:
        if key.startswith("gpu/0/"):
            assert f"`{key.replace('/0/', '/<n>/')}`" in page
    document = json.loads((run.run_dir / "environment.json").read_text(encoding="utf-8"))
    assert document["gpu_info"][0] == {
        "index": 0, "name": "Made-up 0", "uuid": "GPU-00aa-bb", "memory_total_mb": 81920.0,
        "power_limit_w": 400.0, "is_visible": True, "driver_version": "550.54",
        "cuda_version": "12.4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "seen"),
    [("1", [1]), ("1,0", [0, 1]), ("GPU-11", [1]), ("", []), ("-1", []), ("0,x,1", [0]),
     ("7", []), ("GPU-", []), ("MIG-abc", [0, 1]), (" 0 , 1 ", [0, 1])],
)  # fmt: skip
def test_gpus_that_are_hidden_from_the_process_are_not_sampled(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, chosen: str, seen: list[int]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    sample = nvidia.runicorn_system_sample() or {}
    assert sorted({int(key.split("/")[1]) for key in sample}) == seen


def test_what_a_device_does_not_say_is_left_out(driver: Driver) -> None:
    driver.unsupported = {
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetFanSpeed",
        "nvmlDeviceGetPowerUsage",
    }
    gpus, _reason = nvidia.read_gpus()
    assert (gpus[0]["mem_used_mib"], gpus[0]["mem_used_pct"], gpus[0]["fan_speed_pct"]) == (
        None,
    ) * 3
    sample = nvidia.runicorn_system_sample() or {}
    assert "gpu/0/power_w" not in sample
    assert sample["gpu/0/util_percent"] == 97


@pytest.mark.promise(5)
def test_a_gpu_that_is_lost_is_left_out_and_the_others_go_on(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="runicorn")
    driver.lost = {0}
    for _ in range(3):
        assert [gpu["index"] for gpu in nvidia.read_gpus().gpus] == [1]
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


@pytest.mark.promise(5)
def test_a_driver_in_trouble_is_told_once_and_found_again_when_it_is_back(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="runicorn")
    assert nvidia.read_gpus().gpus
    driver.failure = int(pynvml.NVML_ERROR_UNINITIALIZED)
    for _ in range(3):
        gpus, reason = nvidia.read_gpus()
        assert not gpus
        assert reason
        assert nvidia.runicorn_system_sample() is None
        assert nvidia.runicorn_environment() is None
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    driver.failure = 0
    assert len(nvidia.read_gpus().gpus) == 2


def test_without_a_gpu_the_reason_is_given(driver: Driver) -> None:
    driver.n_gpus = 0
    assert nvidia.read_gpus() == ([], "the driver knows no GPU")


def test_without_the_library_the_reason_says_what_to_install(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    gpus, reason = nvidia.read_gpus()
    assert not gpus
    assert "runicorn[nvidia]" in str(reason)
    assert nvidia.runicorn_system_sample() is None
