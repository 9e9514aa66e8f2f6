# SPDX-License-Identifier: Apache-2.0
"""The judge of pounding: a flat face drives the nail along itself, a slanted or missing one does not."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.simulation.pound import DRIVEN_M, judge_pound

pytest.importorskip("mujoco", reason="the extra [sim] is not here")
pytest.importorskip("coacd", reason="the extra [sim] is not here")

# The middle of the block's face at +x, which strikes along x.
FACE = make(np.eye(3), np.array([0.05, 0.0, 0.02]))


@pytest.fixture(autouse=True)
def _kept_parts(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("FUNC_CORR_CACHE", str(folder))


def block() -> FunctionalObject:
    return FunctionalObject("block", *box(np.array([-0.05, -0.02, 0.0]), np.array([0.05, 0.02, 0.04]), "body").mesh())


def test_a_true_blow_drives_the_nail_along_itself() -> None:
    judgement = judge_pound(block(), FACE)
    assert judgement.success
    assert judgement.measures["depth_mm"] == pytest.approx(1e3 * DRIVEN_M, abs=5.0)  # it goes on a little by itself
    assert judgement.measures["angle_deg"] < 5.0


def test_a_blow_beside_the_nail_does_nothing() -> None:
    beside = FACE @ make(np.eye(3), np.array([0.0, 0.06, 0.0]))
    judgement = judge_pound(block(), beside)
    assert not judgement.success
    assert judgement.measures == {"depth_mm": pytest.approx(0.0, abs=0.5), "angle_deg": 90.0}


def test_a_slanted_blow_pushes_the_nail_aside() -> None:
    slanted = FACE @ make(about_axis(np.array([0.0, 1.0, 0.0]), np.radians(40.0)), np.zeros(3))
    judgement = judge_pound(block(), slanted)
    assert not judgement.success
    assert judgement.measures["angle_deg"] > 25.0
