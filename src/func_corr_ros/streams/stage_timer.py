# SPDX-License-Identifier: Apache-2.0
"""How long each stage of a stream takes, over its recent runs."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Median and 95th percentile in seconds, over ``count`` recent runs."""

    p50: float
    p95: float
    count: int


class StageTimer:
    """Keeps the last ``window`` durations of every stage; may be used from several threads."""

    def __init__(self, window: int = 300) -> None:
        self._durations: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=window))
        self._lock = threading.Lock()

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Measures the body on the monotonic clock; a body that raises is measured too."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.add(stage, time.monotonic() - start)

    def add(self, stage: str, seconds: float) -> None:
        """Records one run of ``stage``."""
        with self._lock:
            self._durations[stage].append(seconds)

    def percentiles(self) -> dict[str, Percentiles]:
        """Returns the percentiles of every stage that has run, in the order they first ran."""
        with self._lock:
            held = {stage: list(values) for stage, values in self._durations.items()}
        return {stage: _percentiles(values) for stage, values in held.items()}


def _percentiles(seconds: list[float]) -> Percentiles:
    p50, p95 = np.percentile(seconds, (50, 95))
    return Percentiles(float(p50), float(p95), len(seconds))
