# SPDX-License-Identifier: Apache-2.0
"""A mesh that a person labelled is an object of ours, turned, parted and framed as said; what does not fit is refused."""
from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from func_corr_ros.data.labelled_meshes import read_labelled_meshes
from func_corr_ros.data.objects.functional_object import ANY_ANGLE
from func_corr_ros.errors import BadSettings

trimesh = pytest.importorskip("trimesh")

ROOT = Path(__file__).resolve().parents[2]
# A bar along the file's y, held at its +y end.
BAR: dict[str, Any] = {
    "file": "bar.ply", "from": "nowhere", "category": "hammer", "axes": ["-y", "x", "z"], "middle": [0.01, 0.0],
    "color": [0.2, 0.4, 0.6],
    "parts": {"end": [{"x": [0.08, None], "normal_x": [0.5, None]}], "top": [{"z": [0.0199, None]}],
              "stripe": [{"near": {"line": [[-0.1, -0.01, 0.0], [0.1, -0.01, 0.0]], "within": 0.004}}]},
    "functions": {"pound-with": {"parts": ["end"], "origin": [0.09, 0, 0.01], "x": [1, 0, 0], "z": [0, 0, 1],
                                 "symmetry": {"order": "any"}},
                  "press-with": {"parts": ["top", "end"], "origin": [0, 0, 0.02], "x": [0, 0, 1], "z": [1, 0, 0],
                                 "symmetry": {"order": 2, "point": [0, 0, 0], "direction": [0, 0, 2]}}},
}
POUND = BAR["functions"]["pound-with"]


def labels(folder: Path, **changes: Any) -> Path:
    """A file with the labels of one bar, some of them changed or (None) left out."""
    mesh = trimesh.creation.box((0.02, 0.2, 0.02))
    for _ in range(4):
        mesh = mesh.subdivide()
    mesh.export(folder / "bar.ply")
    said = {key: value for key, value in {**copy.deepcopy(BAR), **changes}.items() if value is not None}
    (folder / "labels.yaml").write_text(yaml.safe_dump({"bar": said}, sort_keys=False))
    return folder / "labels.yaml"


def test_a_labelled_mesh_lies_turned_parted_and_framed_as_said(tmp_path: Path) -> None:
    thing, look = read_labelled_meshes(labels(tmp_path))["bar"].built()
    np.testing.assert_allclose(thing.vertices.min(axis=0), [-0.11, -0.01, 0.0], atol=1e-7)
    np.testing.assert_allclose(thing.vertices.max(axis=0), [0.09, 0.01, 0.02], atol=1e-7)
    assert thing.category == "hammer" and thing.part_names == ("body", "end", "top", "stripe")
    middles = thing.vertices[thing.faces].mean(axis=1)
    np.testing.assert_allclose(middles[thing.serves("pound-with"), 0], 0.09, atol=1e-7)
    top = middles[thing.part_of_face == 2]
    assert len(top) and (top[:, 2] > 0.0199).all() and (top[:, 0] < 0.09).all(), "the end came first"
    stripe = middles[thing.part_of_face == 3]
    assert len(stripe) and np.hypot(stripe[:, 1] + 0.01, stripe[:, 2]).max() <= 0.004 + 1e-6
    frame = thing.object_from_function("pound-with")
    np.testing.assert_allclose(frame, [[1, 0, 0, 0.09], [0, 1, 0, 0], [0, 0, 1, 0.01], [0, 0, 0, 1]], atol=1e-12)
    turn, half = thing.symmetries["pound-with"], thing.symmetries["press-with"]
    assert turn.order == ANY_ANGLE and half.order == 2
    np.testing.assert_allclose([*turn.point, *turn.direction, *half.direction], [0.09, 0, 0.01, 1, 0, 0, 0, 0, 1], atol=1e-12)
    assert look[""].color == (0.2, 0.4, 0.6), "a PLY of one grey has no colours of its own"


def test_outward_stays_outward_when_it_is_turned(tmp_path: Path) -> None:
    thing, _ = read_labelled_meshes(labels(tmp_path))["bar"].built()
    volume = np.einsum("fk,fk->f", *np.cross(*thing.vertices[thing.faces].transpose(1, 0, 2)[:2])[None],
                       thing.vertices[thing.faces][:, 2]).sum() / 6.0
    assert volume == pytest.approx(0.2 * 0.02 * 0.02, rel=1e-5)


@pytest.mark.parametrize(("changes", "words"), [
    ({"file": None}, "bar: file is missing"),
    ({"colour": [1, 1, 1]}, "bar: colour is unknown; valid: axes, category, color"),
    ({"unit": "ell"}, "bar: unit is 'ell'; valid: m, dm"),
    ({"axes": ["x", "y"]}, "bar: axes is .* three are needed"),
    ({"axes": ["x", "y", "-z"]}, "square to each other and right-handed"),
    ({"axes": ["x", "q", "z"]}, "bar: axes is 'q'; 3 finite numbers are needed"),
    ({"middle": [0, 0, 0]}, "bar: middle is .* 2 finite numbers are needed"),
    ({"parts": {"end": [{"w": [0, 1]}]}}, "bar: parts: end: w is unknown; valid: near, normal_x"),
    ({"parts": {"end": [{"x": [0, "far"]}]}}, r"bar: parts: end: x is \['far'\]; 1 finite numbers are needed"),
    ({"parts": {"end": []}}, "bar: parts: end is .* a list of regions is needed"),
    ({"parts": {"end": [{"near": {"line": [[0, 0, 0]], "within": 1}}]}}, "two corners or more"),
    ({"functions": {"fly-with": POUND}}, "bar: functions: fly-with is unknown; valid: apply torque-with"),
    ({"functions": {"pound-with": {**POUND, "parts": ["head"]}}}, "parts is .'head'.; a list is needed, of"),
    ({"functions": {"pound-with": {**POUND, "z": [2, 0, 0]}}}, "pound-with: x and z: .* parallel"),
    ({"functions": {"pound-with": {**POUND, "symmetry": {"order": 1}}}}, "order is 1; a whole number"),
])
def test_what_does_not_fit_is_refused_by_object_and_field(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=words):
        read_labelled_meshes(labels(tmp_path, **changes))


def test_a_part_beside_the_mesh_and_a_mesh_that_is_not_there_are_named(tmp_path: Path) -> None:
    beside = read_labelled_meshes(labels(tmp_path, parts={"end": [{"x": [5, None]}]}, functions={"pound-with": POUND}))
    with pytest.raises(BadSettings, match=r"bar: parts: end: no face of the mesh, which goes from \[-0.11, -0.01, 0.0\]"):
        beside["bar"].built()
    gone = read_labelled_meshes(labels(tmp_path), root=tmp_path / "elsewhere")
    with pytest.raises(BadSettings, match=r"bar: file .*elsewhere.bar\.ply is not there; it is from nowhere; --root"):
        gone["bar"].built()


def test_a_name_that_makes_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump({"my/bar": BAR}))
    with pytest.raises(BadSettings, match="my/bar: views are files called after it"):
        read_labelled_meshes(tmp_path / "labels.yaml")


def test_the_example_is_in_order() -> None:
    meshes = read_labelled_meshes(ROOT / "examples" / "public_meshes.yaml")
    assert len(meshes) == 22 and {"ycb-mug", "grab-hammer"} <= set(meshes)
