# SPDX-License-Identifier: Apache-2.0
"""A keypoint lands on the live object's own rim, spout and handle, in millimetres."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer.vessels import TABLE, Vessel, matched, points_of, sided

from func_corr_ros.transfer.align import AlignSettings
from func_corr_ros.transfer.carry import carried_keypoint, part_around
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.lift import LiftedKeypoint
from func_corr_ros.transfer.revolved import align_revolved, body_of

SETTINGS = AlignSettings()
SHOWN = Vessel()
OUTLET, GRIP = (Keypoint(name, (0.0, 0.0), point) for name, point in (("outlet", SHOWN.outlet), ("handle", SHOWN.grip)))
TURN = np.radians(35.0)


def _carried(keypoint, live, own=None, **how):
    lifted = matched(SHOWN, live, wall_turn=TURN, **how)
    if own is not None:
        lifted = replace(lifted, keypoints={keypoint.name: LiftedKeypoint(own, 0.8)})
    bodies = body_of(lifted.reference, TABLE, SETTINGS), body_of(lifted.live, TABLE, SETTINGS)
    return carried_keypoint(keypoint, lifted, align_revolved(lifted, *bodies, SETTINGS), SETTINGS)


@pytest.mark.parametrize("live", [Vessel(turn=TURN), Vessel(foot=(0.2, 0.1), radius=0.055, height=0.08, turn=TURN)])
def test_the_outlet_is_on_the_live_rim_opposite_the_handle(live):
    assert np.linalg.norm(_carried(OUTLET, live) - live.outlet) < 0.003


def test_a_rim_becomes_a_spouts_tip():
    live = Vessel(radius=0.06, height=0.2, turn=TURN, spout=0.035)
    assert np.linalg.norm(_carried(OUTLET, live) - live.outlet) < 0.005


def test_a_spouts_tip_becomes_a_rim():
    shown, live = Vessel(radius=0.05, height=0.2, spout=0.03), Vessel(turn=0.9)
    lifted, bodies, belief = sided(shown, live)
    tip = Keypoint("outlet", (0.0, 0.0), shown.outlet)
    around = shown.spout_points(np.linspace(0.6, 1.0, 30), np.linspace(-0.1, 0.1, 30))  # seen, and matched with the live rim
    rim = live.wall(np.pi + np.linspace(-0.2, 0.2, 30), np.ones(30))
    lifted = replace(lifted, reference=np.concatenate([lifted.reference, around]), live=np.concatenate([lifted.live, rim]),
                     weights=np.full(len(lifted.weights) + 30, 0.5), part=np.concatenate([lifted.part, np.full((30, 2), 0.9)]))
    alignment = align_revolved(lifted, *bodies, SETTINGS, belief)
    assert np.linalg.norm(carried_keypoint(tip, lifted, alignment, SETTINGS) - live.outlet) < 0.006


def test_the_grip_is_on_a_handle_that_reaches_less_far():
    live = Vessel(radius=0.05, turn=TURN, handle=0.018)
    assert np.linalg.norm(_carried(GRIP, live) - live.grip) < 0.005


@pytest.mark.parametrize("live", [
    Vessel(turn=0.6), Vessel(turn=-1.0, radius=0.09, lying=0.15), Vessel(turn=2.0, radius=0.06, height=0.2, handle=0.05),
])
def test_a_grip_keeps_its_share_of_a_handle_that_stands_or_lies(live):
    for shown in (SHOWN, Vessel(radius=0.08, lying=0.16)):
        lifted, bodies, belief = sided(shown, live)
        keypoint = Keypoint("handle", (0.0, 0.0), shown.grip)
        place = carried_keypoint(keypoint, lifted, align_revolved(lifted, *bodies, SETTINGS, belief), SETTINGS, points_of(shown))
        assert np.linalg.norm(place - live.grip) < 0.012, shown


def test_a_bottles_mouth_becomes_a_bowls_rim_whatever_scale_matches_say():
    shown, live = Vessel(radius=0.02, height=0.2, turn=0.3), Vessel(foot=(0.1, 0.0), radius=0.08, height=0.06, turn=1.0)
    lifted, bodies, belief = sided(shown, live)
    right = align_revolved(lifted, *bodies, SETTINGS, belief)
    misled = replace(right, bodies=replace(right.bodies, radius_scale=1.0, height_scale=0.6))
    keypoint = Keypoint("outlet", (0.0, 0.0), shown.outlet)
    for alignment in (right, misled):
        assert np.linalg.norm(carried_keypoint(keypoint, lifted, alignment, SETTINGS) - live.outlet) < 0.006
    near = misled.carried(shown.outlet[None])[0]
    kept = replace(lifted, keypoints={"outlet": LiftedKeypoint(near, 0.9)})
    assert np.linalg.norm(carried_keypoint(keypoint, kept, misled, SETTINGS) - near) < 0.01, "its own match says otherwise"


def test_an_own_match_on_the_wrong_side_of_the_rim_does_not_turn_the_outlet():
    live = Vessel(turn=TURN)
    misled = live.wall(np.array(np.pi - TURN), np.array(1.0))
    assert np.linalg.norm(misled - live.outlet) > 0.02
    assert np.linalg.norm(_carried(OUTLET, live, own=misled) - live.outlet) < 0.003


def test_a_handle_whose_ends_alone_are_matched_is_one_part_throughout():
    """The middle of a handle is further from its matched ends than neighbours may be; on the wall that still says nothing."""
    plain = matched(SHOWN, SHOWN, handle=False)
    ends = SHOWN.handle_points(np.linspace(-0.1, 0.1, 40), np.repeat([0.12, 0.88], 20))
    lifted = replace(
        plain, reference=np.concatenate([plain.reference, ends]), live=np.concatenate([plain.live, ends]),
        weights=np.full(len(plain.weights) + 40, 0.5),
        part=np.repeat([0.02, 0.95], [len(plain.weights), 40])[:, None].repeat(2, axis=1),
    )
    body = body_of(lifted.reference, TABLE, SETTINGS)
    assert part_around(GRIP, lifted) < 0.1 and part_around(GRIP, lifted, body) > 0.9
    assert part_around(OUTLET, lifted, body) < 0.1
    bare = replace(plain, part=np.full((len(plain.weights), 2), 0.9))
    assert part_around(GRIP, bare, body) == 0.0, "nothing that sticks out was matched"
    near = SHOWN.at(np.full(40, SHOWN.radius + 0.008), np.linspace(-0.1, 0.1, 40), 0.8 * SHOWN.height)
    rooted = replace(lifted, reference=np.concatenate([plain.reference, near]))
    assert part_around(GRIP, rooted, body) < 0.1, "a handle is not of the part for looking like it where it joins the rim"
