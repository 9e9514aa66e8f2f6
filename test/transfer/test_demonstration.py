# SPDX-License-Identifier: Apache-2.0
"""A demonstration that does not hold together cannot be made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.objects import FUNCTIONS
from func_corr_ros.errors import BadDemonstration, NoDepth, NoMask, SizeMismatch
from func_corr_ros.transfer.demonstration import Phase, keypoint_at


def test_keypoint_at_is_the_surface_behind_the_pixel(demonstration):
    keypoint = keypoint_at(demonstration.frame, "outlet", (100.0, 45.0))
    np.testing.assert_allclose(keypoint.point, demonstration.keypoint("outlet").point, atol=1e-6)


def test_keypoint_at_refuses_a_pixel_without_depth(demonstration):
    with pytest.raises(NoDepth, match="outlet"):
        keypoint_at(demonstration.frame.without_depth(), "outlet", (100.0, 45.0))


@pytest.mark.parametrize("bad", ["", "Mug", "../mug", "a" * 65, "mug/1"])
def test_ids_that_could_be_paths_are_refused(demonstration, bad):
    with pytest.raises(BadDemonstration, match="id"):
        replace(demonstration, id=bad)


@pytest.mark.parametrize("function", ["Pour With", "pour-", " pour", "pick  up-with", ""])
def test_a_function_is_lower_case_words(demonstration, function):
    with pytest.raises(BadDemonstration, match="pour-with"):
        replace(demonstration, function=function)


def test_every_function_of_the_library_can_be_shown(demonstration):
    for function in FUNCTIONS:  # "pick up-with" too
        assert replace(demonstration, function=function).function == function


def test_an_empty_mask_is_refused(demonstration):
    with pytest.raises(NoMask, match="board_pour"):
        replace(demonstration, mask=np.zeros_like(demonstration.mask))


def test_a_mask_of_another_size_is_refused(demonstration):
    with pytest.raises(SizeMismatch, match="60"):
        replace(demonstration, mask=np.ones((60, 80), dtype=bool))


def test_a_keypoint_must_project_to_its_pixel(demonstration):
    moved = replace(demonstration.keypoint("outlet"), point=np.array([0.5, 0.0, 1.0]))
    with pytest.raises(BadDemonstration, match="projects to"):
        replace(demonstration, keypoints=(moved,))


def test_a_phase_must_be_about_a_known_keypoint(demonstration):
    with pytest.raises(BadDemonstration, match="outlet"):
        replace(demonstration, phases=(Phase("grasp", "tcp", "lid", np.eye(4)),))


def test_a_phase_must_name_its_link_and_be_rigid(demonstration):
    with pytest.raises(BadDemonstration, match="tool_link"):
        replace(demonstration, phases=(Phase("grasp", "", "outlet", np.eye(4)),))
    with pytest.raises(BadDemonstration, match="rigid"):
        replace(demonstration, phases=(Phase("grasp", "tcp", "outlet", np.diag([1.0, 1.0, -1.0, 1.0])),))
    with pytest.raises(BadDemonstration, match="no phases"):
        replace(demonstration, phases=())
