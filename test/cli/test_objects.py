# SPDX-License-Identifier: Apache-2.0
"""``func-corr objects`` renders, draws sheets and refuses what makes no picture."""
import argparse
from pathlib import Path

import numpy as np
import pytest
import yaml

from func_corr_ros.cli import objects
from func_corr_ros.errors import BadSettings

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    objects.add_arguments(parser)
    return objects.run(parser.parse_args(words))


def test_render_writes_pictures_and_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "--category", "can", "--seed", "3", "--views", "2", "--size", "48", "--out", str(tmp_path)) == 0
    assert len(list(tmp_path.glob("can_3_*.png"))) == 2 and len(list(tmp_path.glob("can_3_*.npz"))) == 2
    assert "2 views in" in capsys.readouterr().out


def test_any_mesh_renders_the_same_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trimesh = pytest.importorskip("trimesh")
    mesh = trimesh.creation.box((40.0, 30.0, 20.0))
    mesh.update_faces(np.arange(len(mesh.faces)) > 0)  # a hole
    mesh.export(tmp_path / "crate.stl")
    out = tmp_path / "views"
    words = ("--asset", str(tmp_path / "crate.stl"), "--unit", "mm", "--views", "2", "--size", "48")
    assert run("render", *words, "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert "not watertight" in printed and "2 views in" in printed
    truth = np.load(sorted(out.glob("crate_0_*.npz"))[0])
    assert list(truth["part_names"]) == ["body"] and 0.02 < np.nanmin(truth["depth"]) < 0.5  # metres, not millimetres
    with pytest.raises(BadSettings, match="missing.glb: there is no such file"):
        run("render", "--asset", str(tmp_path / "missing.glb"), "--out", str(out))


def test_sheet_is_a_picture_of_the_size_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = pytest.importorskip("cv2")
    out = tmp_path / "deep" / "sheet.png"
    assert run("sheet", "--out", str(out), "--categories", "can", "carton", "--draws", "3", "--size", "40", "--textured") == 0
    assert cv2.imread(str(out)).shape == (80, 120, 3)
    assert "120x80 px" in capsys.readouterr().out


def test_labels_are_drawn_a_row_for_each_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2, trimesh = pytest.importorskip("cv2"), pytest.importorskip("trimesh")
    trimesh.creation.box((0.2, 0.1, 0.05)).export(tmp_path / "box.ply")
    end = {"parts": ["end"], "origin": [0.1, 0, 0.02], "x": [1, 0, 0], "z": [0, 0, 1]}
    box = {"file": "box.ply", "category": "can", "parts": {"end": [{"x": [0.099, None]}]}, "functions": {"pound-with": end}}
    both = {**box, "functions": {"pound-with": end, "press-with": end}}
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump({"one": box, "other": both}))
    out = tmp_path / "deep" / "labels.png"
    assert run("labels", str(tmp_path / "labels.yaml"), "--size", "64", "--out", str(out)) == 0
    picture = cv2.imread(str(out))
    assert picture.shape == (128, 128, 3) and "128x128 px" in capsys.readouterr().out
    assert (picture[:64, 64:] == 255).all(), "press-with, which comes first, is served by one only"
    assert run("labels", str(tmp_path / "labels.yaml"), "--size", "64", "--only", "one", "--out", str(out)) == 0
    assert cv2.imread(str(out)).shape == (64, 64, 3)
    with pytest.raises(BadSettings, match="--only: no third in .*; valid: one, other"):
        run("labels", str(tmp_path / "labels.yaml"), "--only", "third", "--out", str(out))


def test_list_names_parts_and_functions(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from func_corr_ros.data.objects import CATEGORIES

    monkeypatch.setattr("func_corr_ros.data.objects.CATEGORIES", {name: CATEGORIES[name] for name in ("mug", "carton")})
    assert run("list") == 0
    printed = capsys.readouterr().out
    assert "mug" in printed and "pour-with: rim" in printed and "carton" in printed


def test_numbers_below_one_and_unknown_categories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="--views is 0; at least 1"):
        run("render", "--category", "can", "--views", "0", "--out", str(tmp_path))
    with pytest.raises(BadSettings, match="no category 'teacup'; valid: awl"):
        run("render", "--category", "teacup", "--out", str(tmp_path))
