# SPDX-License-Identifier: Apache-2.0
"""What sticks out tells the turn, against walls that say otherwise; without it the turn is free and says so."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer.vessels import TABLE, Vessel, matched, sided

from func_corr_ros.geometry.se3 import about_axis, rotation_angle
from func_corr_ros.transfer.align import AlignSettings, align_objects
from func_corr_ros.transfer.layout import Layout
from func_corr_ros.transfer.protrusion import protrudes
from func_corr_ros.transfer.revolved import align_revolved, body_of, local_axes
from func_corr_ros.transfer.turn import TURNS, TurnBelief

UP = np.array([0.0, 0.0, 1.0])
SETTINGS = AlignSettings()
SHOWN = Vessel()


def _aligned(live, **how):
    lifted = matched(SHOWN, live, **how)
    bodies = body_of(lifted.reference, TABLE, SETTINGS), body_of(lifted.live, TABLE, SETTINGS)
    return align_revolved(lifted, *bodies, SETTINGS), lifted


@pytest.mark.parametrize("turn_deg", [-150, -40, 0, 30, 90, 179])
def test_the_handle_tells_the_turn_though_the_wall_denies_it(turn_deg):
    turn = np.radians(turn_deg)
    live = Vessel(foot=(0.3, -0.1), turn=turn)
    alignment, lifted = _aligned(live, wall_turn=turn)
    assert np.degrees(rotation_angle(alignment.live_from_reference.rotation, about_axis(UP, turn))) < 1.5
    assert not alignment.bodies.turn_is_free and alignment.inlier_ratio > 0.95
    if 20 < abs(turn_deg) < 170:  # the fit to all matches follows the wall: this is what the room is for
        misled = align_objects(lifted, TABLE, TABLE, SETTINGS).live_from_reference.rotation
        assert np.degrees(rotation_angle(misled, about_axis(UP, turn))) > 10.0


@pytest.mark.parametrize(("peak", "overruled"), [(1.0, False), (40.0, True)])
def test_only_a_strong_belief_overrules_the_handle(peak: float, overruled: bool):
    live = Vessel(turn=0.4)
    lifted = matched(SHOWN, live, wall_turn=0.4)
    bodies = body_of(lifted.reference, TABLE, SETTINGS), body_of(lifted.live, TABLE, SETTINGS)
    alone = align_revolved(lifted, *bodies, SETTINGS).bodies.turn
    elsewhere = alone + np.radians(60.0)
    density = 1.0 + peak * np.exp(20.0 * (np.cos(TURNS - elsewhere) - 1.0))
    layout = Layout(np.zeros((1, 3)), np.ones(1), np.zeros(3), np.eye(3), 0.1)
    belief = TurnBelief(elsewhere, density / density.sum(), layout, layout)
    turn = align_revolved(lifted, *bodies, SETTINGS, belief).bodies.turn
    assert np.cos(turn - (elsewhere if overruled else alone)) > 0.9999


@pytest.mark.parametrize("live", [Vessel(turn=2.0), Vessel(turn=-1.0, radius=0.09, lying=0.15)])
def test_handles_tell_the_turn_though_no_match_joins_them(live: Vessel):
    lifted, bodies, belief = sided(SHOWN, live)
    found = align_revolved(lifted, *bodies, SETTINGS, belief).bodies
    assert not found.turn_is_free
    assert np.degrees(rotation_angle(found.live.basis @ about_axis(UP, found.turn) @ found.reference.basis.T,
                                     about_axis(UP, live.turn))) < 3.0


def test_radius_and_height_have_their_own_scale():
    live = Vessel(radius=0.06, height=0.25, turn=0.5)
    alignment, lifted = _aligned(live)
    assert alignment.bodies.radius_scale == pytest.approx(1.5, abs=0.03)
    assert alignment.bodies.height_scale == pytest.approx(2.5, abs=0.05)
    walls = slice(0, 1200)
    assert np.linalg.norm(alignment.carried(lifted.reference[walls]) - lifted.live[walls], axis=1).max() < 0.006


def test_without_a_handle_on_one_side_the_turn_is_free():
    alignment, _ = _aligned(Vessel(turn=0.7), handle=False)
    assert alignment.bodies.turn_is_free


@pytest.mark.parametrize("shown_at, expected", [(0.2, 0.0), (-0.3, 0.0), (1.2, 1.2)])
def test_a_free_turn_is_as_demonstrated_unless_matches_say_otherwise(shown_at: float, expected: float):
    """What nothing tells stays as the camera saw it shown, within what matches of a round wall agree on by chance."""
    bodies = _aligned(Vessel(turn=shown_at), handle=False, wall_turn=0.0)[0].bodies
    assert bodies.turn_is_free and abs(bodies.turn - expected) < (1e-12 if expected == 0.0 else 0.05)


def test_bodies_seen_from_above_are_turned_alike_whichever_axes_their_bases_have():
    """Looking straight down, noise decides which camera axis a basis begins with."""
    lifted = matched(SHOWN, Vessel(), handle=False)
    reference, live = (body_of(points, TABLE, SETTINGS) for points in (lifted.reference, lifted.live))
    quarter = replace(live, basis=live.basis @ about_axis(UP, np.radians(90.0)))
    turns = [align_revolved(lifted, reference, body, SETTINGS).bodies for body in (live, quarter)]
    motions = [bodies.live.basis @ about_axis(UP, bodies.turn) @ bodies.reference.basis.T for bodies in turns]
    np.testing.assert_allclose(motions[1], motions[0], atol=1e-9)


def test_a_few_stray_matches_out_there_do_not_pin_the_turn():
    lifted = matched(SHOWN, Vessel(), handle=False)
    rng = np.random.default_rng(4)
    shown, live = (SHOWN.handle_points(rng.uniform(-np.pi, np.pi, 40), rng.uniform(0.3, 0.7, 40)) for _ in range(2))
    stray = type(lifted)(
        np.concatenate([lifted.reference, shown]), np.concatenate([lifted.live, live]), np.full(1240, 0.5), 1.0
    )
    bodies = body_of(lifted.reference, TABLE, SETTINGS), body_of(lifted.live, TABLE, SETTINGS)
    assert align_revolved(stray, *bodies, SETTINGS).bodies.turn_is_free


def test_the_motion_lays_foot_on_foot():
    alignment, _ = _aligned(Vessel(foot=(0.3, -0.1), turn=1.0))
    bodies = alignment.bodies
    np.testing.assert_allclose(alignment.live_from_reference.apply(bodies.reference.foot[None])[0], bodies.live.foot, atol=1e-9)
    np.testing.assert_allclose(bodies.live.foot, [0.3, -0.1, 0.0], atol=0.001)


def test_what_has_no_counterpart_is_no_inlier():
    alignment, lifted = _aligned(Vessel(spout=0.03))
    assert not alignment.inliers[-80:][protrudes(alignment.bodies.live, lifted.live[-80:])].any()


def test_no_body_without_a_support_or_where_it_is_switched_off():
    points = matched(SHOWN, SHOWN).live
    assert body_of(points, None, SETTINGS) is None
    assert body_of(points, TABLE, AlignSettings(revolved=False)) is None
    assert body_of(np.random.default_rng(0).uniform(-0.1, 0.1, (500, 3)) + [0, 0, 0.1], TABLE, SETTINGS) is None


def test_local_axes_are_radius_azimuth_height():
    body = body_of(matched(SHOWN, SHOWN).live, TABLE, SETTINGS)
    axes = local_axes(body, SHOWN.outlet)
    np.testing.assert_allclose(axes[:, 0], [-1.0, 0.0, 0.0], atol=0.02)
    np.testing.assert_allclose(axes[:, 2], UP, atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1.0)


@pytest.mark.parametrize("of_part, is_handle", [(0.3, True), (0.7, False)])
def test_what_sticks_out_to_one_side_is_one_thing(of_part: float, is_handle: bool):
    """Where features take some of a handle for the part, it is no spout besides; where most of it, it may be either."""
    _, _, belief = sided(Vessel(), Vessel(turn=1.0))
    live = belief.live
    out = np.flatnonzero(protrudes(live.body, live.world(live.points)))
    upper = out[np.argsort(live.points[out, 2])][int((1.0 - of_part) * len(out)) :]
    part = live.part.copy()
    part[upper] = 0.95
    sides = [getattr(replace(live, part=part), name) for name in ("outstanding", "part_outstanding")]
    assert [side.strength for side in sides] == [1.0, float(not is_handle)]
    assert all(np.cos(side.azimuth - live.outstanding.azimuth) > np.cos(0.1) for side in sides if side.strength)
