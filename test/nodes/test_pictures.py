# SPDX-License-Identifier: Apache-2.0
"""The dense field says at every pixel near a match where it lies in the reference, and nothing elsewhere."""

import numpy as np

from func_corr_ros.nodes.observations import PointMatches, SeenKeypoint
from func_corr_ros.nodes.pictures import dense_field, flow_picture, matches_picture, objects_picture
from func_corr_ros.segmentation.segmenter import Segmentation, SegmentedObject


def lattice(mask: np.ndarray, stride: int) -> PointMatches:
    v, u = np.nonzero(mask)
    on = (v % stride == 0) & (u % stride == 0)
    uv = np.stack([u[on], v[on]], axis=1).astype(np.float32)
    return PointMatches(np.zeros((len(uv), 3)), uv, uv + np.float32(100.0), np.linspace(0, 1, len(uv)).astype(np.float32))


def test_every_pixel_of_the_mask_takes_its_nearest_match() -> None:
    mask = np.zeros((30, 40), dtype=bool)
    mask[6:24, 9:30] = True
    for stride in (1, 3):
        points = lattice(mask, stride)
        flow, confidence = dense_field(points, mask, stride)
        assert np.isnan(flow[~mask]).all() and np.isnan(confidence[~mask]).all()
        u, v = points.uv.astype(int).T
        assert np.array_equal(flow[v, u], points.uv_reference) and np.array_equal(confidence[v, u], points.confidence)
        rows, columns = np.nonzero(np.isfinite(confidence))
        away = flow[rows, columns] - 100.0 - np.stack([columns, rows], axis=1)
        assert np.abs(away).max() <= stride // 2
        assert np.isfinite(confidence[mask]).mean() > 0.85  # the last row and column may be a step from the lattice


def test_matches_at_the_border_stay_inside() -> None:
    mask = np.ones((4, 5), dtype=bool)
    uv = np.array([[0.0, 0.0], [4.0, 3.0]], dtype=np.float32)
    points = PointMatches(np.zeros((2, 3)), uv, uv, np.ones(2, dtype=np.float32))
    flow, _ = dense_field(points, mask, 3)
    assert np.isfinite(flow[..., 0]).sum() == 8


def test_pictures_keep_the_size_and_change_only_what_they_show() -> None:
    color = np.full((48, 64, 3), 90, dtype=np.uint8)
    mask = np.zeros((48, 64), dtype=bool)
    mask[10:40, 15:50] = True
    found = Segmentation(mask.astype(np.uint16), (SegmentedObject(1, "", 0.5, (15, 10, 50, 40)),))
    flow, _ = dense_field(lattice(mask, 1), mask, 1)
    keypoint = SeenKeypoint("rim", (20.0, 20.0), (0.0, 0.0), 0.5, np.zeros(3))
    painted = flow_picture(color, flow, mask)
    for picture in (objects_picture(color, found), matches_picture(color, mask, [keypoint]), painted):
        assert picture.shape == color.shape and (picture != color).any()
    assert np.array_equal(painted[~mask], color[~mask]) and (color == 90).all()
