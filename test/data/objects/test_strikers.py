# SPDX-License-Identifier: Apache-2.0
"""Hammers, mallets and tenderizers strike with what stands furthest out across the handle, and lie on their sides."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.strikers import Hammer, Mallet, MeatTenderizer

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

_BUILT = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Hammer, Mallet, MeatTenderizer) for seed in range(4))]


@pytest.fixture(params=_BUILT, ids=lambda pair: pair[1].category)
def built(request: pytest.FixtureRequest) -> tuple[Hammer | Mallet | MeatTenderizer, FunctionalObject]:
    return request.param


def test_closed_and_in_one_piece(built: tuple[Hammer | Mallet | MeatTenderizer, FunctionalObject]) -> None:
    surface = surface_of(built[1])
    assert surface.is_watertight and surface.body_count == 1 and surface.volume > 0.0


def test_the_blow_goes_across_the_handle_and_nothing_stands_further_out(
    built: tuple[Hammer | Mallet | MeatTenderizer, FunctionalObject],
) -> None:
    thing = built[1]
    frame = thing.object_from_function("pound-with")
    assert frame[:3, 2] @ np.array([1.0, 0.0, 0.0]) > 0.97  # z along the handle, which is laid down along x
    head = thing.vertices[thing.vertices[:, 0] > thing.vertices[:, 0].max() - 0.03]
    assert ((head - frame[:3, 3]) @ frame[:3, 0]).max() < 1e-3
    assert points_of(thing, "grip")[:, 0].max() < points_of(thing, "head")[:, 0].min()


def test_it_is_as_long_as_it_should_be(built: tuple[Hammer | Mallet | MeatTenderizer, FunctionalObject]) -> None:
    shape, thing = built
    butt, head = thing.vertices[:, 0].min(), thing.object_from_function("pound-with")[0, 3]
    assert head - butt == pytest.approx(shape.length, rel=0.06)  # along x; it may lie a few degrees aslant


def test_a_gripper_meets_the_grip_at_its_width(built: tuple[Hammer | Mallet | MeatTenderizer, FunctionalObject]) -> None:
    shape, thing = built
    grasp = thing.grasp_frames["handle"]
    assert surface_of(thing).contains([grasp[:3, 3]])[0]
    hits, _, _ = surface_of(thing).ray.intersects_location([grasp[:3, 3] + s * 0.05 * grasp[:3, 1] for s in (1, -1)],
                                                     [-s * grasp[:3, 1] for s in (1, -1)], multiple_hits=False)
    assert np.linalg.norm(hits[0] - hits[1]) == pytest.approx(shape.handle_width, rel=0.35)


@pytest.mark.parametrize("claw", ["curved", "straight"])
def test_the_claw_is_opposite_the_face_forked_and_pulls_towards_the_handle(claw: str) -> None:
    thing = Hammer(claw_style=claw).build()
    pound, pull = thing.object_from_function("pound-with"), thing.object_from_function("pull-with")
    assert (points_of(thing, "claw") - pound[:3, 3]).dot(pound[:3, 0]).max() < -0.05
    assert pull[:3, 0] @ np.array([-1.0, 0.0, 0.0]) > 0.99
    tips = points_of(thing, "claw")
    tips = (tips - pull[:3, 3])[((tips - pound[:3, 3]) @ pound[:3, 0]) < -0.112]  # the last millimetres
    across = tips @ pull[:3, 2]
    assert (across > 0.005).any() and (across < -0.005).any() and (np.abs(across) > 0.004).all()
    behind = points_of(thing, "claw") - pull[:3, 3]
    near = behind[np.abs(behind @ pull[:3, 1]) < 0.004]
    assert (near @ pull[:3, 0]).max() < 2.5e-3  # the frame sits on the claw's inner side


def test_symmetries_follow_the_outlines() -> None:
    assert Hammer(face_style="round").build().symmetries["pound-with"].order == ANY_ANGLE
    assert Hammer(face_style="octagonal").build().symmetries["press-with"].order == 8
    assert MeatTenderizer(tooth_style="ridges").build().symmetries["pound-with"].order == 2
    assert MeatTenderizer(head_style="round").build().symmetries["press-with"].order == ANY_ANGLE


def test_a_mallets_two_faces_are_one_part_half_a_turn_apart() -> None:
    shape = Mallet(head_style="block")
    thing = shape.build()
    along_y = points_of(thing, "face")[:, 1]
    assert np.ptp(along_y) == pytest.approx(shape.head_length, rel=0.02)
    assert thing.symmetries["pound-with"].order == 2
    np.testing.assert_allclose(np.abs(thing.symmetries["pound-with"].direction), [1.0, 0.0, 0.0], atol=0.12)


def test_the_tenderizers_teeth_are_as_deep_and_as_many_as_told() -> None:
    coarse, fine = MeatTenderizer(tooth_pitch=0.012), MeatTenderizer(tooth_pitch=0.0065)
    assert len(fine.build().faces) > len(coarse.build().faces)
    thing = fine.build()
    pound, press = thing.object_from_function("pound-with"), thing.object_from_function("press-with")
    np.testing.assert_allclose(pound[:3, 0], -press[:3, 0], atol=1e-9)
    assert np.linalg.norm(pound[:3, 3] - press[:3, 3]) == pytest.approx(fine.head_length)
    deep = ((points_of(thing, "face") - pound[:3, 3]) @ -pound[:3, 0]).max()
    count = 2 * round((fine.head_width / fine.tooth_pitch - 1.0) / 2.0) + 1
    assert deep == pytest.approx(fine.tooth_depth * fine.head_width / count, rel=0.05)
