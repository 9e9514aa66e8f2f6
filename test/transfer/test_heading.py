# SPDX-License-Identifier: Apache-2.0
"""The way from an object's middle to its functional part tells the turn, whatever single matches say."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import about_axis, rotation_angle
from func_corr_ros.transfer.align import align_objects
from func_corr_ros.transfer.heading import headings
from func_corr_ros.transfer.lift import LiftedMatches

UP = np.array([0.0, 0.0, 1.0])
TABLE = Plane(UP, 0.0)
SIZES = (0.3, 0.3)


def _tool(turn: float, flipped_matches: bool = False, seed: int = 0) -> LiftedMatches:
    """A stick of 30 cm whose last quarter does the work, turned by ``turn``; with ``flipped_matches`` every match is to the place
    at the other end, as looks alone would have it."""
    rng = np.random.default_rng(seed)
    reference = rng.uniform([-0.15, -0.01, 0.0], [0.15, 0.01, 0.02], (400, 3))
    live = reference * ([-1.0, -1.0, 1.0] if flipped_matches else [1.0, 1.0, 1.0])
    part = np.stack([live[:, 0] > 0.075, reference[:, 0] > 0.075], axis=1).astype(np.float64)
    return LiftedMatches(reference, live @ about_axis(UP, turn).T, np.full(400, 0.5), 1.0, part=np.clip(part, 0.02, 0.95))


@pytest.mark.parametrize("turn_deg", [0.0, 50.0, 180.0, -120.0])
def test_the_turn_is_that_from_part_to_part(turn_deg: float) -> None:
    turn = about_axis(UP, np.radians(turn_deg))
    known = headings(_tool(np.radians(turn_deg)), TABLE, TABLE, SIZES)
    assert known is not None and 0.3 < known.lever < 0.5
    assert np.degrees(rotation_angle(known.live_from_reference(False), turn)) < 1.0
    mirrored = known.live_from_reference(True)
    assert np.linalg.det(mirrored) == pytest.approx(-1.0)
    np.testing.assert_allclose(mirrored @ known.reference, known.live, atol=1e-12)
    np.testing.assert_allclose(mirrored @ UP, UP, atol=1e-12)


def test_matches_from_end_to_end_do_not_turn_the_tool_round() -> None:
    right, flipped = _tool(0.3), _tool(0.3, flipped_matches=True)
    most = np.arange(400) < 260
    mixed = replace(right, live=np.where(most[:, None], flipped.live, right.live),
                    part=np.where(most[:, None], flipped.part, right.part))

    def error(lifted: LiftedMatches) -> float:
        rotation = align_objects(lifted, TABLE, TABLE).live_from_reference.rotation
        return float(np.degrees(rotation_angle(rotation, about_axis(UP, 0.3))))

    assert error(replace(mixed, part=None)) > 170.0, "without the part, looks decide"
    assert error(mixed) < 1.0
    with pytest.raises(DegenerateGeometry, match="near"):
        align_objects(flipped, TABLE, TABLE)


def test_a_part_in_the_middle_tells_no_turn() -> None:
    lifted = _tool(0.3)
    everywhere = replace(lifted, part=np.full((400, 2), 0.8))
    assert headings(everywhere, TABLE, TABLE, SIZES) is None
    assert headings(replace(lifted, part=None), TABLE, TABLE, SIZES) is None
    assert headings(replace(lifted, part=np.zeros((400, 2))), TABLE, TABLE, SIZES) is None
    assert align_objects(everywhere, TABLE, TABLE).inlier_ratio > 0.99


def test_a_mirrored_motion_needs_to_explain_clearly_more() -> None:
    lifted = _tool(0.3)
    flat = replace(lifted, part=None, mirrored=True)
    assert not align_objects(flat, TABLE, TABLE).live_from_reference.is_mirrored, "a stick is its own mirror image"
    bent = lifted.reference + np.where(lifted.reference[:, :1] > 0.0, 4.0 * lifted.reference[:, :1] ** 2, 0.0) * [0.0, 1.0, 0.0]
    turned_over = LiftedMatches(bent, bent * [1.0, -1.0, 1.0], lifted.weights, 1.0)
    assert align_objects(turned_over, TABLE, TABLE).live_from_reference.is_mirrored
    assert not align_objects(replace(turned_over, live=bent), TABLE, TABLE).live_from_reference.is_mirrored
