# SPDX-License-Identifier: Apache-2.0
"""Files give back the surface that was written into them, in metres; those that hold none are refused by file and field."""
import json
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.assets import ENDINGS, read_asset
from func_corr_ros.data.object_view import STANDARD_CAMERA, orbit, view_object
from func_corr_ros.errors import BadSettings, DegenerateGeometry

trimesh = pytest.importorskip("trimesh")


def write_box(path: Path, **extra: object) -> Path:
    mesh = trimesh.creation.box((0.2, 0.1, 0.05))
    mesh.visual.face_colors = [255, 0, 51, 255]
    mesh.export(path, **extra)
    return path


@pytest.mark.parametrize("ending", [".glb", ".obj", ".ply", ".stl"])
def test_a_box_comes_back_from_every_format(ending: str, tmp_path: Path) -> None:
    asset = read_asset(write_box(tmp_path / f"box{ending}"))
    assert asset.object.part_names == ("body",) and not asset.object.function_parts and len(asset.object.faces) == 12
    size = [0.2, 0.05, 0.1] if ending == ".glb" else [0.2, 0.1, 0.05]  # of glTF y is up
    np.testing.assert_allclose(np.ptp(asset.object.vertices, axis=0), size, rtol=1e-6)
    assert asset.warnings == ()
    if ending != ".stl":  # which has no colours
        np.testing.assert_allclose(asset.material.color, [1.0, 0.0, 0.2], atol=0.01)
    pose = orbit(asset.object, STANDARD_CAMERA, 30.0, 30.0)
    view = view_object(asset.object, {"": asset.material}, STANDARD_CAMERA.resized(64, 64), pose)
    assert view.mask.sum() > 100


def test_the_unit_scales_to_metres(tmp_path: Path) -> None:
    thing = read_asset(write_box(tmp_path / "box.ply"), unit="mm").object
    np.testing.assert_allclose(np.ptp(thing.vertices, axis=0), [2e-4, 1e-4, 5e-5], rtol=1e-6)


def test_a_placed_scene_keeps_its_places(tmp_path: Path) -> None:
    scene = trimesh.Scene([trimesh.creation.box((0.1, 0.1, 0.1))])
    shift = np.eye(4)
    shift[0, 3] = 1.0
    scene.add_geometry(trimesh.creation.box((0.1, 0.1, 0.1)), transform=shift)
    scene.export(tmp_path / "two.glb")
    thing = read_asset(tmp_path / "two.glb").object
    np.testing.assert_allclose(np.ptp(thing.vertices, axis=0), [1.1, 0.1, 0.1], rtol=1e-6)
    assert len(thing.faces) == 24
    assert len(set(read_asset(tmp_path / "two.glb").pieces)) == 2


@pytest.mark.parametrize("ending", ["gltf", "obj"])
def test_a_picture_that_is_not_there_is_noted(ending: str, tmp_path: Path) -> None:
    mesh = trimesh.creation.box((0.1, 0.1, 0.1))
    mesh.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)))
    if ending == "gltf":
        for name, content in trimesh.Scene(mesh).export(file_type="gltf").items():
            (tmp_path / name).write_bytes(content)
        path = tmp_path / "model.gltf"
        tree = json.loads(path.read_text())
        tree |= {"images": [{"uri": "gone.png"}], "textures": [{"source": 0}]}
        tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
        tree["meshes"][0]["primitives"][0]["material"] = 0
        path.write_text(json.dumps(tree))
    else:
        path = write_box(tmp_path / "model.obj")
        path.write_text("mtllib gone.mtl\nusemtl a\n" + path.read_text())
    asset = read_asset(path)
    (note,) = asset.notes
    assert note.startswith("gone.") and "which it names, is not there" in note and asset.warnings == ()


def test_an_open_surface_is_rendered_with_a_warning(tmp_path: Path) -> None:
    mesh = trimesh.creation.box((0.1, 0.1, 0.1))
    trimesh.Trimesh(mesh.vertices, mesh.faces[:-2], process=False).export(tmp_path / "open.ply")
    assert any("not watertight" in warning for warning in read_asset(tmp_path / "open.ply").warnings)


def test_what_is_no_mesh_is_refused_by_file_and_field(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"gone\.ply: there is no such file"):
        read_asset(tmp_path / "gone.ply")
    with pytest.raises(BadSettings, match=f"ends in one of {ENDINGS[0]}"):
        read_asset(tmp_path / "mesh.blend")
    with pytest.raises(BadSettings, match="no unit 'ell'; valid: m, dm"):
        read_asset(write_box(tmp_path / "box.ply"), unit="ell")
    (tmp_path / "noise.glb").write_bytes(b"\x00" * 100)
    with pytest.raises(BadSettings, match=r"noise\.glb: not a readable glb file"):
        read_asset(tmp_path / "noise.glb")
    (tmp_path / "points.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    with pytest.raises(DegenerateGeometry, match=r"points\.obj: faces: there are none"):
        read_asset(tmp_path / "points.obj")
    (tmp_path / "nan.obj").write_text("v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    with pytest.raises(DegenerateGeometry, match=r"nan\.obj: vertices: 1 of 3 are not finite"):
        read_asset(tmp_path / "nan.obj")
