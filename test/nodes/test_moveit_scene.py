# SPDX-License-Identifier: Apache-2.0
"""The planning object of a known scene: its box and subframes in millimetres; MoveIt's message, or a clear error without it."""

import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.errors import FuncCorrError, MissingOptional, NoDepth, NoMask
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import inverse, make

pytestmark = pytest.mark.ros
STAMP = 5_000_000_007
QUARTER_TURN = make(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([1.0, 2.0, 3.0]))
HIGH_BLOCK = np.array([-0.04, 0.0, 0.12])


@pytest.fixture
def scene(blocks):
    """Keypoints, points and result of the two blocks at a known place, as messages of one stamp; and the truth."""
    from func_corr_ros.msg import TransferPhase, TransferResult
    from geometry_msgs.msg import PoseStamped

    from func_corr_ros.nodes.messages import header_of, points_message, pose_message
    from func_corr_ros.nodes.observations import MatchesSeen, Moment, PointMatches, SeenKeypoint
    from func_corr_ros.nodes.result_messages import keypoints_message

    world_from_object = blocks.moved(0.05, 0.03, 30.0)
    camera_from_object = blocks.CAMERA_FROM_WORLD @ world_from_object
    frame, mask = blocks.frame(world_from_object), blocks.mask(world_from_object)
    rows, columns = np.nonzero(mask)
    uv = np.stack([columns, rows], axis=1).astype(np.float32)
    points, _ = frame.points_at(uv)
    matches = PointMatches(points, uv, uv, np.ones(len(uv), np.float32))
    spots = {"top": blocks.KEYPOINT_IN_OBJECT, "high": HIGH_BLOCK}
    keypoints = tuple(SeenKeypoint(name, (1.0, 2.0), (3.0, 4.0), 0.9, camera_from_object[:3, :3] @ at + camera_from_object[:3, 3])
                      for name, at in spots.items())
    unseen = SeenKeypoint("hidden", (1.0, 2.0), (3.0, 4.0), 0.9, np.full(3, np.nan))
    moment = Moment(STAMP, "camera")
    support = Plane.through(blocks.CAMERA_FROM_WORLD[:3, 3], blocks.CAMERA_FROM_WORLD[:3, 2])
    seen = MatchesSeen(moment, "blocks", "pour-with", 1, matches, (*keypoints, unseen), support=support)
    tool = camera_from_object @ blocks.OBJECT_FROM_TOOL

    def result(target_from_camera=None, stamp=STAMP, frame_id="camera"):
        moved = np.eye(4) if target_from_camera is None else target_from_camera
        header = header_of(Moment(stamp, frame_id))
        pose = PoseStamped(header=header, pose=pose_message(moved @ tool))
        return TransferResult(header=header, phases=[TransferPhase(name="action", tool_link="tool0", pose=pose)])

    cloud = points_message(matches, moment)
    return types.SimpleNamespace(keypoints=keypoints_message(seen), points=cloud, result=result, seen=seen, spots=spots,
                                 camera_from_object=camera_from_object, tool=tool)


@pytest.mark.parametrize("target_from_camera", [None, QUARTER_TURN])
def test_subframes_are_where_the_keypoints_and_tools_are(scene, blocks, target_from_camera) -> None:
    from func_corr_ros.nodes.moveit_scene import planning_object

    frame_id = "camera" if target_from_camera is None else "base_link"
    made = planning_object("mug", scene.keypoints, scene.points, scene.result(target_from_camera, frame_id=frame_id),
                           target_from_camera)
    moved = np.eye(4) if target_from_camera is None else target_from_camera
    assert (made.moment.stamp_ns, made.moment.frame_id) == (STAMP, frame_id)
    assert set(made.box_from_subframe) == {"top", "high", "action"}
    for name, at in scene.spots.items():
        here = (made.box.frame_from_box @ made.box_from_subframe[name])[:3, 3]
        truth = (moved @ scene.camera_from_object @ np.array([*at, 1.0]))[:3]
        assert 1e3 * np.linalg.norm(here - truth) < 1e-3
    np.testing.assert_allclose(made.box.frame_from_box @ made.box_from_subframe["action"], moved @ scene.tool, atol=1e-6)
    # The L is 120 x 60 mm and 120 mm high; its back is not seen.
    assert made.box.size[2] == pytest.approx(0.12, abs=0.003) and 0.1 < made.box.size[0] < 0.125
    up = moved[:3, :3] @ blocks.CAMERA_FROM_WORLD[:3, 2]
    assert made.box.frame_from_box[:3, 2] @ up > 0.9999


