# SPDX-License-Identifier: Apache-2.0
"""A perfect transfer has no error, a turned one has that turn; the oracle's matches are true and the core gives the pose back."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.library_demonstration import OBJECT
from func_corr_ros.evaluation.transfer_cases import TransferCase, draw_cases, true_correspondence
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.transfer.pipeline import transfer_matches
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
