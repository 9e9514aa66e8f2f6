# SPDX-License-Identifier: Apache-2.0
"""All that is kept of one replayed frame: one line of JSON, from which every score is made without running a network again."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.correspondence.confidence import TOLERANCE
from func_corr_ros.correspondence.correspond import Correspondence
from func_corr_ros.evaluation.outcome import as_record, outcome_of
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.pipeline import PipelineResult
from func_corr_ros.transfer.transfer import Transfer

# A live pixel is in the functional part where the head gives it at least this probability.
IN_PART = 0.5


def frame_record(
    result: PipelineResult, demonstration: Demonstration, frame: RgbdFrame,
    fixed_from_camera: Float64[np.ndarray, "4 4"] | None = None,
) -> dict[str, Any]:
    """Returns :func:`as_record` of the outcome with unrounded keypoints, and beside it:

    ``score``, what the transfer says of itself (see Transfer; of a refusal the probability that was too low); ``inlier_ratio``;
    ``keypoints_m`` on the live object [m, optical frame], of accepted transfers; ``confidence``, its mean over the matches;
    ``covered``, the share of matches that are accepted; ``lifted``, the share of the trusted ones with depth on both sides;
    ``cycle``, the share whose way back ends within 12 % of the object; ``exists`` (see Matches); ``depth_valid``, the share
    of the object's pixels with depth; ``mask`` and ``region`` (the functional part) as :func:`runs`, the latter of weights
    that predict one; ``fixed_from_camera``. Null is what was not reached.
    """
    outcome, found = outcome_of(result, demonstration, frame), result.correspondence
    record = as_record(outcome, frame.stamp_ns)
    record["keypoints"] = {name: [float(value) for value in uv] for name, uv in outcome.keypoints.items()}
    came = result.outcome
    record["keypoints_m"] = (
        {name: point.tolist() for name, point in came.keypoints.items()} if isinstance(came, Transfer) else {}
    )
    record["score"] = None if came.score is None else float(came.score)
    record["inlier_ratio"] = None if came.alignment is None else float(came.alignment.inlier_ratio)
    record["lifted"] = None if result.lifted is None else result.lifted.valid_ratio
    record |= _of_matches(found, outcome.mask)
    mask = outcome.mask
    record["depth_valid"] = None if mask is None else float(np.isfinite(frame.depth[mask]).mean())
    record["mask"] = None if mask is None else runs(mask)
    record["fixed_from_camera"] = None if fixed_from_camera is None else fixed_from_camera.tolist()
    return record


def _of_matches(found: Correspondence | None, mask: Bool[np.ndarray, "h w"] | None) -> dict[str, Any]:
    if found is None or mask is None or not len(found.matches.score):
        return dict.fromkeys(("confidence", "covered", "cycle", "exists", "region"))
    matches = found.matches
    v, u = np.nonzero(mask)
    longer = max(int(np.ptp(v)), int(np.ptp(u))) + 1
    exists = float(matches.exists)
    return {
        "confidence": float(np.mean(found.confidence, dtype=np.float64)),
        "covered": float(matches.accepted.mean()),
        "cycle": float((matches.cycle_px <= TOLERANCE * longer).mean()),
        "exists": exists if np.isfinite(exists) else None,
        "region": None if matches.part is None else runs(_region(found, mask)),
    }


def _region(found: Correspondence, mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Returns the predicted functional part: the mask's pixels whose nearest match of the lattice is in it."""
    region, half = np.zeros_like(mask), found.stride / 2.0
    assert found.matches.part is not None
    for u, v in found.matches.uv_query[found.matches.part[:, 0] >= IN_PART].astype(np.float64):
        rows, columns = (slice(max(int(np.ceil(c - half)), 0), max(int(np.ceil(c + half)), 0)) for c in (v, u))
        region[rows, columns] = True
    return region & mask


def runs(mask: Bool[np.ndarray, "h w"]) -> dict[str, Any]:
    """Returns a mask as plain values: its ``size`` [h, w] and the lengths of its runs, row by row, False first."""
    flat = np.concatenate([[False], mask.ravel()])
    ends = np.append(np.nonzero(flat[1:] != flat[:-1])[0], mask.size)
    return {"size": list(mask.shape), "runs": np.diff(ends, prepend=0).tolist()}


def from_runs(record: Mapping[str, Any]) -> Bool[np.ndarray, "h w"]:
    """Returns the mask that :func:`runs` wrote."""
    lengths: Sequence[int] = record["runs"]
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(record["size"])
