# SPDX-License-Identifier: Apache-2.0
"""The pose that a robot may use at the moment: it counts once it has settled, and no longer than none follows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from func_corr_ros.errors import LowConfidence, StaleInput
from func_corr_ros.nodes.observations import Transferred
from func_corr_ros.transfer.acceptance import StabilityGate, StabilitySettings
from func_corr_ros.transfer.transfer import Transfer


class StandingPose:
    """Holds transfers of a stream back until ``agreeing`` of them agree, and says when the last that counted has expired."""

    def __init__(self, stability: StabilitySettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate = StabilityGate(stability)
        self._clock = clock
        self._last: Transferred | None = None
        self._since = 0.0

    def limit(self, stability: StabilitySettings) -> None:
        """Lets poses settle anew by other limits."""
        self._gate = StabilityGate(stability)

    def settled(self, seen: Transferred, phase: int) -> Transferred:
        """Returns the newest transfer: as it is where the pose of phase number ``phase`` has settled, else refused, and why."""
        if not seen.accepted or not isinstance(seen.outcome, Transfer):
            self._gate.reset()
            return seen
        gate, chosen = self._gate, seen.outcome.phases[phase]
        if gate.accepts(seen.target_from_camera @ chosen.camera_from_tool):
            self._last, self._since = seen, self._clock()
            return seen
        reason = f"{chosen.name!r} has not settled: {gate.count} estimates held, {gate.settings.agreeing} must agree (stability)"
        return replace(seen, accepted=False, error=LowConfidence(reason))

    def expired(self, seconds: float) -> Transferred | None:
        """Returns, once, the withdrawal of a pose that none has followed for so long; the next one has to settle anew."""
        last = self._last
        if last is None or self._clock() - self._since <= seconds:
            return None
        self.forget()
        late = StaleInput(f"the pose is withdrawn: none was accepted for more than {seconds:g} s (pose_expiry)")
        return replace(last, outcome=None, accepted=False, error=late)

    def settle_anew(self) -> None:
        """Lets the next poses settle as the first ones did; the one that counts still does."""
        self._gate.reset()

    def forget(self) -> None:
        """Nothing counts any more."""
        self._last = None
        self._gate.reset()
