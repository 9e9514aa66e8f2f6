# SPDX-License-Identifier: Apache-2.0
"""A painted world: boards whose every place has its own colour, a backbone that sees colours, and so a truth that is known."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.backbone import Dinov2Backbone
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.errors import NoMask
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import make
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, SegmentedObject
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at
from func_corr_ros.transfer.pipeline import Pipeline

CAMERA = PinholeCamera(fx=400.0, fy=400.0, cx=159.5, cy=119.5, width=320, height=240)
DISTANCE_M = 0.8
SIDE_PX = 84


class PaintedScene(NamedTuple):
    """A board of SIDE_PX at pixel (u0, v0), parallel to the image, DISTANCE_M away, before a grey wall at the same depth."""

    frame: RgbdFrame
    mask: np.ndarray
    corner: tuple[int, int]


def painted_scene(u0: int, v0: int, stamp_ns: int = 0) -> PaintedScene:
    color = np.full((240, 320, 3), 90, dtype=np.uint8)
    share = np.linspace(0.0, 1.0, SIDE_PX)
    board = np.stack([*np.meshgrid(20.0 + 215.0 * share, 20.0 + 215.0 * share), np.full((SIDE_PX, SIDE_PX), 128.0)], axis=-1)
    color[v0 : v0 + SIDE_PX, u0 : u0 + SIDE_PX] = np.rint(board)
    mask = np.zeros((240, 320), dtype=bool)
    mask[v0 : v0 + SIDE_PX, u0 : u0 + SIDE_PX] = True
    depth = np.full((240, 320), DISTANCE_M, dtype=np.float32)
    return PaintedScene(RgbdFrame(color, depth, CAMERA, stamp_ns, "camera"), mask, (u0, v0))


def painted_demonstration() -> Demonstration:
    """The outlet near the right edge, a grasp at the left one, on the board at (40, 80)."""
    scene = painted_scene(40, 80)
    outlet, handle = keypoint_at(scene.frame, "outlet", (115.0, 95.0)), keypoint_at(scene.frame, "handle", (50.0, 120.0))
    pour = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    phases = (
        Phase("grasp", "gripper_tcp", "handle", make(np.eye(3), handle.point + np.array([0.0, 0.0, -0.02]))),
        Phase("action", "outlet", "outlet", make(pour, outlet.point)),
    )
    return Demonstration("painted_board", "pour-with", "board", scene.frame, scene.mask, (outlet, handle), phases)


class ColorBackbone(Dinov2Backbone):
    """Sees the mean colour of each patch: places of one colour match, and nothing else does."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.name, self.weights_sha256, self.patch_size = "color", "c0" * 32, 14

    def patch_features(self, images: np.ndarray) -> torch.Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
        centred = torch.nn.functional.avg_pool2d(pixels, self.patch_size) - 128.0
        return torch.cat([centred[:, :2], torch.full_like(centred[:, :1], 60.0)], dim=1)


class KnownSegmenter:
    """Gives one mask for every frame; refuses the frames whose stamp it is told. Counts its calls."""

    def __init__(self, mask: np.ndarray, refused: tuple[int, ...] = ()) -> None:
        self.mask, self.refused, self.calls = mask, refused, 0

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        self.calls += 1
        if frame.stamp_ns in self.refused:
            raise NoMask("nothing stands on the table")
        v, u = np.nonzero(self.mask)
        box = int(u.min()), int(v.min()), int(u.max()) + 1, int(v.max()) + 1
        return Segmentation(self.mask.astype(np.uint16), (SegmentedObject(1, "", float("nan"), box),))


@pytest.fixture
def color_model() -> FunctionalCorrespondence:
    return FunctionalCorrespondence(ColorBackbone(), CorrespondenceSettings())


@pytest.fixture
def demonstration() -> Demonstration:
    return painted_demonstration()


def painted_target() -> PaintedScene:
    """The same board elsewhere: 120 px further right and 30 px higher, which is 0.24 m and 0.06 m."""
    return painted_scene(160, 50, stamp_ns=7)


@pytest.fixture
def target() -> PaintedScene:
    return painted_target()


def painted_pipeline() -> Pipeline:
    """What sees the board where ``target`` has it; it refuses the frame of stamp 2."""
    model = FunctionalCorrespondence(ColorBackbone(), CorrespondenceSettings())
    return Pipeline(KnownSegmenter(painted_target().mask, refused=(2,)), model, painted_demonstration())


@pytest.fixture
def pipeline() -> Pipeline:
    return painted_pipeline()
