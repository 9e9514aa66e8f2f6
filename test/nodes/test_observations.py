# SPDX-License-Identifier: Apache-2.0
"""What nodes tell each other is either whole or an error, and no error is lost on the way."""

import numpy as np
import pytest

from func_corr_ros.errors import NoDepth, NoInput, NoMask, NoReference, SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.rigid_fit import Similarity
from func_corr_ros.nodes.observations import (
    MatchesSeen,
    Moment,
    ObjectsSeen,
    PointMatches,
    ReferencePicture,
    SeenKeypoint,
    inliers,
    lifted,
    object_mask,
)
from func_corr_ros.segmentation.segmenter import Segmentation, SegmentedObject
from func_corr_ros.transfer.align import Alignment

AT = Moment(1, "camera")


def two_objects() -> Segmentation:
    labels = np.zeros((6, 8), dtype=np.uint16)
    labels[1:3, 1:3], labels[3:6, 4:8] = 1, 2
    return Segmentation(labels, (SegmentedObject(2, "", 0.9, (4, 3, 8, 6)), SegmentedObject(1, "", 0.5, (1, 1, 3, 3))))


def test_what_was_not_seen_raises() -> None:
    with pytest.raises(NoMask, match="nothing"):
        ObjectsSeen(AT, error=NoMask("nothing")).checked()
    with pytest.raises(NoInput):
        ObjectsSeen(AT).checked()
    camera = PinholeCamera(5.0, 5.0, 4.0, 3.0, 9, 6)
    small = RgbdFrame(np.zeros((6, 9, 3), np.uint8), np.ones((6, 9), np.float32), camera, 1, "camera")
    with pytest.raises(SizeMismatch, match="8x6 px, the colour image 9x6 px"):
        ObjectsSeen(AT, small, two_objects()).checked()


def test_the_object_at_a_pixel_or_the_best() -> None:
    found = two_objects()
    assert np.array_equal(object_mask(found, None), found.labels == 2)
    assert np.array_equal(object_mask(found, (2.4, 1.6)), found.labels == 1)
    for uv in ((0.0, 0.0), (-3.0, 2.0), (800.0, 2.0), (np.nan, 2.0), (2.0, -np.inf), (1e38, 2.0)):
        with pytest.raises(NoMask, match="objects and their boxes"):
            object_mask(found, uv)
    with pytest.raises(NoMask):
        object_mask(Segmentation(np.zeros((2, 2), dtype=np.uint16), ()), None)


def matches(blocks, **changes) -> MatchesSeen:
    demonstration = blocks.demonstration()
    v, u = np.nonzero(demonstration.mask)
    uv = np.stack([u[::50], v[::50]], axis=1).astype(np.float32)
    points, _ = demonstration.frame.points_at(uv)
    found = PointMatches(points, uv, uv, np.ones(len(uv), dtype=np.float32))
    keypoints = (SeenKeypoint("top", (0.0, 0.0), (0.0, 0.0), 0.5, np.full(3, np.nan)),)
    return MatchesSeen(**{"moment": AT, "reference_id": "blocks", "points": found, "keypoints": keypoints, **changes})


def test_matches_are_lifted_with_the_demonstrations_depth(blocks) -> None:
    pairs = lifted(blocks.demonstration(), matches(blocks))
    assert np.allclose(pairs.reference, pairs.live) and len(pairs.live) > 100 and pairs.keypoints == {}


def test_errors_and_other_references_are_not_lifted(blocks) -> None:
    demonstration = blocks.demonstration()
    with pytest.raises(NoDepth, match="upstream"):
        lifted(demonstration, matches(blocks, error=NoDepth("upstream")))
    with pytest.raises(NoReference, match="'other'"):
        lifted(demonstration, matches(blocks, reference_id="other"))
    with pytest.raises(NoReference):
        lifted(demonstration, matches(blocks, points=None))


def test_inliers_are_found_again_among_the_matches(blocks) -> None:
    seen = matches(blocks)
    pairs = lifted(blocks.demonstration(), seen)
    chosen = np.arange(len(pairs.live)) % 3 == 0
    alignment = Alignment(Similarity(1.0, np.eye(3), np.zeros(3)), chosen, np.zeros_like(pairs.live), 0.0, 1.0, 0.1, True)
    found = inliers(seen.points, pairs, alignment)
    assert np.array_equal(found.points, pairs.live[chosen]) and np.array_equal(found.uv, found.uv_reference)


def test_a_reference_picture_is_the_demonstrations(blocks) -> None:
    demonstration = blocks.demonstration()
    picture = ReferencePicture.of(demonstration)
    assert (picture.id, picture.function) == ("blocks", "pour-with") and picture.image is demonstration.frame.color
    assert picture.keypoints == {"top": demonstration.keypoints[0].uv}
