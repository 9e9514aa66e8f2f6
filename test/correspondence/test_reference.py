# SPDX-License-Identifier: Apache-2.0
"""A reference is embedded once each way, at its true pixels."""
from __future__ import annotations

import numpy as np
import pytest
from nodes.color_backbone import load

from func_corr_ros.correspondence.reference import make_reference
from func_corr_ros.errors import NoMask, UnknownFunction


@pytest.fixture
def picture():
    image = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:60] = True
    return image, mask


def test_both_embeddings_are_of_the_same_pixels(picture):
    reference = make_reference(load(), "shown", "pour-with", *picture, {"top": (30.0, 12.0)})
    np.testing.assert_array_equal(reference.embedding.uv, reference.mirrored.uv)
    assert not reference.embedding.mirrored and reference.mirrored.mirrored
    assert (reference.id, reference.function, dict(reference.keypoints)) == ("shown", "pour-with", {"top": (30.0, 12.0)})


def test_mistakes_are_those_of_embedding(picture):
    image, mask = picture
    with pytest.raises(NoMask):
        make_reference(load(), "shown", "pour-with", image, np.zeros_like(mask), {})
    with pytest.raises(UnknownFunction):
        make_reference(load(), "shown", "Pour With", image, mask, {})
