# SPDX-License-Identifier: Apache-2.0
"""Masks carried along a motion whose truth is exact: objects that move, a camera that turns, something in front."""
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from segmentation.ray_cast import iou

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.mask_motion import MaskMotion

CAMERA = PinholeCamera(300.0, 300.0, 159.5, 119.5, 320, 240)
V, U = np.mgrid[0:240, 0:320]


def texture(seed: int) -> np.ndarray:
    """Smooth noise of several sizes: what flow can hold on to."""
    rng = np.random.default_rng(seed)
    total = np.zeros((240, 320, 3), dtype=np.float32)
    for cells in (8, 24, 60):
        noise = rng.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC) / 3
    return np.clip(total, 0, 255).astype(np.uint8)


def scene(at: tuple[float, float], z: float = 0.6, stamp_ns: int = 0) -> tuple[RgbdFrame, np.ndarray]:
    """A textured disc of 8 cm at pixel ``at`` and depth ``z``, in front of a textured wall at 0.9 m; and its mask."""
    radius = 0.04 * CAMERA.fx / z
    mask = np.hypot(U - at[0], V - at[1]) < radius
    # the disc carries its texture along, and grows with it
    whence = ((U - at[0]) * z / 0.6 + 160).astype(np.float32), ((V - at[1]) * z / 0.6 + 120).astype(np.float32)
    inside = cv2.remap(texture(1), *whence, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    color = np.where(mask[..., None], inside, texture(2))
    return RgbdFrame(color, np.where(mask, z, 0.9).astype(np.float32), CAMERA, stamp_ns, "optical"), mask


def carried_along(path: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Carries the disc along a path of (u, v, z); returns each image's IoU and what was found again."""
    key, mask = scene(path[0][:2], path[0][2])
    motion = MaskMotion(key, mask.astype(np.uint16) * 7)
    results = []
    for u, v, z in path[1:]:
        frame, truth = scene((u, v), z)
        moved = motion.carried(frame)
        assert set(np.unique(moved.labels)) <= {0, 7} and set(moved.found) == {7}
        results.append((iou(moved.labels == 7, truth), moved.found[7]))
    return results


def test_an_object_that_moves_is_held_for_twenty_images() -> None:
    results = carried_along([(100.0 + 4.0 * step, 120.0 + step, 0.6) for step in range(20)])
    assert min(overlap for overlap, _ in results) > 0.93, results
    assert min(found for _, found in results) > 0.65


def test_an_object_that_comes_nearer_grows() -> None:
    results = carried_along([(160.0, 120.0, 0.6 - 0.01 * step) for step in range(15)])
    assert min(overlap for overlap, _ in results) > 0.93, results
    assert min(found for _, found in results) > 0.65


def test_a_camera_that_turns_moves_everything() -> None:
    """A turn about the optical centre is a homography, exact for every pixel of a real scene, too."""
    key, mask = scene((140.0, 110.0))
    motion = MaskMotion(key, mask.astype(np.uint16))
    for step in range(1, 12):
        turn, _ = cv2.Rodrigues(np.array([0.004, 0.008, 0.012]) * step)
        warp = CAMERA.matrix @ turn @ np.linalg.inv(CAMERA.matrix)
        turned = [cv2.warpPerspective(image, warp, (320, 240), flags=flags, borderMode=cv2.BORDER_REFLECT) for image, flags in
                  ((key.color, cv2.INTER_LINEAR), (key.depth, cv2.INTER_NEAREST), (mask.astype(np.uint8), cv2.INTER_NEAREST))]
        moved = motion.carried(replace(key, color=turned[0], depth=turned[1]))
        assert iou(moved.labels == 1, turned[2] > 0) > 0.95 and moved.found[1] > 0.9


def test_what_passes_in_front_is_not_the_object_and_what_is_hidden_is_missed() -> None:
    key, mask = scene((160.0, 120.0))
    motion = MaskMotion(key, mask.astype(np.uint16))
    whole = motion.carried(key)
    assert iou(whole.labels == 1, mask) > 0.99 and whole.found[1] > 0.99
    hand = (np.abs(U - 160) < 8) & mask  # a bar of 16 px, 10 cm nearer
    depth = np.where(hand, 0.5, key.depth).astype(np.float32)
    covered = replace(key, color=np.where(hand[..., None], texture(3), key.color), depth=depth)
    moved = motion.carried(covered)
    assert ((moved.labels == 1) & hand).mean() < 0.2 * hand.mean(), "the hand is not the object"
    assert moved.found[1] < 1.0 - 0.6 * hand.sum() / mask.sum()
    again = motion.carried(key)
    assert iou(again.labels == 1, mask) > 0.97, "nothing is lost for good: masks come from the key image each time"


def test_an_object_that_is_taken_away_is_not_found() -> None:
    key, mask = scene((160.0, 120.0))
    empty = replace(key, color=texture(2), depth=np.full((240, 320), 0.9, dtype=np.float32))
    assert MaskMotion(key, mask.astype(np.uint16)).carried(empty).found[1] < 0.5


def test_images_without_depth_are_carried_by_colour_alone() -> None:
    key, mask = scene((150.0, 120.0))
    frame, truth = scene((156.0, 122.0))
    blind = [replace(one, depth=np.full((240, 320), np.nan, dtype=np.float32)) for one in (key, frame)]
    moved = MaskMotion(blind[0], mask.astype(np.uint16)).carried(blind[1])
    assert iou(moved.labels == 1, truth) > 0.93 and moved.found[1] > 0.8


def test_large_images_are_looked_at_smaller_and_answered_in_full() -> None:
    def large(frame: RgbdFrame, mask: np.ndarray) -> tuple[RgbdFrame, np.ndarray]:
        color, depth = (cv2.resize(image, (1280, 960), interpolation=cv2.INTER_NEAREST) for image in (frame.color, frame.depth))
        camera = PinholeCamera(1200.0, 1200.0, 639.5, 479.5, 1280, 960)
        return replace(frame, color=color, depth=depth, camera=camera), np.kron(mask, np.ones((4, 4), bool))

    (key, mask), (frame, truth) = large(*scene((150.0, 120.0))), large(*scene((158.0, 116.0)))
    moved = MaskMotion(key, mask.astype(np.uint16)).carried(frame)
    assert moved.labels.shape == (960, 1280) and iou(moved.labels == 1, truth) > 0.93


def test_iou_of_disjoint_masks_is_pinned() -> None:
    """The measure these tests stand on."""
    assert iou(V < 100, V >= 100) == pytest.approx(0.0)
