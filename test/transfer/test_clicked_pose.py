# SPDX-License-Identifier: Apache-2.0
"""Clicks become poses as words and geometry say: laws of approach and closing, the same from every camera, refusals in words."""
from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Box, View, cast, eye, mug

from func_corr_ros.errors import DegenerateGeometry, NoDepth, NoMask, TooFewPoints
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import inverse, look_at, rotation_angle, transform_points
from func_corr_ros.transfer.clicked_object import ClickedObject
from func_corr_ros.transfer.clicked_pose import ClickedAction, ClickedGrip, action_pose, gripper_pose
from func_corr_ros.transfer.steps import LIFT_M, PREGRASP_M, RETREAT_M, steps

CAMERA = PinholeCamera(fx=250.0, fy=250.0, cx=159.5, cy=119.5, width=320, height=240)
BOX = Box("thing", (200, 180, 40), center=(0.0, 0.0, 0.03), size=(0.16, 0.05, 0.06))
TARGET = (0.0, 0.0, 0.03)
UP, ALONG, ACROSS = np.eye(3)[2], np.eye(3)[0], np.eye(3)[1]
TOP = np.array([0.03, 0.005, 0.06])  # on the box, in the world


class Seen:
    """A box, or a mug, as a camera sees it, with the way from the world to its frame."""

    def __init__(self, azimuth: float = -90.0, elevation: float = 45.0, solids: list | None = None) -> None:
        at = eye(elevation, 0.6, azimuth)
        self.view: View = cast([FLOOR, TABLE, *(solids or [BOX])], at, target=TARGET, camera=CAMERA)
        self.camera_from_world = inverse(look_at(at, np.array(TARGET), UP))
        self.thing = ClickedObject(self.view.frame, self.view.mask("thing"), self.view.table)

    def pixel(self, world: np.ndarray) -> tuple[float, float]:
        u, v = CAMERA.project(transform_points(self.camera_from_world, world))[0]
        return float(u), float(v)

    def place(self, world: np.ndarray) -> np.ndarray:
        return self.thing.place("grip", self.pixel(world)).point

    def world(self, camera_from_tool: np.ndarray) -> np.ndarray:
        return inverse(self.camera_from_world) @ camera_from_tool


@lru_cache
def seen_from(azimuth: float, elevation: float) -> Seen:
    return Seen(azimuth, elevation)


@pytest.fixture
def seen() -> Seen:
    return seen_from(-90.0, 45.0)


def test_a_grip_from_above_comes_straight_down_and_closes_as_clicked(seen: Seen) -> None:
    towards = TOP + 0.05 * ACROSS
    pose = seen.world(gripper_pose(seen.thing, seen.place(TOP), ClickedGrip(second=seen.pixel(towards))))
    np.testing.assert_allclose(pose[:3, 2], -UP, atol=1e-6)
    np.testing.assert_allclose(pose[:3, 1], ACROSS, atol=1e-3)
    np.testing.assert_allclose(pose[:3, 3], TOP, atol=1e-4)


def test_the_second_click_needs_no_depth_and_its_distance_says_nothing(seen: Seen) -> None:
    place, poses = seen.place(TOP), []
    for reach in (0.02, 0.09):  # on the box, and in the air above the table behind it
        poses.append(gripper_pose(seen.thing, place, ClickedGrip(second=seen.pixel(TOP + reach * (ACROSS + 0.3 * ALONG)))))
    np.testing.assert_allclose(*poses, atol=1e-3)


@pytest.mark.parametrize("azimuth", [-150.0, -60.0, -20.0])
@pytest.mark.parametrize("grip", [ClickedGrip(), ClickedGrip("side"), ClickedGrip("side", "upright", turn_deg=15.0, deeper=0.01),
                                  ClickedGrip("surface", tilt_deg=20.0)], ids=lambda grip: f"{grip.approach}-{grip.closing}")
def test_a_camera_elsewhere_gives_the_same_gripper_in_the_world(grip: ClickedGrip, azimuth: float) -> None:
    found = []
    for seen in (seen_from(-100.0, 45.0), seen_from(azimuth, 50.0)):
        second = {"above": TOP + 0.06 * ACROSS, "side": TOP + 0.3 * ALONG, "surface": TOP + 0.04 * ALONG}[grip.approach]
        pose = gripper_pose(seen.thing, seen.place(TOP), replace(grip, second=seen.pixel(second)))
        found.append(seen.world(pose))
    assert np.linalg.norm(found[0][:3, 3] - found[1][:3, 3]) < 1e-3
    assert np.degrees(rotation_angle(found[0][:3, :3], found[1][:3, :3])) < 0.5


