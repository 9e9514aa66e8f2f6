# SPDX-License-Identifier: Apache-2.0
"""Where and how the functional part lies tells the turn, whatever single matches say."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer.sticks import TABLE, UP, laid_out, stick
from transfer.vessels import Vessel, points_of

from func_corr_ros.geometry.se3 import about_axis, rotation_angle
from func_corr_ros.transfer.align import AlignSettings, align_objects
from func_corr_ros.transfer.layout import Layout, layouts
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.revolved import body_of
from func_corr_ros.transfer.turn import TURNS, WEIGHTS, Witness, believed_turn, witnesses


@pytest.mark.parametrize("turn_deg", [0.0, 50.0, 180.0, -120.0])
def test_the_turn_is_that_from_part_to_part(turn_deg: float) -> None:
    belief = believed_turn(*laid_out(stick(np.radians(turn_deg))))
    assert np.degrees(rotation_angle(belief.live_from_reference, about_axis(UP, np.radians(turn_deg)))) < 1.5
    assert belief.mass > 0.6
    assert np.linalg.det(belief.live_from_reference) == pytest.approx(1.0)


def test_every_witness_of_a_stick_says_the_same() -> None:
    said = witnesses(*laid_out(stick(0.7)))
    assert set(said) == set(WEIGHTS)
    for name, witness in said.items():
        if witness.strength > 0.0:
            folds = witness.folds
            assert np.cos(folds * (witness.turn - 0.7)) > 0.99, name
    assert said["outstanding"].strength == 0.0, "a stick is no body of revolution"
    assert {name for name, witness in said.items() if witness.folds == 2} == {"long_axis", "part_axis"}


def test_an_axis_does_not_tell_its_ends_apart() -> None:
    belief = Witness(turn=0.3, strength=1.0, folds=2).belief(2.0)
    half = len(TURNS) // 2
    np.testing.assert_allclose(belief, np.roll(belief, half), atol=1e-9)


def test_matches_from_end_to_end_do_not_turn_the_tool_round() -> None:
    right, flipped = stick(0.3), stick(0.3, flipped=True)
    most = np.arange(400) < 260
    mixed = replace(right, live=np.where(most[:, None], flipped.live, right.live),
                    part=np.where(most[:, None], flipped.part, right.part))

    def error(belief) -> float:
        rotation = align_objects(mixed, TABLE, TABLE, belief=belief).live_from_reference.rotation
        return float(np.degrees(rotation_angle(rotation, about_axis(UP, 0.3))))

    assert error(None) > 170.0, "without the part, looks decide"
    assert error(believed_turn(*laid_out(mixed))) < 3.0


def test_a_part_that_is_everywhere_leaves_the_ends_open() -> None:
    everywhere = replace(stick(0.3), part=np.full((400, 2), 0.8))
    belief = believed_turn(*laid_out(everywhere))
    assert belief.mass < 0.6, "the axis alone fits two turns"


@pytest.mark.parametrize(("elsewhere", "one_sided"), [(0, True), (50, True), (100, False), (150, False)])
@pytest.mark.parametrize("azimuth", [0.3, 3.1])
def test_most_of_what_sticks_out_says_the_side(elsewhere: int, one_sided: bool, azimuth: float) -> None:
    vessel, rng = Vessel(turn=azimuth), np.random.default_rng(2)
    wall, handle = np.split(points_of(vessel), [1200])
    spout = vessel.handle_points(rng.uniform(np.pi - 0.2, np.pi + 0.2, elsewhere), rng.uniform(0.3, 0.7, elsewhere))
    points = np.concatenate([wall, handle, spout])
    body = body_of(points, TABLE, AlignSettings())
    layout = Layout(points - body.foot, np.zeros(len(points)), body.foot, np.eye(3), 0.1, body)
    assert layout.outstanding.strength == (1.0 if one_sided else 0.0)
    assert layout.part_outstanding.strength == 0.0
    if one_sided:
        assert np.cos(layout.outstanding.azimuth - azimuth) > np.cos(np.radians(3.0)), "the minority does not turn it"


def test_what_nothing_was_matched_with_is_not_of_a_vessels_part() -> None:
    vessel, rng = Vessel(), np.random.default_rng(0)
    rim, points = vessel.wall(rng.uniform(-np.pi, np.pi, 300), rng.uniform(0.9, 1.0, 300)), points_of(vessel)
    lifted = LiftedMatches(rim, rim, np.full(300, 0.5), 1.0, part=np.full((300, 2), 0.9))
    body = body_of(points, TABLE, AlignSettings())
    shown, live = layouts(points, lifted, (TABLE, TABLE), (0.1, 0.1), (body, body))
    assert shown.part[points[:, 2] > 0.09].min() == 0.9 and live.part.min() == 0.9
    assert shown.part[1200:].max() == 0.0, "the handle is nearest to the rim, and not of it"
    shown, _ = layouts(points, lifted, (TABLE, TABLE), (0.1, 0.1))
    assert shown.part.min() == 0.9


def test_without_a_part_nothing_is_believed() -> None:
    lifted = stick(0.3)
    for part in (None, np.zeros((400, 2))):
        nothing = replace(lifted, part=part)
        assert layouts(nothing.reference, nothing, (TABLE, TABLE), (0.3, 0.3)) is None


def test_a_mirrored_motion_needs_to_explain_clearly_more() -> None:
    lifted = stick(0.3)
    flat = replace(lifted, part=None, mirrored=True)
    assert not align_objects(flat, TABLE, TABLE).live_from_reference.is_mirrored, "a stick is its own mirror image"
    bent = lifted.reference + np.where(lifted.reference[:, :1] > 0.0, 4.0 * lifted.reference[:, :1] ** 2, 0.0) * [0.0, 1.0, 0.0]
    turned_over = replace(flat, reference=bent, live=bent * [1.0, -1.0, 1.0], mirrored=False)
    assert align_objects(turned_over, TABLE, TABLE).live_from_reference.is_mirrored
    assert not align_objects(replace(turned_over, live=bent), TABLE, TABLE).live_from_reference.is_mirrored
