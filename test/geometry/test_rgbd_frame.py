# SPDX-License-Identifier: Apache-2.0
"""One RGB-D moment: its parts describe the same pixels, and its pixels are surface points."""
import numpy as np
import pytest

from func_corr_ros.errors import BadImage, SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame

CAMERA = PinholeCamera(fx=50.0, fy=50.0, cx=19.5, cy=14.5, width=40, height=30)
COLOR = np.zeros((30, 40, 3), dtype=np.uint8)


def test_points_at_pixels_project_back_onto_them(rng: np.random.Generator) -> None:
    depth = np.full((30, 40), 0.8, dtype=np.float32)
    depth[:, 20:] = np.nan
    uv = np.array([[3.25, 7.5], [10.0, 20.0], [35.0, 20.0], [-4.0, 2.0]], dtype=np.float32)
    points, valid = RgbdFrame(COLOR, depth, CAMERA).points_at(uv)
    np.testing.assert_array_equal(valid, [True, True, False, False])
    np.testing.assert_allclose(CAMERA.project(points[:2])[0], uv[:2], atol=1e-9)
    np.testing.assert_allclose(points[:2, 2], 0.8, rtol=1e-7)
    assert np.isnan(points[2:]).all()


def test_without_depth_every_pixel_is_invalid() -> None:
    frame = RgbdFrame(COLOR, np.ones((30, 40), dtype=np.float32), CAMERA, stamp_ns=4, frame_id="camera")
    blind = frame.without_depth()
    assert np.isnan(blind.depth).all() and np.isfinite(frame.depth).all()
    assert (blind.stamp_ns, blind.frame_id, blind.camera) == (4, "camera", CAMERA)


@pytest.mark.parametrize("color, depth", [((30, 40), (29, 40)), ((28, 40), (30, 40)), ((15, 20), (15, 20))])
def test_parts_of_different_size_are_refused(color: tuple[int, int], depth: tuple[int, int]) -> None:
    with pytest.raises(SizeMismatch, match=f"colour is {color[1]}x{color[0]}, depth is {depth[1]}x{depth[0]}, camera is 40x30"):
        RgbdFrame(np.zeros((*color, 3), dtype=np.uint8), np.ones(depth, dtype=np.float32), CAMERA)


def test_an_empty_image_is_refused() -> None:
    with pytest.raises(BadImage, match="empty"):
        RgbdFrame(np.zeros((0, 0, 3), dtype=np.uint8), np.zeros((0, 0), dtype=np.float32), CAMERA)
