# SPDX-License-Identifier: Apache-2.0
"""The demo's recordings: made once, made again when their sources change, and true to what they are made from."""
from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.errors import BadRecording
from func_corr_ros.replay import demo_cases
from func_corr_ros.replay.bag_reader import read_frames
from func_corr_ros.replay.demo_cases import demonstrations_folder, recorded_cases
from func_corr_ros.share import share_folder
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

for package in ("rosbags", "trimesh", "embreex", "manifold3d"):
    pytest.importorskip(package, reason="the rendered recording needs the extras [data] and [replay]")
REPOSITORY = share_folder()
SHARED = REPOSITORY.parent / "shared" / "data" / "rgbd"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_cases, "demo_scenes", partial(demo_cases.demo_scenes, supersampling=1))  # rough, but four times faster
        recorded_cases(folder, REPOSITORY, SHARED if SHARED.is_dir() else None, lambda words: None)
    return folder


def cases_of(recordings: Path, say=lambda words: None, data: Path | None = SHARED if SHARED.is_dir() else None):
    return recorded_cases(recordings, REPOSITORY, data, say)


def test_a_second_run_records_nothing(recordings: Path) -> None:
    said: list[str] = []
    before = {path: path.stat().st_mtime_ns for path in recordings.rglob("*")}
    cases_of(recordings, said.append)
    assert said == [] and {path: path.stat().st_mtime_ns for path in recordings.rglob("*")} == before


def test_rendered_cases_know_their_truth(recordings: Path) -> None:
    mug, pitcher = cases_of(recordings)[:2]
    assert (mug.name, pitcher.name) == ("rendered_mug_to_mug", "rendered_mug_to_pitcher") and not mug.real
    for case in (mug, pitcher):
        frames = list(read_frames(case.bag))
        assert len(frames) == 10 and [frame.stamp_ns for frame in frames] == [(n + 1) * 10**8 for n in range(10)]
        assert set(case.truth) == {"pregrasp", "grasp", "action"}
        # The true outlet is a point of the surface that the camera sees: the depth there agrees with it.
        outlet = case.truth["action"][:3, 3]
        uv, inside = frames[0].camera.project(outlet)
        u, v = np.rint(uv).astype(int)
        near = np.stack([frame.depth for frame in frames])[:, v - 4 : v + 5, u - 4 : u + 5]
        assert inside and np.nanmin(np.abs(near - outlet[2])) < 0.01
        noise = frames[0].depth - frames[1].depth
        assert np.nanstd(noise) > 1e-4 and np.isnan(frames[0].depth).mean() > 0.001


def test_the_demonstrations_are_a_store_the_nodes_can_load(recordings: Path) -> None:
    cases = cases_of(recordings)
    store = DemonstrationStore(demonstrations_folder(cases))
    assert set(store.ids()) == {case.demonstration.id for case in cases}
    shown = store.load("rendered_mug_pour")
    assert [phase.name for phase in shown.phases] == ["pregrasp", "grasp", "action"] and shown.support is not None
    up = -shown.support.normal[1]
    assert up > 0.5  # the table's normal points upwards in the picture
    handle = shown.keypoint("handle")
    assert shown.mask[round(handle.uv[1]), round(handle.uv[0])]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real frames are not beside this repository")
def test_real_cases_are_the_real_frames(recordings: Path) -> None:
    cases = {case.name: case for case in cases_of(recordings)}
    assert list(cases)[2:] == list(demo_cases.REAL_TARGETS)
    case = cases["real_mug_to_mug"]
    frame = next(iter(read_frames(case.bag)))
    source = SHARED / "tabletop_blue_mug"
    np.testing.assert_array_equal(frame.color[..., ::-1], cv2.imread(str(source / "color.png")))
    counts = cv2.imread(str(source / "depth.png"), cv2.IMREAD_UNCHANGED)
    valid = counts > 0
    np.testing.assert_array_equal(np.isfinite(frame.depth), valid)
    np.testing.assert_allclose(frame.depth[valid], counts[valid] * 1e-4, atol=5.1e-4)  # bags hold whole millimetres
    assert case.real and case.truth == {} and case.marked is not None and case.demonstration.id == "red_mug_pour"


def test_a_changed_source_changes_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_cases, "_record_rendered", lambda place: (place / "made").write_text("x"))
    monkeypatch.setattr(demo_cases, "RENDERED_TARGETS", {})
    keys = iter(["first", "first", "second"])
    monkeypatch.setattr(demo_cases, "_key", lambda repository, data: next(keys))
    said: list[str] = []
    for _ in range(3):
        assert recorded_cases(tmp_path, REPOSITORY, None, said.append) == ()
    assert len(said) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["second"]  # the old one does not stay


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="tabletop_blue_mug.*is missing"):
        recorded_cases(tmp_path, REPOSITORY, tmp_path / "nowhere", lambda words: None)


def test_a_recording_that_was_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_fails(place: Path) -> None:
        (place / "half").write_text("x")
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_cases, "_record_rendered", power_fails)
    with pytest.raises(KeyboardInterrupt):
        recorded_cases(tmp_path / "recordings", REPOSITORY, None, lambda words: None)
    assert list((tmp_path / "recordings").iterdir()) == []
