# SPDX-License-Identifier: Apache-2.0
"""The two blades of scissors are one another turned over, and open by the angle given."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.functional_object import draw
from func_corr_ros.data.objects.scissors import Scissors

pytest.importorskip("manifold3d")


@pytest.mark.parametrize("opening", (10.0, 40.0))
def test_the_points_are_as_far_apart_as_the_opening_says(opening: float) -> None:
    shape = Scissors(opening=opening)
    points = points_of(shape.build(), "point")
    apart = np.ptp(points[:, 1])
    assert apart == pytest.approx(2.0 * shape.blade_length * np.sin(np.radians(0.5 * opening)), abs=0.006)


@pytest.mark.parametrize("seed", range(5))
def test_the_edges_face_each_other_before_the_bows(seed: int) -> None:
    thing = draw(Scissors, np.random.default_rng(seed)).build()
    cut, pierce = thing.object_from_function("cut-with"), thing.object_from_function("pierce-with")
    assert cut[1, 3] > 0.0 > cut[1, 0] or cut[1, 0] < -0.8  # on the upper half, towards the other blade
    assert cut[0, 1] > 0.8 and pierce[0, 0] > 0.8
    assert points_of(thing, "handle")[:, 0].max() < points_of(thing, "edges")[:, 0].min() + 0.02
    assert pierce[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=2e-3)


def test_one_half_turned_over_is_the_other() -> None:
    thing = Scissors().build()
    about, edges = thing.symmetries["cut-with"], points_of(thing, "edges")
    off = edges - about.point
    turned = 2.0 * (off @ about.direction)[:, None] * about.direction - off + about.point
    assert np.linalg.norm(turned[:, None] - edges[None], axis=-1).min(axis=1).max() < 1e-4


def test_snips_have_shorter_blades() -> None:
    assert np.ptp(Scissors(style="snips").blade().x) < 0.7 * np.ptp(Scissors(style="office").blade().x)
