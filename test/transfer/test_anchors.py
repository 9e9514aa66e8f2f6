# SPDX-License-Identifier: Apache-2.0
"""Phases may go with the world or with another object instead of the demonstrated one."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from func_corr_ros.errors import BadDemonstration, BadSettings, NoReference
from func_corr_ros.geometry.se3 import about_axis, inverse, make
from func_corr_ros.transfer.anchor_file import anchors_of, read_anchor
from func_corr_ros.transfer.anchor_motion import anchor_motion, anchor_motions
from func_corr_ros.transfer.demonstration import Demonstration, Phase
from func_corr_ros.transfer.demonstration_store import DESCRIPTION, DemonstrationStore
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.transfer import Refusal, Transfer, transfer_demonstration

UP = np.array([0.0, -1.0, 0.0])
POUR = make(about_axis(UP, 0.3), np.array([0.2, 0.0, 0.9]))
SHOWN = make(about_axis(UP, -0.4), np.array([0.3, 0.1, 0.8]))
MOVED = make(about_axis(UP, np.radians(25.0)), np.array([0.05, 0.0, 0.1]))


def _shown(demonstration: Demonstration, relative_to: str) -> Demonstration:
    return replace(demonstration, phases=(*demonstration.phases, Phase("over_the_cup", "outlet", relative_to, POUR)))


def _matches(motion: np.ndarray) -> LiftedMatches:
    points = np.random.default_rng(0).uniform([-0.06, -0.05, 0.95], [0.06, 0.05, 1.05], (300, 3))
    return LiftedMatches(points, points @ motion[:3, :3].T + motion[:3, 3], np.full(300, 0.8), 1.0)


def test_a_phase_about_the_receiver_goes_with_the_receiver(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@receiver")
    outcome = transfer_demonstration(shown, _matches(np.eye(4)), shown.support, anchors={"receiver": MOVED})
    assert isinstance(outcome, Transfer)
    np.testing.assert_allclose(outcome.phase("over_the_cup").camera_from_tool, MOVED @ POUR, atol=1e-12)
    np.testing.assert_allclose(outcome.phase("grasp").camera_from_tool, shown.phases[0].camera_from_tool, atol=1e-6)


def test_a_phase_about_the_world_stays_where_the_world_is(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@world")
    outcome = transfer_demonstration(shown, _matches(MOVED), shown.support, anchors={"world": np.eye(4)})
    assert isinstance(outcome, Transfer)
    np.testing.assert_allclose(outcome.phase("over_the_cup").camera_from_tool, POUR)
    assert np.linalg.norm(outcome.phase("grasp").camera_from_tool[:3, 3] - shown.phases[0].camera_from_tool[:3, 3]) > 0.1


def test_an_anchor_that_nobody_gave_is_a_refusal_that_names_it(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@receiver")
    outcome = transfer_demonstration(shown, _matches(np.eye(4)), shown.support, anchors={"world": np.eye(4)})
    assert isinstance(outcome, Refusal) and isinstance(outcome.error, NoReference)
    assert "receiver" in str(outcome.error) and "given: world" in str(outcome.error)


def test_anchors_are_stored_and_nonsense_is_refused(demonstration: Demonstration, tmp_path: Path) -> None:
    store = DemonstrationStore(tmp_path)
    store.record(_shown(demonstration, "@receiver"))
    assert store.load(demonstration.id).phases[-1].anchor == "receiver"
    assert store.load(demonstration.id).phases[0].anchor == ""
    for wrong in ("@", "@The Cup", "nowhere"):
        with pytest.raises(BadDemonstration):
            _shown(demonstration, wrong)


def _file(path: Path, **poses: object) -> Path:
    path.write_text(json.dumps({key: np.asarray(pose).tolist() for key, pose in poses.items()}))
    return path


def test_an_anchors_motion_is_read_from_where_it_was_and_is(demonstration: Demonstration, tmp_path: Path) -> None:
    shown = _shown(_shown(demonstration, "@receiver"), "@world")
    path = _file(tmp_path / "cup.json", shown=SHOWN, live=MOVED @ SHOWN)
    anchors = anchors_of([f"receiver={path}", "@world"], shown)
    np.testing.assert_allclose(anchors["receiver"], MOVED, atol=1e-12)
    np.testing.assert_array_equal(anchors["world"], np.eye(4))


@pytest.mark.parametrize(("words", "said"), [
    (["receiver="], "NAME=FILE.json is needed"), (["=cup.json"], "NAME=FILE.json"), (["The Cup"], "NAME=FILE.json"),
    (["receiver", "receiver"], "given twice"), (["reciever"], "phases are relative to receiver"),
    (["receiver=nowhere.json"], "nowhere.json is no JSON file"),
])
def test_words_that_name_no_anchor_are_refused(demonstration: Demonstration, words: list[str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        anchors_of(words, _shown(demonstration, "@receiver"))


def test_an_anchor_that_nothing_is_relative_to_is_refused(demonstration: Demonstration) -> None:
    with pytest.raises(BadSettings, match="relative to no anchor"):
        anchors_of(["world"], demonstration)


@pytest.mark.parametrize(("live", "said"), [
    (np.eye(3), r"live is of shape \(3, 3\)"), ([[1.0, "a"]], "no 4x4 matrix"), (np.diag([2.0, 1.0, 1.0, 1.0]), "no rigid"),
    (np.diag([1.0, 1.0, -1.0, 1.0]), "no rigid"), (make(np.eye(3), np.array([0.1, 0.0, 0.0])).T, "transposed"),
    (np.full((4, 4), np.nan), "finite"),
])
def test_a_pose_that_is_none_is_named(tmp_path: Path, live: object, said: str) -> None:
    path = tmp_path / "cup.json"
    path.write_text(json.dumps({"shown": SHOWN.tolist(), "live": live.tolist() if isinstance(live, np.ndarray) else live}))
    with pytest.raises(BadSettings, match=said):
        read_anchor(path)


def test_a_file_without_both_poses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="lacks live"):
        read_anchor(_file(tmp_path / "cup.json", shown=SHOWN))
    (tmp_path / "cup.json").write_text("[1]")
    with pytest.raises(BadSettings, match="lacks shown and live"):
        read_anchor(tmp_path / "cup.json")


def _rigid(random: np.random.Generator) -> np.ndarray:
    return make(about_axis(random.normal(size=3), random.uniform(-3.0, 3.0)), random.uniform(-1.0, 1.0, 3))


def test_wherever_camera_and_anchor_are_the_pose_in_the_anchors_frame_is_the_same(demonstration: Demonstration) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        shown, live, tool, camera = (_rigid(random) for _ in range(4))
        motion = anchor_motion(shown, live)
        np.testing.assert_allclose(inverse(live) @ motion @ tool, inverse(shown) @ tool, atol=1e-12)
        np.testing.assert_allclose(motion[:3, :3] @ motion[:3, :3].T, np.eye(3), atol=1e-12)
        # another camera sees the same scene: what it is told of the tool is its own view of the same place
        np.testing.assert_allclose(anchor_motion(shown, camera @ live) @ tool, camera @ motion @ tool, atol=1e-12)
        # the anchor stayed where it was before the camera, which is carried with it
        np.testing.assert_allclose(anchor_motion(shown, shown), np.eye(4), atol=1e-12)


def test_only_what_both_know_has_moved_and_nothing_is_taken_as_unmoved(demonstration: Demonstration) -> None:
    shown = replace(_shown(_shown(demonstration, "@receiver"), "@world"), anchors={"receiver": SHOWN})
    motions = anchor_motions(shown, {"receiver": MOVED @ SHOWN, "world": MOVED, "tray": MOVED})
    assert list(motions) == ["receiver"]
    np.testing.assert_allclose(motions["receiver"], MOVED, atol=1e-12)
    outcome = transfer_demonstration(shown, _matches(np.eye(4)), shown.support, anchors=motions)
    assert isinstance(outcome, Refusal) and "relative to world," in str(outcome.error)
    assert anchor_motions(shown, {}) == {}


def test_where_anchors_were_is_stored_and_a_folder_of_before_is_read(demonstration: Demonstration, tmp_path: Path) -> None:
    store = DemonstrationStore(tmp_path)
    folder = store.record(replace(_shown(demonstration, "@receiver"), anchors={"receiver": SHOWN}))
    loaded = store.load(demonstration.id).anchors
    assert list(loaded) == ["receiver"]
    np.testing.assert_allclose(loaded["receiver"], SHOWN, atol=1e-12)
    description = folder / DESCRIPTION
    text = yaml.safe_load(description.read_text())
    del text["anchors"]
    description.write_text(yaml.safe_dump(text))
    assert store.load(demonstration.id).anchors == {} and store.load(demonstration.id).anchor_names == ("receiver",)
    # what holds none is written as before, for versions that do not know of anchors' poses
    assert "anchors" not in (store.record(_shown(demonstration, "@receiver"), replace=True) / DESCRIPTION).read_text()


@pytest.mark.parametrize(("anchors", "said"), [
    ("receiver", "a mapping from name to pose"), ({"receiver": [1.0]}, "anchor is list"),
    ({"receiver": {"position": [0, 0, 1]}}, "quaternion_xyzw"),
    ({"receiver": {"position": [0, 0, 1], "quaternion_xyzw": [0, 0, 0, 2]}}, "length 2"),
    ({"reciever": {"position": [0, 0, 1], "quaternion_xyzw": [0, 0, 0, 1]}}, "'reciever', which no phase is .* to receiver"),
])
def test_a_damaged_anchor_is_named(demonstration: Demonstration, tmp_path: Path, anchors: object, said: str) -> None:
    folder = DemonstrationStore(tmp_path).record(_shown(demonstration, "@receiver"))
    text = yaml.safe_load((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(yaml.safe_dump({**text, "anchors": anchors}))
    with pytest.raises(BadDemonstration, match=said):
        DemonstrationStore(tmp_path).load(demonstration.id)


@pytest.mark.parametrize("pose", [np.diag([1.0, 1.0, -1.0, 1.0]), np.full((4, 4), np.nan), make(2.0 * np.eye(3), np.zeros(3)),
                                  make(np.eye(3), np.array([0.0, np.inf, 0.0]))])
def test_an_anchor_that_is_no_rigid_pose_is_refused(demonstration: Demonstration, pose: np.ndarray) -> None:
    with pytest.raises(BadDemonstration, match="anchor 'receiver': camera_from_anchor is not a rigid transform"):
        replace(_shown(demonstration, "@receiver"), anchors={"receiver": pose})


def test_a_file_with_the_pose_now_is_enough_where_the_demonstration_holds_the_other(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    shown = _shown(demonstration, "@receiver")
    holds = replace(shown, anchors={"receiver": SHOWN})
    live = _file(tmp_path / "live.json", live=MOVED @ SHOWN)
    np.testing.assert_allclose(anchors_of([f"receiver={live}"], holds)["receiver"], MOVED, atol=1e-12)
    with pytest.raises(BadSettings, match="lacks shown"):
        anchors_of([f"receiver={live}"], shown)
    with pytest.raises(BadSettings, match="lacks live"):
        anchors_of([f"receiver={_file(tmp_path / 'shown.json', shown=SHOWN)}"], holds)
    both = _file(tmp_path / "both.json", shown=np.eye(4), live=MOVED)  # what the file says goes before
    np.testing.assert_allclose(anchors_of([f"receiver={both}"], holds)["receiver"], MOVED, atol=1e-12)
