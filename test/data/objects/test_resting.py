# SPDX-License-Identifier: Apache-2.0
"""What is put down lies on the facet that carries its weight, and takes its frames along."""
import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.resting import middle_of_mass, put_down
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import about_axis, make, transform_points

X, Y, Z = np.eye(3)
# Seen along y: a post 60 mm high that carries an arm towards +x. Its weight hangs beyond its foot.
BRACKET = np.array([[0.0, 0.0], [0.02, 0.0], [0.02, 0.04], [0.1, 0.04], [0.1, 0.06], [0.0, 0.06]])
TRIANGLES = [(0, 1, 2), (0, 2, 5), (2, 3, 4), (2, 4, 5)]


def prism(outline: np.ndarray, triangles: list[tuple[int, int, int]], width: float) -> FunctionalObject:
    """The prism over an outline in (x, z) from y = 0 to ``width``, with a frame, a grasp and a symmetry along its axes."""
    n = len(outline)
    flat = np.stack([outline[:, 0], np.zeros(n), outline[:, 1]], axis=-1)
    faces = [*triangles, *((n + c, n + b, n + a) for a, b, c in triangles)]
    for i in range(n):
        j = (i + 1) % n
        faces += [(i, n + i, j), (j, n + i, n + j)]
    frame = make(np.eye(3), np.array([0.01, 0.02, 0.0]))
    return FunctionalObject(
        "bracket", np.concatenate([flat, flat + width * Y]), np.array(faces, dtype=np.int64),
        np.zeros(len(faces), dtype=np.int64), ("body",), {"press-with": ("body",)}, {"press-with": frame},
        {"post": frame @ make(about_axis(X, np.pi), np.zeros(3))},
        {"press-with": Symmetry(2, np.array([0.01, 0.02, 0.03]), Z.copy())},
    )


def box(length: float = 0.2, width: float = 0.1, height: float = 0.04) -> FunctionalObject:
    corners = np.array([[0.0, 0.0], [length, 0.0], [length, height], [0.0, height]])
    return prism(corners, [(0, 1, 2), (0, 2, 3)], width)


def moved(thing: FunctionalObject, new_from_old: np.ndarray) -> FunctionalObject:
    turn = new_from_old[:3, :3]
    return FunctionalObject(
        thing.category, transform_points(new_from_old, thing.vertices), thing.faces, thing.part_of_face, thing.part_names,
        thing.function_parts, {name: new_from_old @ frame for name, frame in thing.functional_frames.items()},
        {name: new_from_old @ frame for name, frame in thing.grasp_frames.items()},
        {name: Symmetry(item.order, transform_points(new_from_old, item.point[None])[0], turn @ item.direction)
         for name, item in thing.symmetries.items()},
    )


def test_what_rests_is_returned_as_it_is() -> None:
    thing = box()
    assert put_down(thing) is thing


def test_a_floating_box_is_set_down_without_a_turn() -> None:
    low = put_down(moved(box(), make(np.eye(3), 0.3 * Z)))
    np.testing.assert_allclose(low.vertices, box().vertices, atol=1e-12)


@pytest.mark.parametrize("axis", [X, Y, (X + 2.0 * Y) / np.sqrt(5.0)], ids=["roll", "pitch", "both"])
def test_a_tilted_box_comes_to_lie_flat_with_all_its_frames(axis: np.ndarray) -> None:
    tilt = about_axis(axis, np.radians(20.0))
    tilted = moved(box(), make(tilt, np.array([0.1, -0.2, 0.3])))
    down = put_down(tilted)
    assert sorted(np.round(down.vertices[:, 2], 9)) == [0.0] * 4 + [0.04] * 4
    # A tilt about a level axis is undone by the smallest turn, so what is left is a shift: frames point as before the tilt.
    shift = down.vertices[0] - box().vertices[0]
    np.testing.assert_allclose(down.vertices - box().vertices, np.broadcast_to(shift, (8, 3)), atol=1e-9)
    for before, after in ((box().functional_frames, down.functional_frames), (box().grasp_frames, down.grasp_frames)):
        for name, frame in before.items():
            np.testing.assert_allclose(after[name], make(np.eye(3), shift) @ frame, atol=1e-9)
    np.testing.assert_allclose(down.symmetries["press-with"].direction, Z, atol=1e-9)
    np.testing.assert_allclose(down.symmetries["press-with"].point, np.array([0.01, 0.02, 0.03]) + shift, atol=1e-9)


def test_an_overhanging_bracket_tips_over_onto_the_end_of_its_arm() -> None:
    thing = prism(BRACKET, TRIANGLES, 0.05)
    assert middle_of_mass(thing.vertices, thing.faces)[0] > 0.02  # beyond its foot
    down = put_down(thing)
    touching = {tuple(np.round(thing.vertices[i, [0, 2]], 6)) for i in np.flatnonzero(down.vertices[:, 2] < 1e-9)}
    assert touching == {(0.02, 0.0), (0.1, 0.04)}
    turned = down.functional_frames["press-with"][:3, :3]
    np.testing.assert_allclose(turned, about_axis(Y, np.arctan2(0.04, 0.08)), atol=1e-9)
    np.testing.assert_allclose(down.symmetries["press-with"].direction, turned @ Z, atol=1e-9)
    np.testing.assert_allclose(put_down(down).vertices, down.vertices, atol=1e-9)


def test_a_bracket_with_a_short_arm_stays_upright() -> None:
    outline = np.where(BRACKET == 0.1, 0.03, BRACKET)
    thing = prism(outline, TRIANGLES, 0.05)
    assert put_down(thing) is thing


def test_what_nothing_carries_near_its_underside_is_refused() -> None:
    thing = prism(BRACKET, TRIANGLES, 0.05)
    with pytest.raises(DegenerateGeometry, match="a bracket rests on nothing within 20 deg"):
        put_down(thing, tilt_at_most_deg=20.0)
    assert put_down(thing, tilt_at_most_deg=27.0) is not thing


def test_the_middle_of_mass_is_the_known_one_wherever_the_solid_lies() -> None:
    away = np.array([0.7, -0.4, 1.3])
    boxed, bracket = box(), prism(BRACKET, TRIANGLES, 0.05)
    tetrahedron = np.array([[0.0, 0.0, 0.0], [0.3, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int64)
    np.testing.assert_allclose(middle_of_mass(boxed.vertices + away, boxed.faces), away + [0.1, 0.05, 0.02], atol=1e-12)
    np.testing.assert_allclose(middle_of_mass(tetrahedron + away, faces), away + [0.075, 0.05, 0.025], atol=1e-12)
    post, arm = 0.02 * 0.06 * np.array([0.01, 0.03]), 0.08 * 0.02 * np.array([0.06, 0.05])
    x, z = (post + arm) / (0.02 * 0.06 + 0.08 * 0.02)
    np.testing.assert_allclose(middle_of_mass(bracket.vertices, bracket.faces), [x, 0.025, z], atol=1e-12)
