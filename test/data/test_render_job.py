# SPDX-License-Identifier: Apache-2.0
"""A job writes the same files whatever the number of processes, and none of them twice."""
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.render_job import ViewTask, render_all, rendered, views_around
from func_corr_ros.errors import BadSettings

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")

TASKS = [ViewTask("carton", 3, view, 40.0 * view, 30.0, size=48) for view in range(2)] + [ViewTask("can", 1, size=48)]


def contents(folder: Path) -> dict[str, bytes]:
    """What has its name; a file still being written begins with a dot, which `glob("*.npz")` of pathlib would count too."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: file.read_bytes() for file in files if file.suffix in (".png", ".npz") and not file.name.startswith(".")}


def truths(folder: Path) -> int:
    return len([name for name in contents(folder) if name.endswith(".npz")])


def test_one_process_and_two_write_the_same_bytes(tmp_path: Path) -> None:
    alone, together = tmp_path / "one", tmp_path / "two"
    files = render_all(TASKS, alone, 1, progress=False)
    render_all(TASKS, together, 2, progress=False)
    assert [file.name for file in files] == [f"{task.name}.npz" for task in TASKS]
    assert len(contents(alone)) == 6
    a, b = contents(alone), contents(together)
    assert a.keys() == b.keys()
    assert all(a[name] == b[name] for name in a)


def test_the_truth_file_is_the_view(tmp_path: Path) -> None:
    (file,) = render_all(TASKS[:1], tmp_path, progress=False)
    view = rendered(TASKS[0])
    with np.load(file) as truth:
        np.testing.assert_array_equal(truth["depth"], view.depth)
        np.testing.assert_array_equal(truth["part_index"] >= 0, view.mask)
        np.testing.assert_array_equal(truth["face_index"], view.face_index)
        np.testing.assert_array_equal(truth["camera_from_object"], view.camera_from_object)
        assert tuple(truth["part_names"]) == view.thing.part_names


def test_finished_files_are_kept_and_missing_ones_made(tmp_path: Path) -> None:
    first, second, _ = render_all(TASKS, tmp_path, progress=False)
    first.write_bytes(b"kept")
    second.unlink()
    render_all(TASKS, tmp_path, progress=False)
    assert first.read_bytes() == b"kept" and second.stat().st_size > 100
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_job_killed_in_the_middle_goes_on_and_leaves_nothing_torn(tmp_path: Path) -> None:
    """kill -9 gives nobody time to tidy up: what has a name is whole all the same."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    tasks = [ViewTask("can", 1, view, 9.0 * view, 30.0, size=64) for view in range(40)]
    script = tmp_path / "job.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom func_corr_ros.data.render_job import ViewTask, render_all\n"
        "tasks = [ViewTask('can', 1, view, 9.0 * view, 30.0, size=64) for view in range(40)]\n"
        "render_all(tasks, Path(sys.argv[1]), progress=False)\n"
    )
    job = subprocess.Popen([sys.executable, str(script), str(killed)])
    patience = time.monotonic() + 60.0
    while truths(killed) < 3 and time.monotonic() < patience:
        time.sleep(0.005)
    job.kill()
    job.wait()
    made = contents(killed)
    assert 3 <= truths(killed) < len(tasks)
    render_all(tasks, whole, progress=False)
    render_all(tasks, killed, progress=False)
    after = contents(killed)
    assert after == contents(whole) and all(after[name] == data for name, data in made.items())


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "provenance.json").write_text(json.dumps({"version": "0.0.1"}))
    with pytest.raises(BadSettings, match="was filled by version 0.0.1"):
        render_all(TASKS, tmp_path, progress=False)


def test_the_name_says_all_of_a_task() -> None:
    base = TASKS[0]
    others = [replace(base, category="can"), replace(base, seed=4), replace(base, view=5), replace(base, azimuth=0.03125),
              replace(base, elevation=1.0), replace(base, roll=2.0), replace(base, size=64), replace(base, supersampling=2)]
    assert len({task.name for task in (base, *others)}) == 9


def test_views_go_all_round() -> None:
    tasks = views_around("can", 5, 8)
    turns = np.sort([task.azimuth for task in tasks])
    np.testing.assert_allclose(np.diff(turns), 45.0, atol=0.11)
    assert all(-20.0 <= task.elevation <= 65.0 for task in tasks)


def test_an_unknown_category_lists_the_valid_ones() -> None:
    with pytest.raises(BadSettings, match="no category 'teacup'; valid: awl, axe"):
        rendered(ViewTask("teacup"))
