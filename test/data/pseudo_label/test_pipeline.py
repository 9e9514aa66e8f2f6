# SPDX-License-Identifier: Apache-2.0
"""All stages in a row: bad files are listed and the rest is labelled; kill -9 at any moment changes nothing in the outcome."""

import errno
import json
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.bricks import SMALL, bricks

from func_corr_ros.data.pseudo_label.pipeline import PseudoLabelSettings, make_pseudo_labels
from func_corr_ros.data.pseudo_label.sources import folder_sources
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings, NoSpace
from func_corr_ros.settings import override

trimesh = pytest.importorskip("trimesh")
pytest.importorskip("embreex")
SETTINGS = override(PseudoLabelSettings(), SMALL)
JOB = f"""
import sys
from pathlib import Path
from func_corr_ros.data.pseudo_label.pipeline import PseudoLabelSettings, make_pseudo_labels
from func_corr_ros.data.pseudo_label.sources import folder_sources
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.settings import override
found, left_out = folder_sources(Path(sys.argv[1]), load_taxonomy())
make_pseudo_labels(Path(sys.argv[2]), found, override(PseudoLabelSettings(), {SMALL!r}), left_out=left_out)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """All files that have their name; those that were being written when a process was killed begin with a dot. The revision of
    the code is left out: somebody may commit while a test runs.
    """
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    for name in [name for name in found if name.endswith("provenance.json")]:
        found[name] = json.dumps({**json.loads(found[name]), "revision": None}).encode()
    return found


def run(source: Path, out: Path, settings: PseudoLabelSettings = SETTINGS, processes: int = 1) -> object:
    found, left_out = folder_sources(source, load_taxonomy())
    return make_pseudo_labels(out, found, settings, left_out=left_out, processes=processes)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bricks(tmp_path_factory.mktemp("bricks"), 3)


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    run(source, out)
    return out


def test_every_asset_has_labels_and_provenance(whole: Path) -> None:
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["labelled"] == 3 == summary["stages"]["votes"] and summary["skipped"] == [] and summary["calls"] > 0
    for stage in ("shapes", "views", "answers", "votes", "labels"):
        assert json.loads((whole / stage / "provenance.json").read_text())["settings"]
    assert [one["assets"] for one in json.loads((whole / "shards" / "shards.json").read_text())][1:] and (
        whole / "ATTRIBUTION.md"
    ).exists()


def test_again_nothing_is_made_anew_and_other_settings_are_refused(whole: Path, source: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.npz")}
    run(source, whole)
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.npz")} == before
    other = replace(SETTINGS, views=replace(SETTINGS.views, size=72))
    with pytest.raises(BadSettings, match="views was filled with other settings"):
        run(source, whole, other)


def test_bad_files_are_listed_and_the_rest_is_labelled(tmp_path: Path) -> None:
    folder = bricks(tmp_path / "in", 1)
    (folder / "brick torn.glb").write_bytes(b"glTF torn")
    (folder / "brick flat.obj").write_text("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    (folder / "brick nan.obj").write_text("v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (folder / "brick bare.obj").write_text(
        "mtllib gone.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 4 2\nf 1 3 4\nf 2 4 3\n"
    )
    found = run(folder, tmp_path / "out")
    reasons = " | ".join(one.reason for one in found.skipped)
    assert "brick torn.glb: not a readable glb file" in reasons and "none of its 1 faces has an area" in reasons
    assert "1 of 3 are not finite" in reasons and "its true parts are not known" in reasons  # the simulation cannot answer
    assert len(found.labelled) == 1 and len(found.skipped) == 4
    listed = json.loads((tmp_path / "out" / "summary.json").read_text())["skipped"]
    assert {one["stage"] for one in listed} == {"shapes", "answers"}
    assert [one.reason.split(",")[0] for one in found.noted] == ["gone.mtl"]


def test_a_part_without_area_and_an_id_given_twice_are_listed(tmp_path: Path) -> None:
    folder = bricks(tmp_path / "in", 1)
    one = trimesh.load(folder / "brick 0.ply", process=False)
    flat = np.concatenate([one.faces, [[0, 0, 1], [2, 2, 2]]])  # the part "face" is two faces without area
    trimesh.Trimesh(one.vertices, flat, process=False).export(folder / "brick 0.ply")
    middles = one.vertices[one.faces].mean(axis=1)
    points = np.concatenate([middles, one.vertices[flat[-2:]].mean(axis=1)])
    part = np.append(np.ones(len(middles), int), [0, 0])
    np.savez(folder / "brick 0.parts.npz", points=points, part=part, names=np.array(["face", "side"]))
    found, _ = folder_sources(folder, load_taxonomy())
    made = make_pseudo_labels(tmp_path / "out", [*found, *found], SETTINGS)
    assert len(made.sources) == 1 and "given already" in made.skipped[0].reason
    # Nobody sees what has no area: whatever was answered about it, the asset is labelled or listed, and the run goes on.
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["stages"]["votes"] == 1 and summary["labelled"] + len(summary["rejected"]) + len(summary["skipped"]) >= 2


def test_a_disk_that_is_full_at_the_shards_says_so(whole: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("func_corr_ros.data.pseudo_label.pipeline.write_shards", full)
    with pytest.raises(NoSpace, match="is full; make room"):
        run(source, whole)
    monkeypatch.undo()
    assert run(source, whole).labelled


def killed_and_resumed(source: Path, out: Path, moments: list[int]) -> None:
    """Runs the job, kills it once so many more files are there, and so on; then lets it end."""
    script = out.parent / "job.py"
    script.write_text(JOB)
    for more in moments:
        wanted = len(contents(out)) + more if out.exists() else more
        job = subprocess.Popen([sys.executable, str(script), str(source), str(out)], stderr=subprocess.DEVNULL)
        patience = time.monotonic() + 120.0
        while (len(contents(out)) if out.exists() else 0) < wanted and job.poll() is None and time.monotonic() < patience:
            time.sleep(0.002)
        time.sleep(random.random() * 0.05)
        job.kill()
        job.wait()
    subprocess.run([sys.executable, str(script), str(source), str(out)], check=True, stderr=subprocess.DEVNULL)


def test_a_run_that_was_killed_ends_in_the_same_bytes(whole: Path, source: Path, tmp_path: Path) -> None:
    killed_and_resumed(source, tmp_path / "out", [5])
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.slow
def test_ten_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    source = bricks(tmp_path / "in", 6)
    run(source, tmp_path / "whole", processes=2)
    killed_and_resumed(source, tmp_path / "out", [random.randint(1, 5) for _ in range(10)])
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
