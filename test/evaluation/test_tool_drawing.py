# SPDX-License-Identifier: Apache-2.0
"""Tools in pictures: known poses project to known pixels."""
from __future__ import annotations

import numpy as np

from func_corr_ros.evaluation.drawing import Picture
from func_corr_ros.evaluation.tool_drawing import AXES, NEAR_M, draw_axes, draw_gripper, draw_pour, project_segments
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import make

CAMERA = PinholeCamera(fx=500.0, fy=500.0, cx=319.5, cy=239.5, width=640, height=480)
RED = (255, 0, 0)
AHEAD = make(np.eye(3), np.array([0.0, 0.0, 0.5]))  # axes as the camera's, half a metre ahead


def picture() -> Picture:
    return Picture.whole(np.full((480, 640, 3), 90, dtype=np.uint8), 640)


def shown(drawn: Picture, uv: tuple[float, float]) -> tuple[int, ...]:
    u, v = round(uv[0]), round(uv[1])
    return tuple(int(value) for value in drawn.rgb[v, u])


def test_a_gripper_seen_from_behind_has_its_fingers_where_they_project() -> None:
    drawn = picture()
    draw_gripper(drawn, CAMERA, AHEAD, "", RED, opening=0.08, finger=0.05)
    tip = 239.5 + 500.0 * 0.04 / 0.5  # fingertip at y = +-4 cm, z = 0.5 m
    root = 239.5 + 500.0 * 0.04 / 0.45  # the finger's root is 5 cm nearer to the camera
    assert shown(drawn, (319.5, (tip + root) / 2)) == RED
    assert shown(drawn, (319.5, 479.0 - (tip + root) / 2)) == RED
    assert shown(drawn, (319.5 + 20, 239.5)) == (90, 90, 90)  # closes along y: nothing to the right
    v, _ = np.nonzero((drawn.rgb == RED).all(axis=-1))
    assert abs(v.max() - root) <= 4.0 and abs(v.min() - (479.0 - root)) <= 4.0


def test_a_turned_gripper_turns_in_the_picture() -> None:
    drawn = picture()
    turned = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # y (closing) along the camera's x
    draw_gripper(drawn, CAMERA, make(turned, AHEAD[:3, 3]), "", RED)
    v, u = np.nonzero((drawn.rgb == RED).all(axis=-1))
    assert np.ptp(u) > 80 and np.ptp(v) < 12


def test_a_pour_points_outward_and_up() -> None:
    drawn = picture()
    outlet = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # x to the right, z up in the picture
    draw_pour(drawn, CAMERA, make(outlet, AHEAD[:3, 3]), "", RED, length=0.07)
    assert shown(drawn, (319.5, 239.5)) == RED
    assert shown(drawn, (319.5 + 60, 239.5)) == RED and shown(drawn, (319.5 - 40, 239.5)) == (90, 90, 90)
    _, u = np.nonzero((drawn.rgb == RED).all(axis=-1))
    assert abs(u.max() - (319.5 + 500 * 0.07 / 0.5)) <= 4.0
    assert shown(drawn, (319.5, 239.5 - 40)) != (90, 90, 90) and shown(drawn, (319.5, 239.5 + 40)) == (90, 90, 90)


def test_a_dashed_pour_has_gaps() -> None:
    drawn = picture()
    draw_pour(drawn, CAMERA, AHEAD, "", RED, length=0.2, dashed=True)
    row = (drawn.rgb[240, 330:480] == RED).all(axis=-1)
    assert 4 <= np.count_nonzero(np.diff(row.astype(int)) == -1) <= 6


def test_axes_have_their_colours() -> None:
    drawn = picture()
    turned = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    draw_axes(drawn, CAMERA, make(turned, np.array([0.1, 0.0, 0.5])), length=0.05)
    assert shown(drawn, (419.5 + 25, 239.5)) == AXES[0]
    assert shown(drawn, (419.5, 239.5 + 25)) == AXES[1]
    far = 319.5 + 500 * 0.1 / 0.55  # z points away from the camera: its tip is nearer to the principal point
    assert shown(drawn, (far + 1, 239.5)) == AXES[2]


def test_segments_are_cut_at_the_near_plane_and_dropped_behind_it() -> None:
    segments = np.array([
        [[0.0, 0.0, 1.0], [0.1, 0.0, -1.0]],
        [[0.0, 0.0, -1.0], [0.1, 0.0, -2.0]],
    ])
    drawn = project_segments(CAMERA, np.eye(4), segments)
    assert drawn.shape == (1, 2, 2)
    x = 0.1 * (1.0 - NEAR_M) / 2.0
    np.testing.assert_allclose(drawn[0, 1], [319.5 + 500.0 * x / NEAR_M, 239.5])


def test_a_tool_behind_the_camera_draws_nothing() -> None:
    drawn = picture()
    behind = make(np.eye(3), np.array([0.0, 0.0, -0.5]))
    for draw in (draw_gripper, draw_pour, draw_axes):
        draw(drawn, CAMERA, behind, "tool")
    assert (drawn.rgb == 90).all()
