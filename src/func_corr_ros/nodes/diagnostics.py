# SPDX-License-Identifier: Apache-2.0
"""What a node says about itself once a second on /diagnostics."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from func_corr_ros.streams.stage_timer import StageTimer
from func_corr_ros.streams.synchronizer import Synchronizer


def diagnostic_message(
    name: str, hardware_id: str, stamp: Time, warning: str | None, values: Mapping[str, object], *, error: str | None = None
) -> DiagnosticArray:
    """Returns the one status of a node: OK, or WARN with the words of ``warning``, or ERROR with those of ``error``."""
    level = DiagnosticStatus.OK if warning is None else DiagnosticStatus.WARN
    level = DiagnosticStatus.ERROR if error is not None else level
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    status = DiagnosticStatus(level=level, name=name, message=error or warning or "ok", hardware_id=hardware_id, values=pairs)
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])


def stream_values(synchronizer: Synchronizer, topics: Mapping[str, str]) -> dict[str, object]:
    """Returns rate, losses and skew of every input, and the share of the first input's messages that were matched."""
    states = synchronizer.states()
    values: dict[str, object] = {}
    for key, state in states.items():
        values[f"{key}.topic"] = topics[key]
        values[f"{key}.rate_hz"] = f"{state.rate_hz:.1f}"
        values[f"{key}.received"], values[f"{key}.unmatched"] = state.received, state.unmatched
        if state.skew is not None and key != synchronizer.pivot:
            values[f"{key}.skew_ms"] = f"{1e3 * state.skew:+.1f}"
    values["sync.sets"], values["sync.clock_jumps"] = synchronizer.sets, synchronizer.jumps
    values["sync.ratio"] = f"{synchronizer.sets / max(states[synchronizer.pivot].received, 1):.3f}"
    return values


def timing_values(timer: StageTimer) -> dict[str, object]:
    """Returns the median and 95th percentile of every stage in milliseconds."""
    return {
        f"{stage}.{name}_ms": f"{1e3 * value:.1f}"
        for stage, found in timer.percentiles().items()
        for name, value in (("p50", found.p50), ("p95", found.p95))
    }


def memory_megabytes() -> int:
    """Returns the resident memory of this process in MB (0 where /proc does not tell)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def device_megabytes() -> int:
    """Returns what torch holds of the GPUs' memory in MB (0 where it uses none)."""
    torch = sys.modules.get("torch")  # not imported for that
    if torch is None or not torch.cuda.is_initialized():
        return 0
    return sum(int(torch.cuda.memory_reserved(device)) for device in range(torch.cuda.device_count())) // 1_000_000
