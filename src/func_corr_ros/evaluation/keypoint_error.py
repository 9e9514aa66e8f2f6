# SPDX-License-Identifier: Apache-2.0
"""How far from the truth a transferred point lies on the object itself, in millimetres, where the view has depth."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.evaluation.benchmark import BenchmarkView
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.depth_image import sample_depth


def keypoint_errors_mm(
    predicted: Float[np.ndarray, "n 2"], truth: Float[np.ndarray, "n 2"], view: BenchmarkView
) -> Float64[np.ndarray, " n"]:
    """Returns the distance between the surface points seen at both pixels, NaN where one of them has no depth or no answer.

    Only the object's own depth counts, never that of what stands behind it. All are NaN for a view without depth or K. The
    depth must be in metres.
    """
    if view.depth is None or view.K is None:
        return np.full(len(truth), np.nan)
    camera = PinholeCamera.from_matrix(view.K, view.mask.shape[1], view.mask.shape[0])
    depth = np.where(view.mask, view.depth, np.float32(np.nan))
    uv = [one.astype(np.float64) for one in (predicted, truth)]
    ends = [camera.unproject(one, sample_depth(depth, one)[0].astype(np.float64)) for one in uv]
    return 1e3 * np.linalg.norm(ends[0] - ends[1], axis=1)
