# SPDX-License-Identifier: Apache-2.0
"""A pose is given to a robot only after several estimates in a row agree."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.se3 import rotation_angle
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class StabilitySettings:
    """When a stream of estimates counts as settled."""

    agreeing: int = setting(3, "estimates in a row that must agree; 1 accepts each by itself", at_least=1, at_most=100, live=True)
    max_distance: float = setting(0.01, "largest distance between two that agree", unit="m", at_least=0.0, at_most=1.0, live=True)
    max_angle_deg: float = setting(
        3.0, "largest rotation between two that agree", unit="deg", at_least=0.0, at_most=180.0, live=True
    )


class StabilityGate:
    """Opens once ``agreeing`` consecutive poses lie within the limits of the newest one; a refusal closes it again."""

    def __init__(self, settings: StabilitySettings = StabilitySettings()) -> None:
        self.settings = settings
        self._recent: deque[Float64[np.ndarray, "4 4"]] = deque(maxlen=settings.agreeing)

    def accepts(self, camera_from_tool: Float64[np.ndarray, "4 4"]) -> bool:
        """Returns whether this pose and those before it have settled."""
        self._recent.append(camera_from_tool)
        return len(self._recent) == self.settings.agreeing and all(self._agrees(old, camera_from_tool) for old in self._recent)

    def reset(self) -> None:
        """Forgets every estimate: the next pose has to settle anew."""
        self._recent.clear()

    @property
    def count(self) -> int:
        """How many estimates in a row are held (not all of them need agree)."""
        return len(self._recent)

    def _agrees(self, a: Float64[np.ndarray, "4 4"], b: Float64[np.ndarray, "4 4"]) -> bool:
        near = float(np.linalg.norm(a[:3, 3] - b[:3, 3])) <= self.settings.max_distance
        return near and float(np.degrees(rotation_angle(a[:3, :3], b[:3, :3]))) <= self.settings.max_angle_deg
