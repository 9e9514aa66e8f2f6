# SPDX-License-Identifier: Apache-2.0
"""Dense truth where it is known: an object against itself, its copies, its turned self, and what nobody sees."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from func_corr_ros.data import functional_truth as truth
from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectView, orbit, view_object
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.vessels import Mug, Pitcher
from func_corr_ros.data.surface_samples import SAMPLES, surface_samples
from func_corr_ros.errors import UnknownFunction
from func_corr_ros.geometry.se3 import about_axis, make, transform_points

trimesh = pytest.importorskip("trimesh")
pytest.importorskip("embreex")
pytest.importorskip("manifold3d")

GREY = {"": Material((0.5, 0.5, 0.5))}
CAMERA = STANDARD_CAMERA.resized(224, 224)
X, Y, Z = np.eye(3)


def drum(radius: float = 0.04, height: float = 0.1, order: int = ANY_ANGLE) -> FunctionalObject:
    """A closed cylinder that rolls on its side and presses with its top; whole turns by 1 / ``order`` leave it as it is."""
    mesh = trimesh.creation.cylinder(radius, height, sections=48).subdivide()
    normals = np.asarray(mesh.face_normals)
    part = np.where(normals[:, 2] > 0.9, 1, np.where(normals[:, 2] < -0.9, 2, 0))
    symmetry = Symmetry(order, np.zeros(3), Z)
    return FunctionalObject(
        "drum", np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int64), part.astype(np.int64),
        ("side", "top", "bottom"), {"roll-onto": ("side",), "press-with": ("top",)},
        {"roll-onto": make(np.stack([X, Y, Z], axis=-1), np.zeros(3)),
         "press-with": make(np.stack([Z, X, Y], axis=-1), np.array([0.0, 0.0, height / 2]))},
        symmetries={"roll-onto": symmetry, "press-with": symmetry},
    )


def block(*ends: float) -> FunctionalObject:
    """A cube at each of ``ends`` along x, that pokes away from the middle; half a turn lays two ends on each other."""
    cubes = [trimesh.creation.box((0.02, 0.02, 0.02)).subdivide().apply_translation([x, 0.0, 0.0]) for x in ends]
    mesh = trimesh.util.concatenate(cubes)
    frame = make(np.eye(3), np.array([ends[0] + 0.01, 0.0, 0.0]))
    return FunctionalObject(
        "block", np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int64),
        np.zeros(len(mesh.faces), dtype=np.int64), ("tip",), {"poke-with": ("tip",)}, {"poke-with": frame},
        symmetries={"poke-with": Symmetry(2, np.zeros(3), Z)} if len(ends) == 2 else {},
    )


def moved(thing: FunctionalObject, rotation: np.ndarray, shift: np.ndarray, scale: float) -> FunctionalObject:
    """The same object elsewhere, turned and larger."""
    frames = {name: make(rotation @ frame[:3, :3], scale * rotation @ frame[:3, 3] + shift)
              for name, frame in thing.functional_frames.items()}
    symmetries = {name: Symmetry(item.order, scale * rotation @ item.point + shift, rotation @ item.direction)
                  for name, item in thing.symmetries.items()}
    return replace(thing, vertices=scale * thing.vertices @ rotation.T + shift, functional_frames=frames, symmetries=symmetries)


def seen(thing: FunctionalObject, azimuth: float, elevation: float = 30.0, roll: float = 0.0) -> ObjectView:
    return view_object(thing, GREY, CAMERA, orbit(thing, CAMERA, azimuth, elevation, roll), supersampling=0)


def test_frames_are_laid_on_each_other() -> None:
    mug, pitcher = Mug().build(), Pitcher().build()
    b_from_a = truth.aligned(mug, pitcher, "pour-with")
    scale = np.cbrt(np.linalg.det(b_from_a[:3, :3]))
    of_a, of_b = (thing.object_from_function("pour-with") for thing in (mug, pitcher))
    np.testing.assert_allclose(transform_points(b_from_a, of_a[:3, 3]), of_b[:3, 3], atol=1e-12)
    np.testing.assert_allclose(b_from_a[:3, :3] @ of_a[:3, :3] / scale, of_b[:3, :3], atol=1e-12)
    rms = [np.sqrt(np.square(surface_samples(thing, "pour-with")[0] - frame[:3, 3]).sum(1).mean())
           for thing, frame in ((mug, of_a), (pitcher, of_b))]
    assert scale == pytest.approx(rms[1] / rms[0])


@pytest.mark.parametrize("function", ["pour-with", "hang-onto"])
def test_an_object_is_its_own_partner(function: str) -> None:
    mug = Mug().build()
    pairs = truth.surface_pairs(mug, mug, function)
    assert len(pairs.a) == SAMPLES
    np.testing.assert_array_equal(pairs.a, pairs.b)
    view = seen(mug, 120.0)
    found = truth.visible_pairs(view, view, function)
    assert len(found.a) > 100 and np.abs(found.a - found.b).max() < 0.01 and found.common == 1.0


@pytest.mark.parametrize("function", ["pour-with", "hang-onto"])
def test_a_larger_copy_elsewhere_has_the_same_points_there(function: str) -> None:
    mug, rotation, shift = Mug().build(), about_axis(np.array([1.0, 2.0, -0.5]), 2.0), np.array([0.3, -0.1, 0.05])
    pairs = truth.surface_pairs(mug, moved(mug, rotation, shift, 3.0), function)
    assert len(pairs.a) == SAMPLES
    np.testing.assert_allclose(pairs.b, 3.0 * pairs.a @ rotation.T + shift, atol=1e-9)
    assert pairs.residual.max() < 1e-9


def test_two_views_of_one_object_share_what_both_see() -> None:
    mug = Mug().build()
    a, b = seen(mug, 150.0), seen(mug, 200.0, elevation=50.0, roll=80.0)
    found = truth.visible_pairs(a, b, "pour-with")
    assert len(found.a) > 50
    for view, uv in ((a, found.a), (b, found.b)):
        exact, _ = CAMERA.project(transform_points(view.camera_from_object, found.points.astype(np.float64)))
        np.testing.assert_allclose(uv, exact, atol=1e-3)
        column, row = np.rint(uv).astype(int).T
        off = np.linalg.norm(view.points[row, column] - found.points, axis=1)
        assert np.nanmax(off) < 0.003 and np.isfinite(off).all(), "the pixel there shows the same place"


def test_each_point_has_one_partner() -> None:
    mug, pitcher = Mug().build(), Pitcher().build()
    pairs = truth.surface_pairs(mug, pitcher, "hang-onto")
    assert len(np.unique(pairs.a, axis=0)) == len(pairs.a) == len(np.unique(pairs.b, axis=0)) > 0.9 * SAMPLES
    assert pairs.residual.max() < 0.5


def test_swapping_the_objects_swaps_the_answer() -> None:
    a, b = seen(Mug().build(), 120.0), seen(Pitcher().build(), 60.0)
    for function in ("pour-with", "hang-onto"):
        there, back = truth.visible_pairs(a, b, function), truth.visible_pairs(b, a, function)
        assert len(there.a) == len(back.a) > 12 and there.common == back.common > 0.0
        order, other = np.lexsort(there.a.T), np.lexsort(back.b.T)
        np.testing.assert_allclose(there.a[order], back.b[other], atol=1e-4)
        np.testing.assert_allclose(there.b[order], back.a[other], atol=1e-4)


def test_a_turned_body_looks_the_same_and_matches_where_it_looks_the_same() -> None:
    thing = drum()
    a, b = seen(thing, 10.0), seen(thing, 80.0)
    assert truth.turn_between(a, b, "roll-onto") == pytest.approx(70.0, abs=0.1)
    found = truth.visible_pairs(a, b, "roll-onto")
    spacing = np.median(cKDTree(found.a).query(found.a, 2)[0][:, 1])
    assert len(found.a) > 200 and np.median(np.linalg.norm(found.a - found.b, axis=1)) < spacing


def test_one_of_two_ends_is_laid_on_the_only_one_and_both_on_both() -> None:
    two, one = block(0.1, -0.1), block(0.1)
    for turn, side in ((0.0, 1.0), (180.0, -1.0)):
        pairs = truth.surface_pairs(two, one, "poke-with", turn)
        assert len(pairs.a) > 400 and (side * pairs.a[:, 0] > 0.08).all()
        assert np.linalg.norm(pairs.a * [side, side, 1.0] - pairs.b, axis=1).mean() < 0.005, "of the same size, not half of it"
        back = truth.surface_pairs(one, two, "poke-with", turn)
        assert len(back.a) == len(pairs.a) and (side * back.b[:, 0] > 0.08).all()
    pairs = truth.surface_pairs(two, two, "poke-with")
    np.testing.assert_array_equal(pairs.a, pairs.b)
    assert len(pairs.a) == SAMPLES
    assert np.linalg.det(truth.aligned(two, one, "poke-with")[:3, :3]) == pytest.approx(1.0, abs=0.05)


def test_a_turn_gives_the_symmetric_set() -> None:
    thing = drum()
    pairs = truth.surface_pairs(thing, thing, "roll-onto", turn_deg=90.0)
    turned = pairs.a @ about_axis(Z, np.pi / 2).T
    spacing = np.median(cKDTree(pairs.a).query(pairs.a, 2)[0][:, 1])
    assert len(pairs.a) == SAMPLES and np.linalg.norm(pairs.b - turned, axis=1).mean() < spacing


@pytest.mark.parametrize(("order", "turn"), [(2, 0.0), (4, 90.0), (3, 120.0), (ANY_ANGLE, 70.0)])
def test_the_turn_is_one_that_the_symmetry_allows(order: int, turn: float) -> None:
    a, b = seen(drum(order=order), 10.0), seen(drum(order=order), 80.0)
    assert truth.turn_between(a, b, "roll-onto") == pytest.approx(turn, abs=0.1)
    assert truth.turn_between(a, a, "roll-onto") == pytest.approx(0.0)


def test_the_freer_of_two_symmetries_counts() -> None:
    fixed = replace(drum(), symmetries={})
    for a, b in ((drum(), fixed), (fixed, drum()), (drum(order=2), drum())):
        assert truth.turn_between(seen(a, 10.0), seen(b, 80.0), "roll-onto") == pytest.approx(70.0, abs=0.1)
    assert truth.turn_between(seen(fixed, 10.0), seen(fixed, 80.0), "roll-onto") == 0.0
    assert truth.turn_between(seen(drum(order=2), 10.0), seen(drum(order=3), 80.0), "roll-onto") == pytest.approx(60.0)


def test_turned_bodies_of_other_proportions_meet_end_by_end() -> None:
    slim, wide = drum(0.005, 0.14), drum(0.045, 0.1)
    pairs = truth.surface_pairs(slim, wide, "roll-onto")
    assert len(pairs.a) > 0.95 * SAMPLES
    heights = np.abs(pairs.a[:, 2] / 0.14 - pairs.b[:, 2] / 0.1)
    angles = [np.arctan2(points[:, 1], points[:, 0]) for points in (pairs.a, pairs.b)]
    off = np.abs((angles[0] - angles[1] + np.pi) % (2.0 * np.pi) - np.pi)
    assert np.median(heights) < 0.05 and np.median(off) < 0.15


def test_the_back_of_a_sheet_has_no_partner_on_a_face() -> None:
    face = drum(height=0.001)
    sheet = replace(face, function_parts={"press-with": ("top", "bottom")})
    for a, b, normals in ((sheet, face, "normals_a"), (face, sheet, "normals_b")):
        pairs = truth.surface_pairs(a, b, "press-with")
        assert 0.4 * SAMPLES < len(pairs.a) < 0.6 * SAMPLES
        assert (getattr(pairs, normals)[:, 2] > 0.9).all()
    above, below = seen(sheet, 0.0, 60.0), seen(sheet, 0.0, -60.0)
    assert len(truth.visible_pairs(above, below, "press-with").a) == 0, "what one camera sees the other sees the back of"
    assert len(truth.visible_pairs(above, seen(face, 0.0, 60.0), "press-with").a) > 150


def test_what_a_camera_does_not_see_has_no_partner() -> None:
    thing = drum()
    above, below = seen(thing, 0.0, 40.0), seen(thing, 0.0, -40.0)
    assert len(truth.visible_pairs(above, above, "press-with").a) > 300
    assert len(truth.visible_pairs(above, below, "press-with").a) == 0
    assert truth.visible_pairs(above, below, "press-with").common == 0.0
    mug = Mug().build()  # its handle points to -x, where the camera of azimuth 180 is not
    assert len(truth.visible_pairs(seen(mug, 0.0, 0.0), seen(mug, 180.0, 0.0), "hang-onto").a) == 0


def test_a_function_that_one_has_not_is_refused() -> None:
    with pytest.raises(UnknownFunction, match="cut-with"):
        surface_samples(Mug().build(), "cut-with")
    with pytest.raises(UnknownFunction, match="pour-with"):
        truth.visible_pairs(seen(Mug().build(), 0.0), seen(drum(), 0.0), "pour-with")
