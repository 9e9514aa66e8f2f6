# SPDX-License-Identifier: Apache-2.0
"""A guess at the functional frame of a labelled part: from where the part lies on its body, and how long it is across that way.

Two objects whose parts are laid on each other by such frames are half as far off as by chance (docs/training.md): a blade lies on
a blade with its edge outward, but which end of the edge is which is open, and so is a round part's turn.
"""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, Symmetry
from func_corr_ros.data.surface_samples import ServingSamples
from func_corr_ros.geometry.se3 import make

# A part whose normals' mean is at least this long looks one way, as a face does; a rim or a blade looks everywhere.
_LOOKS = 0.5
# A part whose middle is nearer to the body's, over the body's RMS size, lies no way from it.
_OFF = 0.1
# A part less long than this over its width is taken for round.
_LONG = 1.3


def estimated_samples(
    points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"], body: Float64[np.ndarray, "m 3"]
) -> ServingSamples:
    """Returns the samples of a part, ``points`` and outward ``normals``, with a guessed frame; ``body`` is an even cloud of the
    whole surface. The frame's origin is the part's middle; z is the way the part looks or, where it looks to all sides, the way
    from the body's middle to the part's; x is the longest way across. A turn by 180 deg about z is free, or any of a round part.
    """
    middle, of_body = points.mean(axis=0), body.mean(axis=0)
    size = float(np.sqrt(np.square(body - of_body).sum(axis=1).mean()))
    spread = np.linalg.eigh(np.cov((points - middle).T))[1]  # columns, the shortest way first
    looks, off = normals.mean(axis=0), middle - of_body
    z = looks if np.linalg.norm(looks) > _LOOKS else off if np.linalg.norm(off) > _OFF * size else spread[:, 0]
    z = z / np.linalg.norm(z)
    flat = points - middle - np.outer((points - middle) @ z, z)
    variance, ways = np.linalg.eigh(np.cov(flat.T))
    x = ways[:, 2] - (ways[:, 2] @ z) * z
    x = x / np.linalg.norm(x)
    order = ANY_ANGLE if variance[2] < _LONG**2 * variance[1] else 2
    frame = make(np.stack([x, np.cross(z, x), z], axis=1), middle)
    return ServingSamples(frame, Symmetry(order, middle, z), points, normals, middle[None], np.zeros(len(points), dtype=np.int64))
