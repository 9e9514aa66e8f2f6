# SPDX-License-Identifier: Apache-2.0
"""The segmenter that the parameters ask for, with whoever understands words, asked no more often than it needs to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.grounding.grounder import Grounder
from func_corr_ros.segmentation.key_frames import KeyFrameSegmenter
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, Segmenter
from func_corr_ros.segmentation.text_prompted import TextPromptedSegmenter

if TYPE_CHECKING:
    from func_corr_ros.nodes.segmentation_node import SegmentationNodeSettings

NO_CHECKPOINT = "sam has no checkpoint (sam.checkpoint): objects are found by tabletop"


class LiveSegmenter:
    """Segments images of a stream and single ones. ``name`` is whose masks they are, ``fallback`` why they are another's than was
    asked for (empty: they are not). Made by ``make(name, settings)`` and ``ground(model, weights, device)``; raises what they do.
    """

    def __init__(
        self, settings: SegmentationNodeSettings, make: Callable[[str, Any], Segmenter], ground: Callable[..., Grounder]
    ) -> None:
        without = settings.segmenter == "sam" and not settings.sam.checkpoint
        self.name, self.fallback = ("tabletop", NO_CHECKPOINT) if without else (settings.segmenter, "")
        inner = make(self.name, getattr(settings, self.name))
        self._single = TextPromptedSegmenter.from_settings(inner, settings.grounding, ground)
        support = settings.sam.tabletop if self.name == "sam" else settings.tabletop
        self._stream = KeyFrameSegmenter(self._single, settings.key_frames, support)

    def segment(self, frame: RgbdFrame, prompts: Prompts | None, *, stream: bool) -> Segmentation:
        """Returns the objects of a frame; in a ``stream``, what costs a network is asked at key images only."""
        # tabletop is as fast as carrying masks along
        costly = self.name == "sam" or (prompts is not None and bool(prompts.phrases))
        segmenter: Segmenter = self._stream if stream and costly else self._single
        return segmenter.segment(frame, prompts)

    def forget(self) -> None:
        """Begins a new stream."""
        self._stream.forget()

    def told(self) -> dict[str, object]:
        """Returns what diagnostics say of it."""
        return {"segmenter": self.name, "segmenter.fallback": self.fallback, **self._stream.counted()}
