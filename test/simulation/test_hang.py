# SPDX-License-Identifier: Apache-2.0
"""The judge of hanging: a mug whose handle is put over the peg stays, one that is put beside it falls."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.data.objects.pans import Saucepan
from func_corr_ros.data.objects.vessels import Mug, Pitcher
from func_corr_ros.errors import DegenerateGeometry, UnknownFunction
from func_corr_ros.geometry.se3 import make
from func_corr_ros.simulation.hang import CLEAR_M, PEG_RADIUS_M, SUNK_M, is_through_loop, judge_hang, object_from_peg
from func_corr_ros.simulation.suite import load_suite

pytest.importorskip("mujoco", reason="the extra [sim] is not here")
pytest.importorskip("coacd", reason="the extra [sim] is not here")


def test_the_peg_goes_between_the_mug_and_its_handle() -> None:
    mug = Mug().build()
    peg, bar = object_from_peg(mug)[:3, 3], mug.object_from_function("hang-onto")[:3, 3]
    beside = 0.5 * Mug().handle_thickness + PEG_RADIUS_M + CLEAR_M
    assert peg[0] == pytest.approx(bar[0] + beside, abs=2e-3), "the handle is at -x"
    np.testing.assert_allclose(peg[1:], bar[1:], atol=1e-9)
    suite = load_suite("hang")
    np.testing.assert_allclose(suite.object_from_tool(mug), object_from_peg(mug))


@pytest.mark.parametrize(("category", "aside", "through"), [
    (Mug, 0.0, True), (Pitcher, 0.0, True),
    (Mug, 0.05, False),  # through the mug, as one hangs it by its rim
    (Mug, -0.03, False),  # beyond the handle
])
def test_a_loop_is_hung_by_not_a_rim(category: type[Mug] | type[Pitcher], aside: float, through: bool) -> None:
    thing = category().build()
    peg, inward = object_from_peg(thing), np.array([1.0 if thing.category == "mug" else -1.0, 0.0, 0.0])
    inward = (peg[:3, 3] - thing.object_from_function("hang-onto")[:3, 3]) if aside == 0.0 else inward
    middle = peg[:3, 3] + aside * inward / np.linalg.norm(inward)
    ends = middle + np.array([[-0.07], [0.07]]) * peg[:3, 1]
    assert is_through_loop(thing, ends) is through
    assert not is_through_loop(thing, ends + 0.1 * peg[:3, 1]), "a peg that ends before the loop"


def test_what_cannot_be_hung_is_refused() -> None:
    with pytest.raises((DegenerateGeometry, UnknownFunction)):
        object_from_peg(Saucepan().build())


@pytest.mark.slow
def test_a_mug_on_the_peg_hangs_and_one_beside_it_falls() -> None:
    mug = Mug().build()
    truth = load_suite("hang").object_from_tool(mug)
    assert judge_hang(mug, truth).success
    beside = judge_hang(mug, truth @ make(np.eye(3), np.array([0.06, 0.0, 0.0])))
    assert not beside.success and beside.measures["sunk_m"] > SUNK_M
