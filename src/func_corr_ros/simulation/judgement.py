# SPDX-License-Identifier: Apache-2.0
"""What the physics says of one trial, and what it needs to be shown."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.simulation.physical_world import Recording


@dataclass(frozen=True)
class Judgement:
    """Whether the task was done, the figures that say so, and what moved how: ``bodies`` are drawn where ``recording`` says,
    bodies called "grain..." as spheres of ``grain_radius`` metres, and the floor at ``floor_m``.
    """

    success: bool
    measures: Mapping[str, float]
    recording: Recording
    bodies: Mapping[str, FunctionalObject] = field(default_factory=dict)
    grain_radius: float = 0.0
    floor_m: float = 0.0
