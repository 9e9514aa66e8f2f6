# SPDX-License-Identifier: Apache-2.0
"""Diagnostics name what is counted, and what is wrong in one sentence."""

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from func_corr_ros.nodes.diagnostics import (
    device_megabytes,
    diagnostic_message,
    memory_megabytes,
    stream_values,
    timing_values,
)
from func_corr_ros.streams.stage_timer import StageTimer
from func_corr_ros.streams.synchronizer import Synchronizer


def test_a_warning_is_the_message() -> None:
    good = diagnostic_message("/node", "func_corr_ros", Time(sec=1), None, {"a": 1}).status[0]
    bad = diagnostic_message("/node", "func_corr_ros", Time(sec=1), "no depth", {}).status[0]
    assert (good.level, good.message, good.values[0].key, good.values[0].value) == (DiagnosticStatus.OK, "ok", "a", "1")
    assert (bad.level, bad.message) == (DiagnosticStatus.WARN, "no depth")


def test_streams_are_counted() -> None:
    sync = Synchronizer(["color", "depth"], ["camera_info"], slop=0.02)
    for index in range(4):
        stamp = 1_000_000_000 + index * 100_000_000
        sync.add("camera_info", stamp, index)
        sync.add("color", stamp, index)
        if index % 2:
            sync.add("depth", stamp + 5_000_000, index)
    values = stream_values(sync, {"color": "/c", "depth": "/d", "camera_info": "/i"})
    assert (values["color.received"], values["depth.received"], values["sync.sets"]) == (4, 2, 2)
    assert (values["sync.ratio"], values["depth.skew_ms"], values["depth.topic"]) == ("0.500", "+5.0", "/d")


def test_stages_are_timed_in_milliseconds() -> None:
    timer = StageTimer()
    timer.add("match", 0.25)
    assert timing_values(timer) == {"match.p50_ms": "250.0", "match.p95_ms": "250.0"}


def test_memory_is_that_of_this_process() -> None:
    assert 10 < memory_megabytes() < 100_000


def test_what_torch_holds_of_all_gpus_counts(monkeypatch) -> None:
    import torch

    assert device_megabytes() == 0 or torch.cuda.is_initialized()
    held = [3_000_000_000, 500_000_000]
    for name, answer in (("is_initialized", lambda: True), ("device_count", lambda: 2), ("memory_reserved", held.__getitem__)):
        monkeypatch.setattr(torch.cuda, name, answer)
    assert device_megabytes() == 3500