def test_from_the_side_it_comes_level_from_where_one_clicks_or_towards_the_middle(seen: Seen) -> None:
    end = np.array([0.07, -0.02, 0.06])  # near the box's right end, on top
    from_there = end + 0.2 * ALONG
    clicked = seen.world(gripper_pose(seen.thing, seen.place(end), ClickedGrip("side", second=seen.pixel(from_there))))
    np.testing.assert_allclose(clicked[:3, 2], -ALONG, atol=2e-3)
    np.testing.assert_allclose(clicked[:3, 0], UP, atol=1e-3)  # level fingers: x is up
    usual = seen.world(gripper_pose(seen.thing, seen.place(end), ClickedGrip("side")))
    assert usual[2, 2] == pytest.approx(0.0, abs=1e-6) and usual[:3, 2] @ -ALONG > 0.85
    upright = seen.world(gripper_pose(seen.thing, seen.place(end), ClickedGrip("side", "upright")))
    np.testing.assert_allclose(upright[:3, 1], UP, atol=1e-6)


def test_into_the_surface_is_against_its_normal(seen: Seen) -> None:
    front = np.array([-0.04, -0.025, 0.03])  # the side that the camera sees
    pose = seen.world(gripper_pose(seen.thing, seen.place(front), ClickedGrip("surface")))
    np.testing.assert_allclose(pose[:3, 2], ACROSS, atol=2e-3)
    np.testing.assert_allclose(pose[:3, 0], UP, atol=2e-3)


@pytest.mark.parametrize("grip", [
    ClickedGrip("side"), ClickedGrip("side", "upright", turn_deg=37.0), ClickedGrip("surface", turn_deg=-10.0, tilt_deg=25.0),
])  # fmt: skip
def test_every_pose_is_a_rotation_that_closes_square_to_its_approach(seen: Seen, grip: ClickedGrip) -> None:
    pose = gripper_pose(seen.thing, seen.place(TOP + 0.04 * ALONG), replace(grip, second=seen.pixel(TOP + 0.1 * ALONG)))
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)


def test_arrows_turn_about_the_approach_tilt_about_the_closing_axis_and_deepen_along_it(seen: Seen) -> None:
    plain, place = ClickedGrip(second=seen.pixel(TOP + 0.05 * ACROSS)), seen.place(TOP)
    before = gripper_pose(seen.thing, place, plain)
    turned = inverse(before) @ gripper_pose(seen.thing, place, replace(plain, turn_deg=30.0))
    np.testing.assert_allclose(turned[:3, 2], UP, atol=1e-9)
    assert np.degrees(rotation_angle(np.eye(3), turned[:3, :3])) == pytest.approx(30.0)
    tilted = inverse(before) @ gripper_pose(seen.thing, place, replace(plain, tilt_deg=20.0))
    np.testing.assert_allclose(tilted[:3, 1], ACROSS, atol=1e-9)
    deeper = inverse(before) @ gripper_pose(seen.thing, place, replace(plain, deeper=0.012))
    np.testing.assert_allclose(deeper[:3, 3], [0.0, 0.0, 0.012], atol=1e-9)


def test_an_action_is_upright_and_points_where_one_clicks(seen: Seen) -> None:
    rim = np.array([-0.075, 0.01, 0.06])
    pose = seen.world(action_pose(seen.thing, seen.place(rim), ClickedAction(second=seen.pixel(rim - 0.07 * ALONG))))
    np.testing.assert_allclose(pose[:3, 2], UP, atol=1e-6)
    np.testing.assert_allclose(pose[:3, 0], -ALONG, atol=2e-3)
    np.testing.assert_allclose(pose[:3, 3], rim, atol=1e-4)


