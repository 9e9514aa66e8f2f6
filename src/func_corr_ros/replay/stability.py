# SPDX-License-Identifier: Apache-2.0
"""How steady a run is from frame to frame, which needs no truth: jitter of keypoints and poses, and flips."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.geometry.se3 import rotation_angle
from func_corr_ros.replay.run_table import RunTable

# Frames further apart than this are not neighbours: what lies between was refused, left out, or lost.
MAX_GAP_NS = 500_000_000
# A turn this large between two neighbouring frames is a change of mind about the object, not its motion.
FLIP_DEG = 90.0


def in_fixed_frame(table: RunTable, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    """Returns optical-frame points in the frame that does not move, NaN where TF did not tell; as they are where it never did."""
    motions = table.fixed_from_camera
    if not np.isfinite(motions).any():
        return points
    return (motions[:, :3, :3] @ points[:, :, None])[:, :, 0] + motions[:, :3, 3]


def rotations_in_fixed_frame(table: RunTable, poses: Float64[np.ndarray, "n 4 4"]) -> Float64[np.ndarray, "n 3 3"]:
    """Returns the rotations of poses in the frame that does not move, as :func:`in_fixed_frame`."""
    motions = table.fixed_from_camera
    return motions[:, :3, :3] @ poses[:, :3, :3] if np.isfinite(motions).any() else poses[:, :3, :3]


def point_jitter(
    points: Float64[np.ndarray, "n 3"], stamp_ns: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Returns how far each point lies from the middle of the one before and the one after, in the points' unit.

    An even motion has none. Independent noise of standard deviation s per axis gives a mean square of 4.5 s^2. NaN at the ends,
    beside frames that are NaN, and where a neighbour is more than MAX_GAP_NS away.
    """
    jitter = np.full(len(points), np.nan)
    if len(points) < 3:
        return jitter
    jitter[1:-1] = np.linalg.norm(points[1:-1] - 0.5 * (points[:-2] + points[2:]), axis=1)
    return np.where(_between(stamp_ns), jitter, np.nan)


def rotation_jitter(
    rotations: Float64[np.ndarray, "n 3 3"], stamp_ns: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Returns the angle [deg] between each rotation and the one half way from the one before to the one after; NaN as above."""
    from scipy.spatial.transform import Rotation

    jitter = np.full(len(rotations), np.nan)
    known = np.isfinite(rotations).all(axis=(1, 2))
    whole = np.zeros(len(rotations), dtype=bool)
    whole[1:-1] = known[:-2] & known[1:-1] & known[2:]
    at = np.nonzero(whole & _between(stamp_ns))[0]
    if len(at):
        turn = Rotation.from_matrix(np.swapaxes(rotations[at - 1], 1, 2) @ rotations[at + 1]).as_rotvec()
        middle = rotations[at - 1] @ Rotation.from_rotvec(0.5 * turn).as_matrix()
        jitter[at] = np.degrees(rotation_angle(middle, rotations[at]))
    return jitter


def flips(table: RunTable) -> Bool[np.ndarray, " n"]:
    """Returns the frames at which a pose turned by more than FLIP_DEG since the frame before; both frames must be accepted and
    neighbours.
    """
    flipped = np.zeros(len(table), dtype=bool)
    beside = _both_accepted(table)
    for poses in table.phases.values() if len(table) > 1 else ():
        rotations = rotations_in_fixed_frame(table, poses)
        with np.errstate(invalid="ignore"):
            turned = np.degrees(rotation_angle(rotations[:-1], rotations[1:])) > FLIP_DEG
        flipped[1:] |= beside & turned
    return flipped


def mirror_changes(table: RunTable) -> Bool[np.ndarray, " n"]:
    """Returns the frames at which the reference's mirror image took its place or gave it back. On a body of revolution, whose
    two sides look alike, that alone moves no pose.
    """
    changed = np.zeros(len(table), dtype=bool)
    changed[1:] = _both_accepted(table) & (table.mirrored[1:] != table.mirrored[:-1])
    return changed


def jitters(table: RunTable) -> tuple[Mapping[str, Float64[np.ndarray, " n"]], Mapping[str, Float64[np.ndarray, " n"]]]:
    """Returns jitter by column name: positions [mm] of keypoints ("keypoint NAME") and phases ("phase NAME"), and rotations
    [deg] of phases.
    """
    places = {f"keypoint {name}": points for name, points in table.keypoints_m.items()}
    places |= {f"phase {name}": poses[:, :3, 3] for name, poses in table.phases.items()}
    millimetres = {
        name: 1e3 * point_jitter(in_fixed_frame(table, points), table.stamp_ns) for name, points in places.items()
    }
    degrees = {
        f"phase {name}": rotation_jitter(rotations_in_fixed_frame(table, poses), table.stamp_ns)
        for name, poses in table.phases.items()
    }
    return millimetres, degrees


def _both_accepted(table: RunTable) -> Bool[np.ndarray, " m"]:
    return table.accepted[1:] & table.accepted[:-1] & _near(table.stamp_ns)


def _near(stamp_ns: Int64[np.ndarray, " n"]) -> Bool[np.ndarray, " m"]:
    steps = np.diff(stamp_ns)
    return (steps > 0) & (steps <= MAX_GAP_NS)


def _between(stamp_ns: Int64[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    near, both = _near(stamp_ns), np.zeros(len(stamp_ns), dtype=bool)
    both[1:-1] = near[:-1] & near[1:]
    return both
