# SPDX-License-Identifier: Apache-2.0
"""When a slow segmenter is asked, and when its masks are carried along instead."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from segmentation.ray_cast import iou
from segmentation.test_mask_motion import U, V, scene

from func_corr_ros.errors import NoMask
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.key_frames import KeyFrameSegmenter, KeyFrameSettings
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, ranked


class Slow:
    """Sees the disc by its depth; counts how often it is asked, and for what."""

    def __init__(self) -> None:
        self.asked: list[Prompts | None] = []

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        self.asked.append(prompts)
        labels = ((frame.depth < 0.8) & np.isfinite(frame.depth)).astype(np.int32)
        if not labels.any():
            raise NoMask("no disc")
        return ranked(labels)


def frame_at(step: int) -> RgbdFrame:
    return scene((100.0 + 3.0 * step, 120.0))[0]


def thinned(frame: RgbdFrame) -> RgbdFrame:
    color, depth = frame.color[::2, ::2].copy(), frame.depth[::2, ::2].copy()
    return replace(frame, color=color, depth=depth, camera=frame.camera.resized(160, 120))


def click(u: float, v: float) -> Prompts:
    return Prompts(np.array([[u, v]]), np.ones(1, dtype=np.int64), np.zeros((0, 4)))


def box(*corners: float) -> Prompts:
    return replace(Prompts.none(), boxes=np.array([corners]), box_names=("disc",))


def test_one_image_in_so_many_is_segmented_and_the_others_follow() -> None:
    slow = Slow()
    stream = KeyFrameSegmenter(slow, KeyFrameSettings(every=5))
    for step in range(11):
        found = stream.segment(frame_at(step))
        truth = np.hypot(U - (100.0 + 3.0 * step), V - 120.0) < 20.0
        assert iou(found.mask(1), truth) > 0.93
        u0, v0, u1, v1 = found.objects[0].box
        assert abs(u0 - (80.0 + 3.0 * step)) < 3 and abs(v1 - 140.0) < 4 and u1 - u0 == pytest.approx(40, abs=4)
    assert len(slow.asked) == 3 == stream.segmented and stream.carried == 8


def test_every_image_is_segmented_where_that_is_asked_for() -> None:
    slow = Slow()
    stream = KeyFrameSegmenter(slow, KeyFrameSettings(every=1))
    for step in range(4):
        stream.segment(frame_at(step))
    assert len(slow.asked) == 4 and stream.carried == 0


@pytest.mark.parametrize("spoilt", [
    pytest.param(lambda step: scene((250.0, 60.0))[0], id="the object is elsewhere"),
    pytest.param(lambda step: thinned(frame_at(step)), id="another size"),
])
def test_what_cannot_be_carried_is_segmented(spoilt) -> None:
    slow = Slow()
    stream = KeyFrameSegmenter(slow, KeyFrameSettings(every=100))
    stream.segment(frame_at(0))
    stream.segment(frame_at(1))
    assert len(slow.asked) == 1
    found = stream.segment(spoilt(2))
    assert len(slow.asked) == 2 and len(found.objects) == 1


def test_prompts_that_move_with_their_object_are_the_same_and_others_are_not() -> None:
    slow = Slow()
    stream = KeyFrameSegmenter(slow, KeyFrameSettings(every=100))
    stream.segment(frame_at(0), click(100.0, 120.0))
    stream.segment(frame_at(1), click(103.0, 120.0))
    assert len(slow.asked) == 1
    stream.segment(frame_at(2), click(240.0, 30.0))
    assert len(slow.asked) == 2, "a click beside it"
    stream.segment(frame_at(3), None)
    assert len(slow.asked) == 3, "all objects again"
    stream.segment(frame_at(4), box(92.0, 100.0, 132.0, 140.0))
    stream.segment(frame_at(5), box(95.0, 100.0, 135.0, 140.0))
    assert len(slow.asked) == 4, "a detector's box that moves on"
    stream.segment(frame_at(6), box(10.0, 10.0, 50.0, 50.0))
    assert len(slow.asked) == 5
    stream.segment(frame_at(7), replace(Prompts.none(), phrases=("disc",)))
    stream.segment(frame_at(8), replace(Prompts.none(), phrases=("disc",)))
    assert len(slow.asked) == 6
    stream.segment(frame_at(9), replace(Prompts.none(), phrases=("plate",)))
    assert len(slow.asked) == 7


def test_an_error_is_not_carried_along_and_the_next_image_is_asked_for() -> None:
    slow = Slow()
    stream = KeyFrameSegmenter(slow, KeyFrameSettings(every=100))
    stream.segment(frame_at(0))
    empty = replace(frame_at(1), depth=np.full((240, 320), 0.9, dtype=np.float32), color=np.zeros((240, 320, 3), np.uint8))
    for _ in range(2):
        with pytest.raises(NoMask, match="no disc"):
            stream.segment(empty)
    assert len(stream.segment(frame_at(2)).objects) == 1
    stream.forget()
    stream.segment(frame_at(3))
    assert len(slow.asked) == 5


def test_names_and_scores_stay_with_their_object() -> None:
    class Named(Slow):
        def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
            found = super().segment(frame, prompts)
            return replace(found, objects=tuple(replace(item, class_name="disc", score=0.7) for item in found.objects))

    stream = KeyFrameSegmenter(Named(), KeyFrameSettings(every=100))
    stream.segment(frame_at(0))
    (item,) = stream.segment(frame_at(1)).objects
    assert (item.class_name, item.score, item.id) == ("disc", 0.7, 1)
