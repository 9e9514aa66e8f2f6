# SPDX-License-Identifier: Apache-2.0
"""A guessed frame moves with the object, knows edges by their length and leaves round parts free; parts meet half as far off."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from func_corr_ros.data.functional_truth import sample_pairs
from func_corr_ros.data.objects.functional_object import ANY_ANGLE
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.data.surface_samples import ServingSamples, even_points, serving_samples
from func_corr_ros.training.estimated_frame import estimated_samples


def guessed(category: str, function: str, seed: int = 3) -> tuple[ServingSamples, ServingSamples, np.ndarray]:
    """The exact samples, the guessed ones, and the cloud of the whole object."""
    thing = drawn_object(category, seed)
    exact = serving_samples(thing, function).first(128)
    body = even_points(thing.vertices, thing.faces, 2048)[0]
    return exact, estimated_samples(exact.points, exact.normals, body), body


def test_an_edge_has_a_length_and_two_ways_round() -> None:
    exact, found, _ = guessed("axe", "cut-with")
    along = np.abs(exact.object_from_function[:3, 1] @ found.object_from_function[:3, 0])
    assert along > 0.75 and found.symmetry is not None and found.symmetry.order == 2
    np.testing.assert_allclose(found.object_from_function[:3, :3].T @ found.object_from_function[:3, :3], np.eye(3), atol=1e-9)
    assert np.linalg.det(found.object_from_function[:3, :3]) > 0.0


def test_a_rim_is_round_and_looks_from_the_body() -> None:
    _, found, _ = guessed("bowl", "pour-with")
    assert found.symmetry is not None and found.symmetry.order == ANY_ANGLE
    assert found.object_from_function[2, 2] > 0.95


def test_the_frame_moves_with_the_object() -> None:
    exact, found, body = guessed("axe", "cut-with")
    turn, shift = Rotation.from_rotvec([0.4, -1.1, 0.3]).as_matrix(), np.array([0.3, -2.0, 0.5])
    moved = estimated_samples(exact.points @ turn.T + shift, exact.normals @ turn.T, body @ turn.T + shift)
    np.testing.assert_allclose(moved.object_from_function[:3, 3], turn @ found.object_from_function[:3, 3] + shift, atol=1e-9)
    np.testing.assert_allclose(moved.object_from_function[:3, 2], turn @ found.object_from_function[:3, 2], atol=1e-9)


def test_parts_lie_nearer_to_their_true_partners_than_by_chance() -> None:
    ratios = []
    for function, one, other in (
        ("cut-with", "axe", "cleaver"), ("pour-with", "bowl", "glass"), ("pound-with", "hammer", "mallet"),
        ("write-with", "pen", "pencil"),
    ):
        (a, of_a, _), (b, of_b, _) = guessed(one, function), guessed(other, function)
        true, found = sample_pairs(a, b), sample_pairs(of_a, of_b)
        turned = sample_pairs(of_a, of_b, 180.0)
        partner = dict(zip(true.index_a.tolist(), true.index_b.tolist(), strict=True))

        def off(pairs: object, partner: dict[int, int] = partner, b: ServingSamples = b) -> float:
            at = [(j, partner[i]) for i, j in zip(pairs.index_a.tolist(), pairs.index_b.tolist(), strict=True) if i in partner]
            return float(np.mean([np.linalg.norm(b.points[j] - b.points[k]) for j, k in at]))

        order = np.random.default_rng(0).permutation(len(b.points))
        chance = off(replace(true, index_b=order[true.index_b]))
        ratios.append(min(off(found), off(turned)) / chance)  # which way round is open
    assert np.mean(ratios) < 0.6
