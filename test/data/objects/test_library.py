# SPDX-License-Identifier: Apache-2.0
"""Laws that every category of the library keeps, in every draw: closed, at rest, labelled, framed, held, as the taxonomy says."""
from pkgutil import resolve_name

import numpy as np
import pytest
from data.drawn_objects import SEEDS, drawn
from data.objects.surfaces import surface_of

from func_corr_ros.data.dress import SUBSTANCES
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.deviations import DEVIATIONS, TAXONOMY_NAMES
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject
from func_corr_ros.data.objects.functions import FUNCTIONS
from func_corr_ros.data.objects.resting import put_down
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.settings import leaves

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

NAMES = sorted(CATEGORIES)
DISTRACTORS = {"carton"}
TWO_BODIES = {"chopsticks"}
# Their frame stands in the middle of a gap or of a body, not on the surface that serves.
BETWEEN = {"pick up-with", "apply torque-with", "roll-onto", "hang-onto", "sift-with"}
OPENING_M = 0.085


def serving(thing: FunctionalObject, function: str) -> "trimesh.Trimesh":
    return trimesh.Trimesh(thing.vertices, thing.faces[thing.serves(function)], process=False)


every = pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in NAMES for seed in SEEDS])


def test_there_are_enough_of_them() -> None:
    taxonomy = load_taxonomy()
    serve = {function: {name for name in NAMES if function in drawn(name, 0).function_parts} for function in FUNCTIONS}
    few = {function: sorted(names) for function, names in serve.items()
           if len(names) < min(5, len(taxonomy.objects_for(function)))}
    assert not few, few
    assert len(NAMES) - len(DISTRACTORS) >= 45


@pytest.mark.parametrize("name", NAMES)
def test_it_varies_in_many_ways(name: str) -> None:
    settings = list(leaves(resolve_name(CATEGORIES[name])))
    assert sum(not info.choices for info in settings) >= 8, "continuous parameters"
    assert any(info.choices for info in settings), "styles"
    proportions = np.array([np.ptp(drawn(name, seed).vertices, axis=0) for seed in SEEDS])
    proportions /= proportions.max(axis=1, keepdims=True)
    assert np.abs(np.diff(proportions, axis=0)).max() > 0.002 or len({len(drawn(name, seed).faces) for seed in SEEDS}) > 1


@every
def test_it_is_solid_and_at_rest(name: str, seed: int) -> None:
    thing = drawn(name, seed)
    mesh = surface_of(thing)
    assert thing.category == name
    assert mesh.is_watertight and mesh.volume > 0.0
    assert mesh.body_count == 1 or name in TWO_BODIES
    assert 300 <= len(thing.faces) <= 26_000
    assert abs(thing.vertices[:, 2].min()) < 1e-9
    np.testing.assert_allclose(put_down(thing).vertices, thing.vertices, atol=1e-4)


@every
def test_every_part_is_seen_and_made_of_something(name: str, seed: int) -> None:
    thing = drawn(name, seed)
    share = np.bincount(thing.part_of_face, surface_of(thing).area_faces, len(thing.part_names))
    assert (share > 0.002 * share.sum()).all(), dict(zip(thing.part_names, share / share.sum(), strict=True))
    grouped = [part for parts, _ in thing.substances for part in parts]
    assert sorted(grouped) == sorted(thing.part_names)
    assert {word for _, words in thing.substances for word in words} <= set(SUBSTANCES)


@pytest.mark.parametrize("name", NAMES)
def test_its_functions_are_those_of_the_taxonomy(name: str) -> None:
    ours, published = drawn(name, 0).function_parts, load_taxonomy().functions_of(TAXONOMY_NAMES.get(name, name))
    differs = {function for function in ours.keys() | published.keys()
               if not (function in ours and function in published and set(ours[function]) <= set(published[function]))}
    assert differs == {function for category, function in DEVIATIONS if category == name}


def test_deviations_are_of_categories_that_exist() -> None:
    assert {category for category, _ in DEVIATIONS} <= set(NAMES) and {function for _, function in DEVIATIONS} <= set(FUNCTIONS)
    assert all(len(reason) > 10 for reason in DEVIATIONS.values())


@every
def test_frames_are_rotations_on_the_parts_that_serve(name: str, seed: int) -> None:
    thing = drawn(name, seed)
    assert set(thing.function_parts) == set(thing.functional_frames) <= set(FUNCTIONS)
    for function, frame in thing.functional_frames.items():
        np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(frame[:3, :3]) > 0.0
        assert set(thing.function_parts[function]) <= set(thing.part_names) and thing.serves(function).any()
        if function not in BETWEEN:
            distance = trimesh.proximity.closest_point(serving(thing, function), frame[None, :3, 3])[1][0]
            assert distance < 2e-3, f"{function}: {1e3 * distance:.1f} mm off its part"


@every
def test_symmetries_hold_on_the_parts_that_serve(name: str, seed: int) -> None:
    thing = drawn(name, seed)
    for function, symmetry in thing.symmetries.items():
        part = serving(thing, function)
        points = trimesh.sample.sample_surface(part, 200, seed=0)[0]
        turn = about_axis(symmetry.direction, 1.0 if symmetry.order == ANY_ANGLE else 2.0 * np.pi / symmetry.order)
        off = trimesh.proximity.closest_point(part, (points - symmetry.point) @ turn.T + symmetry.point)[1]
        assert np.percentile(off, 95) < 0.02 * np.ptp(thing.vertices, axis=0).max(), function


@every
def test_a_gripper_can_hold_it(name: str, seed: int) -> None:
    thing = drawn(name, seed)
    assert thing.grasp_frames or name in DISTRACTORS
    mesh = surface_of(thing)
    for grasp, frame in thing.grasp_frames.items():
        closing = frame[:3, 1]
        fingers = frame[:3, 3] + 0.5 * OPENING_M * np.array([[-1.0], [1.0]]) * closing
        touched, ray, _ = mesh.ray.intersects_location(fingers, np.stack([closing, -closing]), multiple_hits=False)
        assert set(ray) == {0, 1}, f"{grasp}: a finger meets nothing"
        assert not mesh.contains(fingers).any(), f"{grasp}: a finger begins inside"
        assert (np.linalg.norm(touched - frame[:3, 3], axis=1) < 0.5 * OPENING_M).all(), grasp
