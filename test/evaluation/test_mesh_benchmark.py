# SPDX-License-Identifier: Apache-2.0
"""A benchmark of anyone's labelled meshes: the same every time, true to the labels, and plain about what it leaves out."""
from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from func_corr_ros.cli.main import main
from func_corr_ros.data.labelled_meshes import read_labelled_meshes
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.benchmark_build import build_from_meshes
from func_corr_ros.evaluation.benchmark_views import BenchmarkSettings
from func_corr_ros.geometry.se3 import inverse, transform_points

pytest.importorskip("embreex")
trimesh = pytest.importorskip("trimesh")

TINY = BenchmarkSettings(pairs=4, views=6, negatives=2, size=96, supersampling=1)


def club(length: float, category: str, **functions: Any) -> dict[str, Any]:
    """Labels of a club: a shaft of ``length`` metres along x with a block at its end, that pounds with its end."""
    pounding = {"parts": ["face"], "origin": [length / 2, 0, 0.03], "x": [1, 0, 0], "z": [0, 0, 1], "symmetry": {"order": "any"}}
    return {"file": f"{category}.ply", "category": category, "functions": {"pound-with": pounding, **functions},
            "parts": {"face": [{"x": [length / 2 - 1e-4, None]}], "shaft": [{"x": [None, 0.0]}]}}


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meshes")
    said = {}
    for name, length, color in (("hammer", 0.3, [200, 40, 30, 255]), ("mallet", 0.24, [30, 60, 200, 255])):
        shaft, head = trimesh.creation.box((length - 0.06, 0.02, 0.02)), trimesh.creation.box((0.06, 0.08, 0.06))
        shaft.apply_translation((-0.03, 0, 0))
        head.apply_translation((length / 2 - 0.03, 0, 0))
        whole = trimesh.util.concatenate([shaft.subdivide(), head.subdivide()])
        whole.visual.face_colors = color
        whole.export(folder / f"{name}.ply")
        held = {"parts": ["shaft"], "origin": [0, 0, 0.03], "x": [0, 0, 1], "z": [1, 0, 0]}
        said[name] = club(length, name, **({"hang-onto": held} if name == "mallet" else {}))
    (folder / "clubs.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    return folder / "clubs.yaml"


@pytest.fixture(scope="module")
def built(labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, alone = build_from_meshes(tmp_path_factory.mktemp("built") / "clubs", labels, settings=TINY, processes=1)
    assert alone == ("hang-onto",)
    return folder


def test_its_truth_lies_on_the_labelled_part_of_both(built: Path, labels: Path) -> None:
    benchmark = Benchmark.open(built)
    benchmark.check()
    assert benchmark.name == "clubs" and benchmark.functions == ("pound-with",) and len(benchmark.pairs) == 4
    meshes = {name: mesh.built()[0] for name, mesh in read_labelled_meshes(labels).items()}
    for pair in benchmark.pairs:
        truth = pair.truth()
        view = benchmark.views[pair.a]
        thing = meshes[view.description["asset"]]
        assert view.description["object"] == thing.category and pair.description["categories"][0] == thing.category
        np.testing.assert_allclose(truth.points[:, 0], thing.vertices[:, 0].max(), atol=1e-5)  # all on the face
        seen = transform_points(view.camera_from_object, truth.points.astype(np.float64)) @ view.K.T
        np.testing.assert_allclose(seen[:, :2] / seen[:, 2:], truth.a, atol=0.01)
        assert (inverse(view.camera_from_object)[0, 3] > thing.vertices[:, 0].max()), "a face is seen from before it only"
    assert {tuple(pair.description["categories"]) for pair in benchmark.pairs} <= {
        (a, b) for a in ("hammer", "mallet") for b in ("hammer", "mallet")}


def test_the_pictures_show_the_colours_of_the_files(built: Path) -> None:
    benchmark = Benchmark.open(built)
    for view in benchmark.views.values():
        inside = view.image[view.mask].astype(int).mean(axis=0)
        assert (inside[0] > inside[2]) == (view.description["asset"] == "hammer")


def test_it_is_the_same_wherever_the_meshes_lie_and_however_many_processes_build_it(
    built: Path, labels: Path, tmp_path: Path
) -> None:
    shutil.copytree(labels.parent, tmp_path / "moved")
    (tmp_path / "moved" / "clubs.yaml").rename(tmp_path / "clubs.yaml")
    again, _ = build_from_meshes(tmp_path / "again", tmp_path / "clubs.yaml", tmp_path / "moved", settings=TINY, processes=2)
    one, other = ({path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*")
                   if path.is_file()} for folder in (built, again))
    assert one == other and str(labels.parent) not in (built / "views.json").read_text() + (built / "manifest.json").read_text()


def test_the_command_says_what_it_left_out(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--meshes", str(labels), "--size", "mini", "--processes", "1", "--out", str(tmp_path / "b")]
    assert main(["benchmark", "build", *asked]) == 0
    told = capsys.readouterr().out
    assert "left out, for one mesh alone serves them: hang-onto" in told and "clubs 1, 3 pairs" in told


def test_a_root_without_meshes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "build", "--root", str(tmp_path), "--out", str(tmp_path / "b")]) == 2
    assert "--root is the folder of the meshes" in capsys.readouterr().err and not (tmp_path / "b").exists()


def test_meshes_that_share_no_function_make_no_benchmark(labels: Path, tmp_path: Path) -> None:
    said = yaml.safe_load(labels.read_text())
    (labels.parent / "one.yaml").write_text(yaml.safe_dump({"hammer": said["hammer"]}, sort_keys=False))
    with pytest.raises(BadBenchmark, match=r"one\.yaml: no function is served by two meshes"):
        build_from_meshes(tmp_path / "b", labels.parent / "one.yaml", settings=TINY, processes=1)
