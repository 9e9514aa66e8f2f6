# SPDX-License-Identifier: Apache-2.0
"""How what a phase is anchored to has moved since the demonstration, as the camera sees it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.se3 import inverse
from func_corr_ros.transfer.demonstration import Demonstration


def anchor_motion(shown: Float64[np.ndarray, "4 4"], live: Float64[np.ndarray, "4 4"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the rigid motion [m] from the demonstration's camera frame to the live one's under which the anchor stays as it is;
    ``shown`` is its ``camera_from_anchor`` at the demonstration, ``live`` the one now. Whether the camera has moved or the
    anchor, what goes with it keeps its pose in the anchor's frame.
    """
    return live @ inverse(shown)


def anchor_motions(
    demonstration: Demonstration, live: Mapping[str, Float64[np.ndarray, "4 4"]]
) -> dict[str, Float64[np.ndarray, "4 4"]]:
    """Returns the anchors' motions, by name, as :func:`transfer_demonstration` asks for them; ``live`` holds each's
    ``camera_from_anchor`` [m] now. An anchor whose pose only one of both holds is left out, and so refused there by name: it is
    never taken as unmoved.
    """
    return {name: anchor_motion(shown, live[name]) for name, shown in demonstration.anchors.items() if name in live}
