# SPDX-License-Identifier: Apache-2.0
"""A perfect transfer has no error, a turned one has that turn; the oracle's matches are true and the core gives the pose back."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from func_corr_ros.data.library_demonstration import OBJECT
from func_corr_ros.evaluation.transfer_cases import TransferCase, draw_cases, true_correspondence
from func_corr_ros.evaluation.transfer_fit_cases import MatchedCase, judged
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.geometry.se3 import inverse, transform_points
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.pipeline import lift, transfer_matches
from func_corr_ros.transfer.transfer import Transfer


@pytest.fixture(scope="module")
def case() -> TransferCase:
    (drawn,) = draw_cases("scoop-with", ("trowel",), 1)
    return drawn


def test_the_oracle_gives_the_pose_back(case: TransferCase) -> None:
    assert case.within_category and case.split == "seen"
    frame = case.live.frame
    segmentation = GivenMaskSegmenter(case.live.mask(OBJECT)).segment(frame)
    result = transfer_matches(case.demonstration(), frame, segmentation, true_correspondence(case))
    assert isinstance(result.outcome, Transfer)
    error = case.error(result.outcome)
    assert error.distance < 0.05 * error.size and error.angle_deg < 10.0
    true = case.live.camera_from_function(OBJECT, "scoop-with")
    turned = [replace(phase, camera_from_tool=true) for phase in result.outcome.phases]
    exact = case.error(replace(result.outcome, phases=tuple(turned)))
    assert exact.distance == pytest.approx(0.0, abs=1e-9) and exact.angle_deg == pytest.approx(0.0, abs=1e-4)


def test_the_oracles_matches_are_seen_on_both(case: TransferCase) -> None:
    found = true_correspondence(case)
    assert len(found.confidence) > 30
    for view, uv in ((case.live, found.matches.uv_query), (case.shown, found.matches.uv_target)):
        serving = view.serves(OBJECT, "scoop-with")
        columns, rows = np.rint(uv).astype(int).T
        assert serving[rows, columns].mean() > 0.8, "exact projections may round to the pixel beside the part"


def of_the_whole_object(case: TransferCase) -> LiftedMatches:
    """Returns the oracle's matches of the part, and of the rest what lies nearest when functional frames lie in one another:
    without it nothing tells the two ends of a tool apart.
    """
    lifted = lift(case.demonstration(), true_correspondence(case), case.live.frame)
    shown, live = (
        back_project(view.frame.depth, view.frame.camera, view.mask(OBJECT) & ~view.serves(OBJECT, case.function))[0]
        for view in (case.shown, case.live)
    )
    frames = [view.camera_from_function(OBJECT, case.function) for view in (case.shown, case.live)]
    nearest = cKDTree(live).query(transform_points(frames[1] @ inverse(frames[0]), shown))[1]
    of_part, rest = len(lifted.weights), len(shown)
    return replace(
        lifted, reference=np.concatenate([lifted.reference, shown]), live=np.concatenate([lifted.live, live[nearest]]),
        weights=np.concatenate([lifted.weights, np.full(rest, lifted.weights.mean())]),
        part=np.repeat([0.9, 0.1], [of_part, rest])[:, None].repeat(2, axis=1),
    )


def test_a_case_to_fit_to_is_judged_by_the_true_pose(case: TransferCase) -> None:
    frame, demonstration = case.live.frame, case.demonstration()
    support = GivenMaskSegmenter(case.live.mask(OBJECT)).segment(frame).support
    lifted = of_the_whole_object(case)
    true, size = case.live.camera_from_function(OBJECT, case.function), float(np.ptp(case.things[1].vertices, axis=0).max())
    matched = MatchedCase(case.id, case.within_category, demonstration, support, lifted, true, np.eye(4)[None], size)
    found = judged(matched)
    assert found.right and found.error is not None and found.error.angle_deg < 20.0
    assert found.turn is not None and found.turn.right.any() and not found.turn.right.all(), "a turn carries it, not any turn"
    elsewhere = true.copy()
    elsewhere[:3, 3] += size
    assert found.measured is not None and judged(replace(matched, true=elsewhere)).right is False
    assert judged(replace(matched, lifted=None)).measured is None and not judged(replace(matched, lifted=None)).right
