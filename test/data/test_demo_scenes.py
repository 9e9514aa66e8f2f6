# SPDX-License-Identifier: Apache-2.0
"""The demo's scenes are different enough to mean something, and their truth is consistent."""
from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.demo_scenes import DemoScenes, demo_objects, demo_scenes
from func_corr_ros.data.tabletop_scene import REALSENSE, SceneView
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import inverse, transform_points

SMALL = REALSENSE.resized(240, 180)


@pytest.fixture(scope="module", params=[0, 1, 2])
def scenes(request: pytest.FixtureRequest) -> DemoScenes:
    return demo_scenes(request.param, distractors=True, camera=SMALL, supersampling=0)


def test_the_objects_are_those_of_the_scenes(scenes: DemoScenes, request: pytest.FixtureRequest) -> None:
    things = demo_objects(request.node.callspec.params["scenes"])
    for name, view in scenes.targets.items():
        np.testing.assert_array_equal(things[name].vertices, target_of(view).object.vertices)


def target_of(view: SceneView):
    return view.scene.objects[view.scene.index("target")]


def views(scenes: DemoScenes) -> list[SceneView]:
    return [scenes.demonstration, *scenes.targets.values()]


def test_a_mug_is_shown_and_a_mug_and_a_pitcher_are_asked_for(scenes: DemoScenes) -> None:
    assert [target_of(view).object.category for view in views(scenes)] == ["mug", "mug", "pitcher"]
    assert [item.name for item in scenes.targets["mug"].scene.objects] == ["target", "can", "carton"]


def test_the_other_mug_is_clearly_another(scenes: DemoScenes) -> None:
    a, b = (np.ptp(target_of(view).object.vertices, axis=0) for view in views(scenes)[:2])
    assert abs(np.log((b[2] / b[1]) / (a[2] / a[1]))) > 0.05
    looks = [target_of(view).materials[""] for view in views(scenes)]
    assert len({(look.color, look.pattern) for look in looks}) == 3


def test_targets_are_turned_by_25_to_40_degrees_and_nothing_touches(scenes: DemoScenes) -> None:
    shown = scenes.demonstration.scene.objects[0].world_from_object
    for view in scenes.targets.values():
        placed = target_of(view).world_from_object
        turn = np.degrees(np.arccos(shown[:3, 0] @ placed[:3, 0]))
        assert 25.0 <= turn <= 40.0 + 1e-9
        boxes = [transform_points(item.world_from_object, item.object.vertices)[:, :2] for item in view.scene.objects]
        for other in boxes[1:]:
            gaps = np.maximum(other.min(axis=0) - boxes[0].max(axis=0), boxes[0].min(axis=0) - other.max(axis=0))
            assert gaps.max() > 0.005


def test_keypoints_are_seen_where_their_frames_are(scenes: DemoScenes) -> None:
    for view in views(scenes):
        for name, uv in scenes.keypoints(view).items():
            u, v = (round(x) for x in uv)
            assert view.mask("target")[v, u]
            point = view.frame.camera.unproject(np.array(uv), np.array(float(view.exact.depth[v, u])))
            away = np.linalg.norm(point - scenes.camera_from_keypoint(view, name)[:3, 3])
            assert away < (0.012 if name == "outlet" else 0.03)  # a pixel is 2.5 to 3 mm here; a handle may be half hidden


def test_truth_of_a_transfer_is_the_targets_own_frame(scenes: DemoScenes) -> None:
    phases = {phase.name: phase for phase in scenes.phases}
    for name, view in scenes.targets.items():
        outlet, grip = view.camera_from_function("target", "pour-with"), view.camera_from_gripper("target", "handle")
        np.testing.assert_allclose(scenes.true_tool_pose(name, phases["action"]), outlet, atol=1e-12)
        np.testing.assert_allclose(scenes.true_tool_pose(name, phases["grasp"]), grip, atol=1e-12)
        back = inverse(scenes.true_tool_pose(name, phases["grasp"])) @ scenes.true_tool_pose(name, phases["pregrasp"])
        np.testing.assert_allclose(back[:3, 3], [0.0, 0.0, -0.1], atol=1e-12)


def test_truth_keeps_any_tools_place_relative_to_the_keypoint(scenes: DemoScenes) -> None:
    action, other = scenes.phases[2], scenes.phases[0].camera_from_tool
    tilted = replace(action, camera_from_tool=action.camera_from_tool @ other)
    there = inverse(scenes.demonstration.camera_from_function("target", "pour-with")) @ tilted.camera_from_tool
    target = scenes.targets["pitcher"].camera_from_function("target", "pour-with")
    here = inverse(target) @ scenes.true_tool_pose("pitcher", tilted)
    np.testing.assert_allclose(here, there, atol=1e-12)


def test_the_same_seed_gives_the_same_scenes_and_another_seed_others() -> None:
    first, again, other = (demo_scenes(seed, camera=REALSENSE.resized(64, 48), supersampling=1) for seed in (0, 0, 1))
    for a, b in zip(views(first), views(again), strict=True):
        np.testing.assert_array_equal(a.frame.color, b.frame.color)
        np.testing.assert_array_equal(a.frame.depth, b.frame.depth)
    assert (first.demonstration.frame.color != other.demonstration.frame.color).any()


def test_an_unknown_keypoint_is_refused(scenes: DemoScenes) -> None:
    with pytest.raises(BadSettings, match="no keypoint 'lid'; valid: outlet, handle"):
        scenes.camera_from_keypoint(scenes.demonstration, "lid")
