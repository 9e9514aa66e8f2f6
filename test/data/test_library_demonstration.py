# SPDX-License-Identifier: Apache-2.0
"""A demonstration of the library holds the object's own frames, and what is marked is where the camera sees it."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.library_demonstration import OBJECT, draw_object, library_demonstration, view_of
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.tabletop_scene import SceneView
from func_corr_ros.errors import BadSettings, UnknownFunction
from func_corr_ros.transfer.steps import GRIP, LIFT_M, PREGRASP_M, WORKING


@pytest.fixture(scope="module")
def view() -> SceneView:
    rng = np.random.default_rng(5)
    return view_of(draw_object("hammer", rng), "pound-with", rng)


def test_the_poses_are_the_objects_own(view: SceneView) -> None:
    shown = library_demonstration(view, "pound-with", "hammer_pound")
    phases = {phase.name: phase for phase in shown.phases}
    np.testing.assert_array_equal(phases["action"].camera_from_tool, view.camera_from_function(OBJECT, "pound-with"))
    np.testing.assert_array_equal(phases["grasp"].camera_from_tool, view.camera_from_gripper(OBJECT, "handle"))
    back = np.linalg.inv(phases["grasp"].camera_from_tool) @ phases["pregrasp"].camera_from_tool
    np.testing.assert_allclose(back[:3, 3], [0.0, 0.0, -PREGRASP_M], atol=1e-12)
    risen = phases["lift"].camera_from_tool[:3, 3] - phases["grasp"].camera_from_tool[:3, 3]
    np.testing.assert_allclose(risen, LIFT_M * view.support.normal, atol=1e-12)
    assert (phases["action"].relative_to, phases["grasp"].relative_to) == (WORKING, GRIP)


def test_what_is_marked_is_seen(view: SceneView) -> None:
    shown = library_demonstration(view, "pound-with", "hammer_pound")
    u, v = (int(value) for value in shown.keypoint(WORKING).uv)
    assert view.serves(OBJECT, "pound-with")[v, u]
    np.testing.assert_allclose(shown.keypoint(WORKING).point[2], view.exact.depth[v, u], atol=0.002)
    alone = view.alone(OBJECT)
    np.testing.assert_array_equal(alone.mask, view.mask(OBJECT))
    rows, columns = np.nonzero(alone.mask)
    assert np.abs(alone.points[rows, columns][:, 2]).max() < np.ptp(alone.thing.vertices[:, 2]) + 1e-3, "in the object's frame"


def test_noise_does_not_move_the_truth(view: SceneView) -> None:
    noisy = view.sensed(SensorNoiseSettings(), 3)
    shown, exact = (library_demonstration(one, "pound-with", "hammer_pound") for one in (noisy, view))
    assert not np.array_equal(noisy.frame.color, view.frame.color)
    for one, other in zip(shown.phases, exact.phases, strict=True):
        np.testing.assert_array_equal(one.camera_from_tool, other.camera_from_tool)
    np.testing.assert_array_equal(noisy.frame.depth, view.sensed(SensorNoiseSettings(), 3).frame.depth)


def test_what_cannot_be_shown_is_refused(view: SceneView) -> None:
    with pytest.raises(UnknownFunction, match="pour-with"):
        library_demonstration(view, "pour-with", "hammer_pour")
    with pytest.raises(BadSettings, match="hammer"):
        draw_object("hamer", np.random.default_rng(0))
    bare = replace(view.scene.objects[0].object, grasp_frames={})
    held = replace(view, scene=replace(view.scene, objects=(replace(view.scene.objects[0], object=bare),)))
    with pytest.raises(BadSettings, match="grasp frame"):
        library_demonstration(held, "pound-with", "hammer_pound")
