# SPDX-License-Identifier: Apache-2.0
"""Matches messages of several inputs by their stamps, newest first, and can say which input keeps a set from being complete."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# A stamp this far behind its predecessor is a clock that was set back or a recording that began anew, not a late message.
JUMP_NS = 1_000_000_000
# A single message that is lost says nothing; so many in a row say that an input does not come with every message.
PATIENCE = 3


@dataclass(frozen=True)
class InputState:
    """What one input has delivered. ``skew`` is the stamp of its newest message minus the nearest stamp of the first input
    [s]; ``silence`` is the time since its last message [s]; both are None before there is one.
    """

    received: int
    unmatched: int
    rate_hz: float
    silence: float | None
    skew: float | None


class Synchronizer:
    """Puts together the newest complete set of messages whose stamps lie within ``slop`` seconds of the first input's.

    ``held`` inputs (such as camera info) may come with every message of the first input or only now and then: one that
    kept pace with one of the last PATIENCE messages is waited for, otherwise the nearest goes into the set. Not thread-safe:
    one thread adds. A set is handed out once, and never an older one after a newer one.
    """

    def __init__(
        self,
        matched: Sequence[str],
        held: Sequence[str] = (),
        *,
        slop: float = 0.02,
        capacity: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pivot = matched[0]
        self.slop_ns = round(slop * 1e9)
        self.sets = 0
        self.jumps = 0
        self._clock = clock
        self._started = self._last_set = clock()
        self._inputs = {name: _Input(capacity) for name in (*matched, *held)}
        self._matched = tuple(matched)
        self._held = {name: self._inputs[name] for name in held}
        self._done_ns: int | None = None

    def add(self, name: str, stamp_ns: int, value: Any) -> dict[str, Any] | None:
        """Takes one message; returns the set that it completes, name -> value, or None."""
        source = self._inputs[name]
        if source.newest_ns is not None and stamp_ns < source.newest_ns - JUMP_NS:
            self.jumps += 1
            self._forget()
        if name == self.pivot and source.newest_ns is not None:
            for held in self._held.values():
                held.misses = 0 if held.nearest(source.newest_ns, self.slop_ns) is not None else held.misses + 1
        source.arrived(stamp_ns, self._clock())
        if name in self._held:
            source.waiting.append((stamp_ns, value))
        elif name == self.pivot and self._done_ns is not None and stamp_ns <= self._done_ns:
            source.unmatched += 1  # older than a set that is out already
        else:
            source.push(stamp_ns, value)
        self._measure_skew()
        return self._newest_set()

    def states(self) -> dict[str, InputState]:
        """Returns what each input has delivered so far."""
        now = self._clock()
        return {name: source.state(now) for name, source in self._inputs.items()}

    def complaint(self, patience: float = 3.0) -> str | None:
        """Returns which input is missing or late and by how much, once no set was complete for ``patience`` seconds."""
        now = self._clock()
        if now - self._last_set < patience:
            return None
        for name, source in self._inputs.items():
            if source.last_arrival is None:
                return f"no message has arrived on {name!r} in {now - self._started:.1f} s"
            if name not in self._held and now - source.last_arrival >= patience:
                return f"no message on {name!r} for {now - source.last_arrival:.1f} s"
        skews = {name: source.skew for name, source in self._inputs.items() if source.skew is not None and name not in self._held}
        worst = max(skews, key=lambda name: abs(skews[name]), default=None)
        if worst is None:
            return None
        return (
            f"{worst!r} and {self.pivot!r} do not match: the nearest stamps are {1e3 * skews[worst]:+.1f} ms apart, "
            f"sync.slop is {self.slop_ns / 1e6:.1f} ms"
        )

    def _newest_set(self) -> dict[str, Any] | None:
        newest_first = reversed(self._inputs[self.pivot].waiting)
        chosen = next((found for item in newest_first if (found := self._complete(item)) is not None), None)
        if chosen is None:
            return None
        self._done_ns = chosen[self.pivot][0]
        for name in self._matched:
            self._inputs[name].take(chosen[name][0])
        self.sets += 1
        self._last_set = self._clock()
        return {name: value for name, (_, value) in chosen.items()}

    def _complete(self, pivot: tuple[int, Any]) -> dict[str, tuple[int, Any]] | None:
        partners = {name: self._inputs[name].nearest(pivot[0], self.slop_ns) for name in self._matched[1:]}
        held = {name: source.held_for(pivot[0], self.slop_ns) for name, source in self._held.items()}
        found = {self.pivot: pivot, **partners, **held}
        return None if None in found.values() else found

    def _measure_skew(self) -> None:
        stamps = [stamp_ns for stamp_ns, _ in self._inputs[self.pivot].waiting]
        stamps += [] if self._done_ns is None else [self._done_ns]
        for source in (self._inputs[name] for name in self._matched[1:]):
            if source.newest_ns is not None and stamps:
                source.skew = min((source.newest_ns - stamp_ns for stamp_ns in stamps), key=abs) / 1e9

    def _forget(self) -> None:
        self._done_ns = None
        for source in self._inputs.values():
            source.newest_ns = None
            source.waiting.clear()


class _Input:
    """Messages of one input that wait for partners, and its counters."""

    def __init__(self, capacity: int) -> None:
        self.waiting: deque[tuple[int, Any]] = deque(maxlen=capacity)
        self.received = 0
        self.unmatched = 0
        self.newest_ns: int | None = None
        self.skew: float | None = None
        self.misses = PATIENCE
        self._arrivals: deque[float] = deque(maxlen=31)

    @property
    def last_arrival(self) -> float | None:
        return self._arrivals[-1] if self._arrivals else None

    def arrived(self, stamp_ns: int, now: float) -> None:
        self.received += 1
        self._arrivals.append(now)
        self.newest_ns = stamp_ns if self.newest_ns is None else max(self.newest_ns, stamp_ns)

    def push(self, stamp_ns: int, value: Any) -> None:
        self.unmatched += len(self.waiting) == self.waiting.maxlen
        self.waiting.append((stamp_ns, value))

    def nearest(self, stamp_ns: int, slop_ns: int) -> tuple[int, Any] | None:
        best = min(self.waiting, key=lambda item: abs(item[0] - stamp_ns), default=None)
        return best if best is not None and abs(best[0] - stamp_ns) <= slop_ns else None

    def held_for(self, stamp_ns: int, slop_ns: int) -> tuple[int, Any] | None:
        within = self.nearest(stamp_ns, slop_ns)
        if within is not None or (self.misses < PATIENCE and self.newest_ns is not None and self.newest_ns < stamp_ns):
            return within
        return min(self.waiting, key=lambda item: abs(item[0] - stamp_ns), default=None)

    def take(self, stamp_ns: int) -> None:
        older = sum(1 for waiting_ns, _ in self.waiting if waiting_ns < stamp_ns)
        self.unmatched += older
        self.waiting = deque((item for item in self.waiting if item[0] > stamp_ns), maxlen=self.waiting.maxlen)

    def state(self, now: float) -> InputState:
        silence = None if self.last_arrival is None else now - self.last_arrival
        span = self._arrivals[-1] - self._arrivals[0] if len(self._arrivals) > 1 else 0.0
        rate = (len(self._arrivals) - 1) / span if span > 0.0 and silence is not None and silence < 2.0 else 0.0
        return InputState(self.received, self.unmatched, rate, silence, self.skew)
