# SPDX-License-Identifier: Apache-2.0
"""What is recorded is what is loaded; anything else on disk is refused by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from func_corr_ros.errors import BadDemonstration, UnknownDemonstration
from func_corr_ros.transfer.demonstration_store import DESCRIPTION, DemonstrationStore


@pytest.fixture
def store(tmp_path, demonstration):
    store = DemonstrationStore(tmp_path / "demonstrations")
    store.record(demonstration)
    return store


def test_round_trip(store, demonstration):
    loaded = store.load("board_pour")
    assert store.ids() == ["board_pour"]
    np.testing.assert_array_equal(loaded.frame.color, demonstration.frame.color)
    np.testing.assert_array_equal(loaded.mask, demonstration.mask)
    # Depth is kept in counts of 0.1 mm.
    np.testing.assert_allclose(loaded.frame.depth, demonstration.frame.depth, atol=5.1e-5)
    assert loaded.frame.camera == demonstration.frame.camera
    assert (loaded.frame.stamp_ns, loaded.frame.frame_id) == (5, "camera")
    np.testing.assert_allclose(loaded.support.normal, demonstration.support.normal)
    for one, other in zip(loaded.phases, demonstration.phases, strict=True):
        assert (one.name, one.tool_link, one.relative_to) == (other.name, other.tool_link, other.relative_to)
        np.testing.assert_allclose(one.camera_from_tool, other.camera_from_tool, atol=1e-9)
    for one, other in zip(loaded.keypoints, demonstration.keypoints, strict=True):
        np.testing.assert_allclose(one.point, other.point, atol=1e-9)


def test_invalid_depth_and_missing_support_survive(tmp_path, demonstration):
    depth = demonstration.frame.depth.copy()
    depth[:10] = np.nan
    depth[10:20] = 20.0  # beyond 16 bits of 0.1 mm
    holed = replace(demonstration, frame=replace(demonstration.frame, depth=depth), support=None)
    store = DemonstrationStore(tmp_path)
    store.record(holed)
    loaded = store.load("board_pour")
    assert np.isnan(loaded.frame.depth[:20]).all() and np.isfinite(loaded.frame.depth[20:]).all()
    assert loaded.support is None


def test_an_unknown_id_lists_the_known_ones(store):
    with pytest.raises(UnknownDemonstration, match="did you mean 'board_pour'"):
        store.load("board_por")


@pytest.mark.parametrize("path", ["../demonstrations/board_pour", "/etc", "."])
def test_paths_are_not_ids(store, path):
    with pytest.raises(UnknownDemonstration):
        store.load(path)


def test_recording_twice_needs_consent(store, demonstration):
    with pytest.raises(BadDemonstration, match="exists"):
        store.record(demonstration)
    store.record(replace(demonstration, object="door"), replace=True)
    assert store.load("board_pour").object == "door"
    assert [path.name for path in store.folder.iterdir()] == ["board_pour"], "no temporary folder is left"


def _edit(store, change):
    path = store.folder / "board_pour" / DESCRIPTION
    text = yaml.safe_load(path.read_text())
    change(text)
    path.write_text(yaml.safe_dump(text))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.update(functon="pour-with"), "functon"),
        (lambda text: text.pop("camera"), "camera"),
        (lambda text: text.update(format=99), "format 99"),
        (lambda text: text["phases"][0].pop("tool_link"), "tool_link"),
        (lambda text: text["keypoints"]["outlet"].update(point=[1, 2]), "not 3 finite numbers"),
        (lambda text: text["keypoints"]["outlet"].update(point=["x", 2, 3]), "could not convert"),
        (lambda text: text["camera"].update(fx="wide"), "fx|camera|finite"),
        (lambda text: text.update(phases="none"), "phase"),
    ],
)
def test_a_damaged_description_names_its_field(store, change, words):
    _edit(store, change)
    with pytest.raises(BadDemonstration, match=words):
        store.load("board_pour")


def test_a_missing_picture_is_named(store):
    (store.folder / "board_pour" / "depth.png").unlink()
    with pytest.raises(BadDemonstration, match="depth.png"):
        store.load("board_pour")


def test_a_description_that_is_no_yaml_is_refused(store):
    (store.folder / "board_pour" / DESCRIPTION).write_text("{[")
    with pytest.raises(BadDemonstration, match=DESCRIPTION):
        store.load("board_pour")


@pytest.mark.parametrize("name", ["color.png", "depth.png", "mask.png"])
def test_a_picture_changed_afterwards_is_named(store, name):
    path = store.folder / "board_pour" / name
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    image[0, 0] ^= 1
    assert cv2.imwrite(str(path), image)
    with pytest.raises(BadDemonstration, match=f"{name} was changed"):
        store.load("board_pour")


def test_a_recording_without_hashes_is_read_as_before(store):
    _edit(store, lambda text: text.pop("sha256"))
    assert store.load("board_pour").object == "board"


@pytest.mark.parametrize(("value", "words"), [({"../secret": "0"}, "sha256 names"), ("none", "a mapping from file to hash")])
def test_hashes_of_other_files_are_refused(store, value, words):
    _edit(store, lambda text: text.update(sha256=value))
    with pytest.raises(BadDemonstration, match=words):
        store.load("board_pour")


@pytest.mark.parametrize(
    ("name", "words"),
    [("demonstration.yaml", "camera_from_tool"), *((name, name) for name in ("color.png", "depth.png", "mask.png"))],
)
def test_a_half_written_folder_is_refused(store, name, words):
    path = store.folder / "board_pour" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadDemonstration, match=words):
        store.load("board_pour")


def test_a_recording_that_fails_leaves_the_old_one(store, demonstration, monkeypatch):
    moves = []

    def fail_at_second(source, target):
        moves.append(target)
        if len(moves) == 2:
            raise OSError("disk full")
        shutil.move(source, target)

    monkeypatch.setattr(os, "replace", fail_at_second)
    with pytest.raises(OSError, match="disk full"):
        store.record(replace(demonstration, object="door"), replace=True)
    assert len(moves) == 3 and store.load("board_pour").object == "board"
    assert [path.name for path in store.folder.iterdir()] == ["board_pour"]


KILLED = """
import os, signal, sys
from pathlib import Path
import cv2
from func_corr_ros.transfer.demonstration_store import DemonstrationStore, read_demonstration
from dataclasses import replace
shown = read_demonstration(Path(sys.argv[1]) / "board_pour")
write, count = cv2.imwrite, []
def dying(path, image):
    count.append(path)
    if len(count) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(path, image)
cv2.imwrite = dying
DemonstrationStore(Path(sys.argv[1])).record(replace(shown, id="second"))
"""


def test_a_process_killed_while_it_records_leaves_no_half_demonstration(store):
    source = Path(sys.modules[DemonstrationStore.__module__].__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run([sys.executable, "-c", KILLED, str(store.folder)], capture_output=True, text=True, env=environment)
    assert done.returncode == -9, done.stderr
    assert store.ids() == ["board_pour"] and not (store.folder / "second").exists()
    store.record(replace(store.load("board_pour"), id="second"))
    assert store.ids() == ["board_pour", "second"]