def test_an_action_in_words(seen: Seen) -> None:
    face, held = seen.place(np.array([-0.07, -0.025, 0.03])), seen.place(np.array([0.06, -0.025, 0.03]))
    blow = seen.world(action_pose(seen.thing, face, ClickedAction("surface", "away"), held))  # as a hammer's: face and handle
    np.testing.assert_allclose(blow[:3, 0], -ACROSS, atol=2e-3)
    np.testing.assert_allclose(blow[:3, 2], -ALONG, atol=2e-3)
    stirs = seen.world(action_pose(seen.thing, face, ClickedAction("away", "up"), held))
    np.testing.assert_allclose(stirs[:3, [0, 2]], np.stack([-ALONG, UP], axis=1), atol=1e-3)
    with pytest.raises(DegenerateGeometry, match="one direction"):
        action_pose(seen.thing, face, ClickedAction("down", "up"), held)
    with pytest.raises(DegenerateGeometry, match="not clicked yet"):
        action_pose(seen.thing, face, ClickedAction("away", "up"))
    with pytest.raises(DegenerateGeometry, match="click where it acts towards"):
        action_pose(seen.thing, face, ClickedAction())


def test_what_a_click_does_not_say_is_refused_in_words(seen: Seen) -> None:
    place = seen.place(TOP)
    with pytest.raises(DegenerateGeometry, match="both clicks are at one place"):
        gripper_pose(seen.thing, place, ClickedGrip(second=seen.pixel(TOP + 0.001 * ALONG)))
    with pytest.raises(DegenerateGeometry, match="click where its fingers close"):
        gripper_pose(seen.thing, place, ClickedGrip())
    with pytest.raises(DegenerateGeometry, match="in the object's middle"):
        gripper_pose(seen.thing, seen.thing.middle, ClickedGrip("side"))
    with pytest.raises(DegenerateGeometry, match="upright, where every way to close is level"):
        gripper_pose(seen.thing, place, ClickedGrip("surface"))
    flat = Seen(elevation=6.0)
    with pytest.raises(DegenerateGeometry, match="from its edge"):
        flat.thing.towards(transform_points(flat.camera_from_world, TOP), (10.0, 110.0), flat.thing.up)
    with pytest.raises(DegenerateGeometry, match="from its edge"):  # above the horizon
        low = Seen(elevation=15.0)
        low.thing.towards(transform_points(low.camera_from_world, TOP), (160.0, -80.0), low.thing.up)


def test_places_beside_the_object_and_without_depth_are_refused_in_words(seen: Seen) -> None:
    with pytest.raises(NoMask, match="beside the outlined object"):
        seen.thing.place("grip", (5.0, 5.0))
    blind = ClickedObject(seen.view.frame.without_depth(), seen.thing.mask, seen.thing.support)
    with pytest.raises(NoDepth, match="no depth of the object"):
        blind.place("grip", seen.pixel(TOP))
    with pytest.raises(TooFewPoints, match="which way its surface faces"):
        blind.normal(seen.place(TOP))
    with pytest.raises(TooFewPoints, match="too little of the object"):
        blind.inwards(seen.place(TOP))
    rows, columns = np.nonzero(seen.thing.mask)
    edge = (float(columns.max()) + 2.0, float(rows[columns.argmax()]))  # rims and spouts are edges: a hand's width is forgiven
    assert np.linalg.norm(seen.thing.place("grip", edge).point - seen.thing.middle) < 0.12


def test_a_mugs_handle_is_gripped_towards_the_mug() -> None:
    seen = Seen(solids=[replace(solid, name="thing") for solid in mug(0.0, 0.0)])
    handle = np.array([0.0755, 0.0, 0.048])  # its outermost point
    pose = seen.world(gripper_pose(seen.thing, seen.place(np.array([0.07, -0.0055, 0.048])), ClickedGrip("side")))
    assert np.degrees(np.arccos(pose[:3, 2] @ -ALONG)) < 15.0
    assert np.linalg.norm(pose[:3, 3] - handle) < 0.01


def test_the_steps_follow_from_both_poses(seen: Seen) -> None:
    gripper = gripper_pose(seen.thing, seen.place(TOP), ClickedGrip(second=seen.pixel(TOP + 0.05 * ACROSS)))
    tool = action_pose(seen.thing, seen.place(TOP), ClickedAction(second=seen.pixel(TOP + 0.05 * ALONG)))
    before, grasp, lift, action, retreat = (seen.world(p.camera_from_tool) for p in steps(gripper, tool, seen.thing.up))
    np.testing.assert_allclose(before[:3, 3] - grasp[:3, 3], PREGRASP_M * UP, atol=1e-6)
    np.testing.assert_allclose(lift[:3, 3] - grasp[:3, 3], LIFT_M * UP, atol=1e-6)
    np.testing.assert_allclose(retreat[:3, 3] - action[:3, 3], RETREAT_M * UP, atol=1e-6)
