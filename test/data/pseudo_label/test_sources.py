# SPDX-License-Identifier: Apache-2.0
"""Ids are safe file names, copies and nameless files are listed, licences decide what Objaverse gives, makers are named."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from func_corr_ros.data.pseudo_label.shape import ShapeSettings
from func_corr_ros.data.pseudo_label.sources import (
    AssetSource,
    asset_id,
    folder_sources,
    library_sources,
    objaverse_sources,
    read_sources,
    shape_of,
    write_sources,
)
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadAsset, BadSettings, MissingOptional

trimesh = pytest.importorskip("trimesh")


def write_mesh(path: Path, size: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.creation.box((size, 0.1, 0.05)).export(path)
    return path


def test_an_id_is_a_safe_file_name() -> None:
    assert asset_id("../../etc/passwd", "f1") == "etc-passwd-f1"
    assert asset_id("Ü", "f1") == "asset-f1" and len(asset_id("x" * 500, "f1")) == 43
    assert "/" not in asset_id("a/b\\c", "f") and asset_id("Water Bottle", "s000001") == "water-bottle-s000001"


def test_a_folder_names_its_objects_in_three_ways(tmp_path: Path) -> None:
    write_mesh(tmp_path / "x1.ply", 0.1)
    write_mesh(tmp_path / "water-bottle" / "red.stl", 0.2)
    write_mesh(tmp_path / "cutting board 7.obj", 0.3)
    (tmp_path / "objects.yaml").write_text("x1.ply: {object: brick, licence: by, maker: Ann}\n")
    found, left_out = folder_sources(tmp_path, load_taxonomy())
    assert {Path(one.path).name: one.object for one in found} == {
        "x1.ply": "brick",
        "red.stl": "water bottle",
        "cutting board 7.obj": "cutting board",
    }
    assert left_out == [] and [one.maker for one in found if one.object == "brick"] == ["Ann"]


def test_copies_strangers_and_paths_that_lead_out_are_listed(tmp_path: Path) -> None:
    write_mesh(tmp_path / "in" / "brick 1.ply")
    write_mesh(tmp_path / "in" / "brick 2.ply")
    write_mesh(tmp_path / "in" / "gizmo.ply", 0.3)
    write_mesh(tmp_path / "in" / "chisel.ply", 0.4)
    told = "brick 2.ply: {object: brick, maker: Ann}\n"  # a maker's copy is the one that is kept
    (tmp_path / "in" / "objects.yaml").write_text("../secret.ply: mug\ngone.ply: mug\n" + told)
    write_mesh(tmp_path / "secret.ply")
    found, left_out = folder_sources(tmp_path / "in", load_taxonomy())
    assert [(Path(one.path).name, one.maker) for one in found] == [("brick 2.ply", "Ann")]
    reasons = {one.asset: one.reason for one in left_out}
    assert "leads out of the folder" in reasons["../secret.ply"] and "no such mesh file" in reasons["gone.ply"]
    assert "the same content as" in reasons["brick 1.ply"] and "nobody says what it shows" in reasons["gizmo.ply"]
    assert "held back for tests" in reasons["chisel.ply"]
    with pytest.raises(BadSettings, match="there is no such folder"):
        folder_sources(tmp_path / "none", load_taxonomy())


def test_objaverse_gives_open_licences_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "a": {"license": "by", "user": {"username": "Ann"}, "viewerUrl": "https://example.org/a"},
        "b": {"license": "by-nc"},
        "c": {"license": "cc0"},
        "e": {},
    }
    asked: list[list[str]] = []

    def load_objects(uids: list[str], download_processes: int) -> dict[str, str]:
        asked.append(uids)
        return {uid: f"/objaverse/{uid}.glb" for uid in uids}

    fake = ModuleType("objaverse")
    fake.load_annotations = lambda uids: {uid: known[uid] for uid in uids if uid in known}
    fake.load_objects = load_objects
    monkeypatch.setitem(sys.modules, "objaverse", fake)
    found, left_out = objaverse_sources(dict.fromkeys("abcde", "mug"))
    assert asked == [["a", "c"]] and [(one.licence, one.maker) for one in found] == [("by", "Ann"), ("cc0", "")]
    assert {one.asset: one.reason.split(": ")[1][:10] for one in left_out} == {
        "b": "its licenc",
        "d": "Objaverse ",
        "e": "its licenc",
    }
    monkeypatch.setitem(sys.modules, "objaverse", None)
    with pytest.raises(MissingOptional, match=r"func_corr_ros\[objaverse\]"):
        objaverse_sources({"a": "mug"})


def test_every_maker_is_named(tmp_path: Path) -> None:
    sources = [AssetSource("mug-o1", "mug", path="/x/a.glb", licence="by", maker="A|nn", url="https://example.org/a")]
    write_sources(tmp_path / "sources.json", sources + library_sources(["axe"], 1))
    assert read_sources(tmp_path / "sources.json")[0] == sources[0]
    text = (tmp_path / "ATTRIBUTION.md").read_text()
    assert "| mug-o1 | mug | A/nn | by | https://example.org/a |" in text and "parametric library, axe 0" in text


def test_held_back_categories_and_seeds_are_refused() -> None:
    with pytest.raises(BadSettings, match="chisel: no objects to learn from; valid: seeds below 1000000 of awl"):
        library_sources(["mug", "chisel"], 1)
    with pytest.raises(BadSettings, match="seeds from 999999 on"):
        library_sources(["mug"], 2, 999_999)


def test_a_file_brings_its_truth_along(tmp_path: Path) -> None:
    path = write_mesh(tmp_path / "brick.ply", 0.4)
    np.savez(
        tmp_path / "brick.parts.npz",
        points=np.array([[-0.2, 0.0, 0.0], [0.2, 0.0, 0.0]]),
        part=np.array([0, 1]),
        names=np.array(["face", "side"]),
    )
    source = AssetSource("brick-f1", "brick", path=str(path))
    shape = shape_of(source, ShapeSettings(points=400))
    assert shape.exact and shape.solid and 0.05 < shape.truth("side").mean() < 0.95
    np.savez(tmp_path / "brick.parts.npz", points=np.zeros((1, 3)), part=np.array([3]), names=np.array(["face"]))
    with pytest.raises(BadAsset, match="one of the names for each point"):
        shape_of(source, ShapeSettings())
