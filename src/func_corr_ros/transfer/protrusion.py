# SPDX-License-Identifier: Apache-2.0
"""What sticks out of a body of revolution: a handle, a spout, a knob."""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.geometry.revolution import Revolution

# What lies further out than this share of the body's radius is no wall any more but a handle or a spout.
PROTRUSION = 0.15
# Fewer points tell no turn. Through a handle's loop the table is seen: neither does what is lower than this share of the height.
MIN_TURN_MATCHES = 10
MIN_HEIGHT = 0.08


def protrudes(body: Revolution, points: Float64[np.ndarray, "n 3"]) -> Bool[np.ndarray, " n"]:
    """Returns which ``points`` are of something that sticks out of ``body``."""
    return body.protrudes(points, PROTRUSION * float(body.radii.max()))
