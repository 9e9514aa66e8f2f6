# SPDX-License-Identifier: Apache-2.0
"""Input that no transfer can be made of gets a refusal by name, with the number that says why; never a pose."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.errors import DegenerateGeometry, FuncCorrError, HighResidual, ImplausibleDepth, NoDepth, TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.lift import LiftedMatches, lift_matches
from func_corr_ros.transfer.transfer import Refusal, Transfer, transfer_demonstration

UP = np.array([0.0, -1.0, 0.0])
TABLE = Plane(UP, 0.3)
YAW = about_axis(UP, np.radians(40.0))


def points(count: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([-0.06, -0.05, 0.95], [0.06, 0.05, 1.05], (count, 3))


def refused(demonstration, reference: np.ndarray, live: np.ndarray, support: Plane | None = TABLE, **more) -> FuncCorrError:
    shown = demonstration if support is not None else replace(demonstration, support=None)
    outcome = transfer_demonstration(shown, LiftedMatches(reference, live, np.full(len(live), 0.8), 1.0, **more), support)
    assert isinstance(outcome, Refusal), "a pose was given"
    return outcome.error


@pytest.mark.parametrize("support", [TABLE, None])
def test_points_on_one_line(demonstration, support: Plane | None) -> None:
    # Along the support's normal no turn is determined; without a support no line determines one.
    line = np.array([0.0, 0.0, 1.0]) + np.linspace(-0.1, 0.1, 100)[:, None] * UP
    error = refused(demonstration, line, line, support)
    assert isinstance(error, DegenerateGeometry) and "line" in str(error)


def test_two_points(demonstration) -> None:
    error = refused(demonstration, points(2), points(2))
    assert isinstance(error, TooFewPoints) and str(error).startswith("2 lifted matches")


def test_all_points_in_one_place(demonstration) -> None:
    error = refused(demonstration, points(), np.tile([0.0, 0.0, 1.0], (300, 1)))
    assert isinstance(error, DegenerateGeometry) and "span" in str(error)


@pytest.mark.parametrize("support", [TABLE, None])
def test_sixty_percent_of_wrong_matches(demonstration, support: Plane | None) -> None:
    reference = points()
    live = reference @ YAW.T
    live[:180] = np.random.default_rng(1).uniform(-0.3, 0.3, (180, 3)) + [0.0, 0.0, 1.0]
    error = refused(demonstration, reference, live, support)
    assert isinstance(error, HighResidual) and "min_inlier_ratio" in str(error)


@pytest.mark.parametrize("support", [TABLE, None])
def test_mirrored_geometry_is_reported_and_its_poses_are_rotations(demonstration, support: Plane | None) -> None:
    reference = points()
    live = reference * [-1.0, 1.0, 1.0]
    shown = demonstration if support is not None else replace(demonstration, support=None)
    outcome = transfer_demonstration(shown, LiftedMatches(reference, live, np.full(300, 0.8), 1.0), support)
    assert isinstance(outcome, Transfer) and outcome.mirrored, "no plain motion explains it"
    for phase in outcome.phases:
        assert np.linalg.det(phase.camera_from_tool[:3, :3]) == pytest.approx(1.0, abs=1e-9)
    mixed = reference * np.array([[1.0, 1.0, 1.0], [-1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])[np.arange(300) % 3]
    assert isinstance(refused(demonstration, reference, mixed, support), HighResidual), "mirrored this way and that is no object"


@pytest.mark.parametrize(("factor", "words"), [(1000.0, "millimetres read as metres"), (0.001, "metres read as millimetres")])
@pytest.mark.parametrize("which", ["live", "reference"])
def test_depth_in_another_unit(demonstration, factor: float, words: str, which: str) -> None:
    uv = np.stack(np.meshgrid(np.arange(60, 100, 4), np.arange(45, 75, 4)), axis=-1).reshape(-1, 2).astype(np.float32)
    frame: RgbdFrame = demonstration.frame
    scaled = replace(frame, depth=(frame.depth * np.float32(factor)))
    shown, seen = (scaled, frame) if which == "reference" else (frame, scaled)
    with pytest.raises(ImplausibleDepth, match=words) as caught:
        lift_matches(shown, uv, seen.points_at(uv)[0], np.ones(len(uv), dtype=np.float32))
    assert isinstance(caught.value, NoDepth) and ("demonstration" if which == "reference" else "live frame") in str(caught.value)
