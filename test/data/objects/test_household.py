# SPDX-License-Identifier: Apache-2.0
"""Distractors are solid and have the size they are given."""
import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import draw
from func_corr_ros.data.objects.household import Can, Carton

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")


def test_a_carton_is_a_box() -> None:
    carton = Carton(width=0.06, length=0.09, height=0.13).build()
    assert trimesh.Trimesh(carton.vertices, carton.faces, process=False).volume == pytest.approx(0.06 * 0.09 * 0.13, rel=1e-9)
    np.testing.assert_allclose(carton.vertices.min(axis=0), [-0.03, -0.045, 0.0], atol=1e-12)


def test_a_can_has_its_size_and_two_parts() -> None:
    can = Can(height=0.1, radius=0.03).build()
    np.testing.assert_allclose(np.ptp(can.vertices, axis=0), [0.06, 0.06, 0.1], atol=1e-4)
    assert can.part_names == ("body", "lid")


@pytest.mark.parametrize("kind", [Can, Carton])
def test_draws_are_closed(kind: type) -> None:
    for seed in range(5):
        thing = draw(kind, np.random.default_rng(seed)).build()
        surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
        assert surface.is_watertight and surface.volume > 0.0 and thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-12)
