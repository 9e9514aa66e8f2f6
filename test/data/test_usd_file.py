# SPDX-License-Identifier: Apache-2.0
"""USD files give back the surface, the place, the size and the colours that were written into them; bad ones are refused."""

import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data import usd_file, usd_stage
from func_corr_ros.data.assets import read_asset
from func_corr_ros.data.pseudo_label.shape import ShapeSettings
from func_corr_ros.data.pseudo_label.sources import folder_sources, shape_of
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings, DegenerateGeometry, MissingOptional

pytest.importorskip("pxr", reason="pip install 'func_corr_ros[usd]'")
pytest.importorskip("trimesh")
SQUARE = """
        int[] faceVertexCounts = [4]
        int[] faceVertexIndices = [0, 1, 2, 3]
        point3f[] points = [(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0)]
"""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in this process: a process for each takes half a second."""
    monkeypatch.setattr(usd_file, "_arrays", usd_stage.stage_arrays)


def stage(path: Path, body: str, head: str = 'metersPerUnit = 0.01\n    upAxis = "Y"') -> Path:
    path.write_text(f"#usda 1.0\n(\n    {head}\n)\n{body}\n")
    return path


def material(color: str) -> str:
    return f"""
    def Material "Look" {{
        token outputs:surface.connect = </mug/Look/Shader.outputs:surface>
        def Shader "Shader" {{
            uniform token info:id = "UsdPreviewSurface"
            color3f inputs:diffuseColor{color}
            token outputs:surface
        }}
        def Shader "Picture" {{
            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @pic.png@
            float3 outputs:rgb
        }}
    }}"""


def textured(path: Path) -> Path:
    """A square whose UVs show the left half of a picture, which is green; the right half is red."""
    import cv2

    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4, 1], picture[:, 4:, 2] = 255, 255
    assert cv2.imwrite(str(path.with_name("pic.png")), picture)
    look = material(".connect = </mug/Look/Picture.outputs:rgb>")
    return stage(
        path,
        f"""def Xform "mug" {{
    def Mesh "body" (prepend apiSchemas = ["MaterialBindingAPI"]) {{ {SQUARE}
        rel material:binding = </mug/Look>
        texCoord2f[] primvars:st = [(0, 0), (0.4, 0), (0.4, 1), (0, 1)] (interpolation = "faceVarying")
    }} {look}
}}""",
    )


def test_units_axes_and_places_are_those_of_the_stage(here: None, tmp_path: Path) -> None:
    path = stage(
        tmp_path / "a.usda",
        f"""def Xform "mug" {{
    double3 xformOp:translate = (10, 0, 0)
    uniform token[] xformOpOrder = ["xformOp:translate"]
    def Mesh "Handle_1" {{ {SQUARE} }}
    def Mesh "left" {{ {SQUARE}
        uniform token orientation = "leftHanded"
    }}
    def Mesh "gone" {{ {SQUARE}
        token visibility = "invisible"
    }}
    def Mesh "hull" {{ {SQUARE}
        uniform token purpose = "proxy"
    }}
    def Sphere "ball" {{ }}
}}""",
    )
    asset = read_asset(path)
    assert asset.pieces == ("/mug/Handle_1", "/mug/left") and asset.piece.tolist() == [0, 0, 1, 1]
    corners = [[0.10, 0, 0], [0.12, 0, 0], [0.12, 0, 0.01], [0.10, 0, 0.01]]  # y of the file is up, z of ours
    np.testing.assert_allclose(asset.object.vertices[:4], corners, atol=1e-9)
    a, b, c = asset.object.vertices[asset.object.faces].transpose(1, 0, 2)
    np.testing.assert_allclose(np.sign(np.cross(b - a, c - a)[:, 1]), [-1, -1, 1, 1])
    assert asset.notes == ("1 Sphere left out: only Mesh is read",)
    np.testing.assert_allclose(asset.from_file @ [10, 0, 0, 1], [0.1, 0, 0, 1])


def test_instances_and_the_first_moment_of_an_animation_are_read(here: None, tmp_path: Path) -> None:
    moving = SQUARE.replace("point3f[] points =", "point3f[] points.timeSamples = {\n3:") + "}\n"
    stage(tmp_path / "part.usda", f'def Xform "part" {{\n def Mesh "m" {{ {moving} }}\n}}', 'defaultPrim = "part"')
    body = "\n".join(
        f"""def Xform "i{shift}" (
    instanceable = true
    prepend references = @./part.usda@
) {{
    double3 xformOp:translate = ({shift}, 0, 0)
    uniform token[] xformOpOrder = ["xformOp:translate"]
}}"""
        for shift in (0, 5)
    )
    asset = read_asset(stage(tmp_path / "two.usda", body, 'metersPerUnit = 1\n    upAxis = "Z"'))
    assert len(asset.object.faces) == 4
    np.testing.assert_allclose(np.ptp(asset.object.vertices, axis=0), [7.0, 1.0, 0.0])


@pytest.mark.parametrize("ending", ["usda", "usdc", "usdz"])
def test_a_picture_colours_what_its_uvs_show(here: None, ending: str, tmp_path: Path) -> None:
    from pxr import UsdUtils

    path = textured(tmp_path / "mug.usda")
    if ending == "usdz":
        assert UsdUtils.CreateNewUsdzPackage(str(path), str(tmp_path / "mug.usdz"))
        (tmp_path / "pic.png").unlink()
    elif ending == "usdc":
        from pxr import Sdf

        assert Sdf.Layer.FindOrOpen(str(path)).Export(str(tmp_path / "mug.usdc"))
    assert read_asset(tmp_path / f"mug.{ending}").material.color == pytest.approx((0.0, 1.0, 0.0))


def test_numbers_subsets_and_display_colours_count_and_a_lost_picture_is_grey(here: None, tmp_path: Path) -> None:
    two = """
        int[] faceVertexCounts = [3, 3]
        int[] faceVertexIndices = [0, 1, 2, 0, 2, 3]
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
        color3f[] primvars:displayColor = [(0, 0, 1)]
        
        def GeomSubset "half" (prepend apiSchemas = ["MaterialBindingAPI"]) {
            uniform token elementType = "face"
            uniform token familyName = "materialBind"
            int[] indices = [0]
            rel material:binding = </mug/Look>
        }"""
    path = stage(tmp_path / "a.usda", f'def Xform "mug" {{ def Mesh "m" {{ {two}\n}} {material(" = (1, 0, 0)")} \n}}')
    in_each_half = np.array([[0.008, 0.0, 0.002], [0.002, 0.0, 0.008]])  # a square of one centimetre, whose y is up
    np.testing.assert_allclose(read_asset(path).material.albedo(in_each_half), [[1, 0, 0], [0, 0, 1]], atol=1e-6)
    path = textured(tmp_path / "b.usda")
    (tmp_path / "pic.png").write_bytes(b"no picture")
    assert read_asset(path).material.color == pytest.approx((0.6, 0.6, 0.6))
    (tmp_path / "pic.png").unlink()
    lost = read_asset(path)
    assert lost.material.color == pytest.approx((0.6, 0.6, 0.6)) and "pic.png, which it names, is no picture" in lost.notes[0]


def test_polygons_are_fans_of_their_own_corners() -> None:
    three, of_face = usd_stage.fans(np.array([3, 2, 5, 0, 4]))
    assert three.tolist() == [[0, 1, 2], [5, 6, 7], [5, 7, 8], [5, 8, 9], [10, 11, 12], [10, 12, 13]]
    assert of_face.tolist() == [0, 2, 2, 2, 4, 4]


def test_what_cannot_be_read_is_refused_with_what_to_do(here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torn.usdz").write_bytes(b"PK")
    (tmp_path / "torn.usda").write_bytes(b"#usda 1.0\n(\n def \xe8\xff")
    for ending in ("usda", "usdz"):
        with pytest.raises(BadSettings, match=rf"torn\.{ending}: not a readable {ending} file"):
            read_asset(tmp_path / f"torn.{ending}")
    with pytest.raises(DegenerateGeometry, match="a visible Mesh is needed, it holds 1 Cube"):
        read_asset(stage(tmp_path / "cube.usda", 'def Cube "c" { }'))
    with pytest.raises(DegenerateGeometry, match=r"Could not open asset .*gone\.usda"):
        read_asset(stage(tmp_path / "ref.usda", 'def Xform "a" (references = @./gone.usda@) { }'))
    with pytest.raises(DegenerateGeometry, match="faces: 4 corners by faceVertexCounts, 3 by their indices"):
        read_asset(stage(tmp_path / "few.usda", f'def Mesh "m" {{ {SQUARE.replace("[0, 1, 2, 3]", "[0, 1, 2]")} }}'))
    with pytest.raises(DegenerateGeometry, match="one names vertex 9, there are 4"):
        read_asset(stage(tmp_path / "far.usda", f'def Mesh "m" {{ {SQUARE.replace("[0, 1, 2, 3]", "[0, 1, 2, 9]")} }}'))
    monkeypatch.setattr(usd_stage, "MOST_CORNERS", 3)
    with pytest.raises(BadSettings, match="4 corners; at most 3 are read: thin or divide it"):
        read_asset(stage(tmp_path / "fine.usda", f'def Mesh "m" {{ {SQUARE} }}'))
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(MissingOptional, match=r"func_corr_ros\[usd\]"):
        read_asset(tmp_path / "fine.usda")


def test_the_program_that_reads_gives_the_same_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = stage(tmp_path / "a mug.usda", f'def Mesh "m" {{ {SQUARE} }}')
    theirs, ours = usd_file._arrays(fine), usd_stage.stage_arrays(fine)
    assert set(theirs) == set(ours) and all(np.array_equal(theirs[name], ours[name]) for name in ours)
    (tmp_path / "torn.usdc").write_bytes(b"PXR-USDC" + bytes(100))
    with pytest.raises(BadSettings, match=r"torn\.usdc: not a readable usdc file \('?Cannot read asset"):
        read_asset(tmp_path / "torn.usdc")
    monkeypatch.setattr(usd_file, "_PATIENCE_S", 0.01)
    with pytest.raises(BadSettings, match="not read in 0.01 s"):
        read_asset(fine)


def test_what_a_torn_file_does_to_its_reader_is_told(tmp_path: Path) -> None:
    path = tmp_path / "torn.usdc"
    died = usd_file._told(path, -signal.SIGSEGV, "Warning: something")
    assert isinstance(died, BadSettings) and "its reader died of SIGSEGV" in str(died)
    full = usd_file._told(path, 1, 'Warning\n["MemoryError", ""]\n')
    assert isinstance(full, BadSettings) and "more memory than any mesh should" in str(full)


def test_prims_that_are_called_after_parts_are_the_truth_where_one_says_so(here: None, tmp_path: Path) -> None:
    path = stage(
        tmp_path / "x.usda",
        f"""def Xform "mug" {{
    def Mesh "Handle_1" {{ {SQUARE} }}
    def Mesh "body" {{ {SQUARE.replace("0)", "3)")} }}
}}""",
    )
    shutil.copy(path, tmp_path / "y.usda")
    (tmp_path / "objects.yaml").write_text("x.usda: {object: mug, parts: named}\n")
    (source,), left_out = folder_sources(tmp_path, load_taxonomy())
    assert source.named and [one.asset for one in left_out] == ["y.usda"]
    shape = shape_of(source, ShapeSettings(points=100))
    assert shape.exact and shape.thing.part_names == ("handle", "body") and 0.2 < shape.truth("handle").mean() < 0.8
