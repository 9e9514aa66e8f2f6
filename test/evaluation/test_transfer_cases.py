# SPDX-License-Identifier: Apache-2.0
"""A perfect transfer has no error, a turned one has that turn; the oracle's matches are true and the core gives the pose back."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.library_demonstration import OBJECT
from func_corr_ros.evaluation.transfer_cases import TransferCase, draw_cases, true_correspondence
from func_corr_ros.evaluation.transfer_fit_cases import MatchedCase, judged
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
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


def test_a_case_to_fit_to_is_judged_by_the_true_pose(case: TransferCase) -> None:
    frame, demonstration = case.live.frame, case.demonstration()
    support = GivenMaskSegmenter(case.live.mask(OBJECT)).segment(frame).support
    lifted = lift(demonstration, true_correspondence(case), frame)
    lifted = replace(lifted, part=np.full((len(lifted.weights), 2), 0.9))
    true, size = case.live.camera_from_function(OBJECT, case.function), float(np.ptp(case.things[1].vertices, axis=0).max())
    matched = MatchedCase(case.id, case.within_category, demonstration, support, lifted, true, np.eye(4)[None], size)
    found = judged(matched)
    assert found.right and found.error is not None and found.error.angle_deg < 20.0
    assert found.turn is not None and found.turn.right.any() and not found.turn.right.all(), "a turn carries it, not any turn"
    elsewhere = true.copy()
    elsewhere[:3, 3] += size
    assert found.measured is not None and judged(replace(matched, true=elsewhere)).right is False
    assert judged(replace(matched, lifted=None)).measured is None and not judged(replace(matched, lifted=None)).right
