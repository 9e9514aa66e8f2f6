# SPDX-License-Identifier: Apache-2.0
"""How sure a match is: the plain score by its formula, calibrated probabilities, their thresholds, files that hold neither."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from correspondence.heads import ColourBackbone, small_head

from func_corr_ros.correspondence.confidence import (
    Calibration,
    log_odds,
    match_evidence,
    plain_confidence,
    probability,
    serving_evidence,
)
from func_corr_ros.correspondence.match_groups import PART
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.errors import BadWeights

SURE = Calibration((10.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.5, (10.0, 0.0, 0.0), 0.5)
IMAGE = np.random.default_rng(0).integers(0, 255, (80, 90, 3), dtype=np.uint8)
MASK = np.zeros((80, 90), dtype=bool)
MASK[10:70, 15:80] = True


def model(calibration: Calibration | None) -> FunctionalCorrespondence:
    return FunctionalCorrespondence(ColourBackbone(), head=small_head(calibration=calibration))


def test_plain_confidence_falls_with_the_way_back_and_never_exceeds_the_score():
    confidence = plain_confidence(np.full(3, 0.9, np.float32), np.array([0.0, 6.0, 60.0], np.float32), 100.0)
    assert confidence[0] == pytest.approx(0.9)
    assert confidence[1] == pytest.approx(0.9 / np.e, rel=1e-5)  # one tolerance: half of 12 % of 100 px
    assert confidence[2] < 1e-6


def test_log_odds_are_the_inverse_of_the_logistic():
    share = np.array([0.01, 0.3, 0.5, 0.99])
    np.testing.assert_allclose(probability((1.0,), log_odds(share)[:, None]), share)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_evidence_speaks_for_a_match_the_more_the_better():
    n = np.ones(2)
    better = match_evidence(n * [0.5, 0.9], n * [0.2, 0.8], n * [0.2, 0.0], np.array([[0.4, 0.4], [0.9, 0.9]]))
    assert better.shape == (2, 6) and (better[0] == better[1]).tolist() == [True] + [False] * 5
    assert (better[1, 1:] > better[0, 1:]).all()
    assert (serving_evidence(np.array([0.9, 0.8] + [0.1] * 18))[1:] > serving_evidence(np.full(20, 0.1))[1:]).all()


def test_a_calibrated_head_says_how_sure_it_is_and_what_it_accepts():
    for calibration, accepted in (
        (SURE, True), (replace(SURE, accept_match=1.0), False), (replace(SURE, accept_serving=1.0), False)
    ):
        one = model(calibration)
        (embedding,) = one.embed(IMAGE, [MASK], "pour-with")
        found = one.match(embedding, embedding)
        inside, outside = found.part[:, 0] > PART, found.part[:, 0] <= PART
        assert inside.any() and outside.any() and found.exists == pytest.approx(1.0 / (1.0 + np.exp(-10.0)))
        np.testing.assert_allclose(found.confidence[inside], 1.0 / (1.0 + np.exp(-10.0)), rtol=1e-5)
        assert (found.accepted[inside] == accepted).all() and not found.accepted[outside].any()
        plain = plain_confidence(found.score, found.cycle_px, embedding.longer_side)
        np.testing.assert_allclose(found.confidence[outside], plain[outside], rtol=1e-5)
        assert (found.mass > 0).all() and (found.mass <= 1.0 + 1e-5).all()


def test_without_a_calibration_nothing_is_refused_and_nothing_claimed():
    one = model(None)
    (embedding,) = one.embed(IMAGE, [MASK], "pour-with")
    found = one.match(embedding, embedding)
    assert np.isnan(found.exists) and found.accepted.all()
    weight = plain_confidence(found.score, found.cycle_px, embedding.longer_side)
    np.testing.assert_allclose(found.confidence, weight, rtol=1e-5)


def test_a_calibration_comes_back_from_the_file(tmp_path):
    path = small_head(calibration=SURE).save(tmp_path / "head.safetensors")
    assert TrainedHead.load(path).spec.calibration == SURE


@pytest.mark.parametrize("told", [{}, {"match": [1.0], "accept_match": 0.5, "serves": [1.0], "accept_serving": 0.5},
                                  {"match": "x", "accept_match": 0.5, "serves": [1.0], "accept_serving": 0.5}])
def test_what_is_no_calibration_is_refused(told):
    with pytest.raises(BadWeights, match="calibration"):
        Calibration.read(told)