def test_what_does_not_belong_together_is_refused(scene) -> None:
    from func_corr_ros.nodes.moveit_scene import planning_object
    from func_corr_ros.nodes.result_messages import keypoints_message

    with pytest.raises(FuncCorrError, match="0.100 s from the keypoints"):
        planning_object("mug", scene.keypoints, scene.points, scene.result(stamp=STAMP + 100_000_000))
    with pytest.raises(FuncCorrError, match="in 'base_link', the keypoints in 'camera'"):
        planning_object("mug", scene.keypoints, scene.points, scene.result(frame_id="base_link"))
    with pytest.raises(NoMask, match="nothing there"):
        planning_object("mug", keypoints_message(replace(scene.seen, error=NoMask("nothing there"))), scene.points)
    with pytest.raises(NoDepth, match="the plane"):
        planning_object("mug", keypoints_message(replace(scene.seen, support=None)), scene.points)


def test_without_moveit_the_error_says_what_to_install(scene, monkeypatch) -> None:
    from func_corr_ros.nodes.moveit_scene import collision_object, planning_object

    monkeypatch.setitem(sys.modules, "moveit_msgs", None)
    monkeypatch.setitem(sys.modules, "moveit_msgs.msg", None)
    with pytest.raises(MissingOptional, match="sudo apt install ros-.*-moveit-msgs"):
        collision_object(planning_object("mug", scene.keypoints, scene.points))


def test_the_message_holds_the_box_and_its_subframes(scene, monkeypatch) -> None:
    """A stand-in where moveit_msgs is not installed; it takes the fields of the real one and no others."""
    from func_corr_ros.nodes.messages import transform_of
    from func_corr_ros.nodes.moveit_scene import collision_object, planning_object

    pytest.importorskip("geometry_msgs.msg")
    try:
        import moveit_msgs.msg  # noqa: F401
        import shape_msgs.msg  # noqa: F401
    except ImportError:
        fields = ("header", "pose", "id", "type", "primitives", "primitive_poses", "meshes", "mesh_poses", "planes",
                  "plane_poses", "subframe_names", "subframe_poses", "operation")
        collision = type("CollisionObject", (), {"ADD": 0, "__slots__": fields, "__init__": _filled})
        solid = type("SolidPrimitive", (), {"BOX": 1, "__slots__": ("type", "dimensions"), "__init__": _filled})
        for name, kind in (("moveit_msgs", collision), ("shape_msgs", solid)):
            package, messages = types.ModuleType(name), types.ModuleType(f"{name}.msg")
            setattr(messages, kind.__name__, kind)
            monkeypatch.setitem(sys.modules, name, package)
            monkeypatch.setitem(sys.modules, f"{name}.msg", messages)
    made = planning_object("mug", scene.keypoints, scene.points, scene.result())
    message = collision_object(made)
    assert (message.id, message.header.frame_id, int.from_bytes(message.operation, "little")
            if isinstance(message.operation, bytes) else message.operation) == ("mug", "camera", 0)
    np.testing.assert_allclose(transform_of(message.pose), made.box.frame_from_box, atol=1e-9)
    (box,), (pose,) = message.primitives, message.primitive_poses
    np.testing.assert_allclose(list(box.dimensions), made.box.size)
    np.testing.assert_allclose(transform_of(pose), np.eye(4), atol=1e-12)
    subframes = dict(zip(message.subframe_names, message.subframe_poses, strict=True))
    here = transform_of(message.pose) @ transform_of(subframes["action"])
    np.testing.assert_allclose(here, scene.tool, atol=1e-9)


def test_the_box_is_that_of_the_frame(scene) -> None:
    """Every keypoint lies inside of the box, but for what is not seen."""
    from func_corr_ros.nodes.moveit_scene import planning_object

    made = planning_object("mug", scene.keypoints, scene.points)
    for name in scene.spots:
        assert (np.abs(made.box_from_subframe[name][:3, 3]) <= 0.5 * made.box.size + 0.005).all(), name
    assert np.isfinite(inverse(made.box.frame_from_box)).all()


def _filled(self, **fields) -> None:
    for name, value in fields.items():
        setattr(self, name, value)
