# SPDX-License-Identifier: Apache-2.0
"""Segment Anything (Kirillov et al. 2023) with boxes from the table top, or from whoever asks."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, UInt8

from func_corr_ros.errors import FuncCorrError, NoMask
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.sam_network import load_network
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, ranked
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class SamSettings:
    """Which Segment Anything, and where its boxes come from."""

    checkpoint: str = setting("", "the weights: a file (.safetensors, or .pth of tensors only), or a folder of transformers")
    sha256: str = setting("", "the weights must have this hash; empty accepts any")
    model_type: str = setting("vit_b", "what a file holds: vit_b, vit_l, vit_h, or vit_t (MobileSAM); a folder says it itself")
    device: str = setting("auto", "where the network runs: auto, cpu, cuda, cuda:1 ...")
    box_margin: float = setting(0.05, "boxes of the table top are widened by this share of their size", at_least=0.0, at_most=1.0)
    min_quality: float = setting(0.0, "masks that the model itself rates lower are left out", at_least=0.0, at_most=1.0)
    tabletop: TabletopSettings = field(default_factory=TabletopSettings)


class SamSegmenter:
    """Finds the objects that boxes or clicks hint at; without hints, those that stand on the table top.

    An object's score is the quality that the model itself expects of the mask (its predicted IoU), best first. Each box
    is one object, which clicks inside the box refine; clicks without boxes are all of one object. The weights are read,
    and their hash taken, when the segmenter is made: raises MissingOptional, BadSettings, BadWeights.
    """

    def __init__(self, settings: SamSettings | None = None) -> None:
        self.settings = settings = settings or SamSettings()
        self._tabletop = TabletopSegmenter(settings.tabletop)
        self._predictor, self.weights_sha256 = load_network(
            settings.checkpoint, settings.model_type, settings.device, settings.sha256)
        self._embedded: UInt8[np.ndarray, "h w 3"] | None = None

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects of ``frame`` and, where depth shows one, their support.

        The image is embedded once, for all prompts and for further calls with the same colour image. Raises NoMask where
        no mask is good enough or all clicks are negative; without prompts also what TabletopSegmenter raises.
        """
        prompts, support = self._prompted(frame, prompts)
        if frame.color is not self._embedded:
            self._embedded = None
            self._predictor.set_image(frame.color)
            self._embedded = frame.color
        found = [self._predict(prompts, box) for box in (prompts.boxes if len(prompts.boxes) else [None])]
        return _painted(found, self.settings.min_quality, support)

    def _prompted(self, frame: RgbdFrame, prompts: Prompts | None) -> tuple[Prompts, Plane | None]:
        if prompts is None or len(prompts.points) + len(prompts.boxes) == 0:
            found = self._tabletop.segment(frame)
            boxes = np.array([item.box for item in found.objects], dtype=np.float64)
            # a half-open box of whole pixels spans from half a pixel before its first centre
            margin = self.settings.box_margin * (boxes[:, 2:] - boxes[:, :2])
            boxes = np.concatenate([boxes[:, :2] - 0.5 - margin, boxes[:, 2:] - 0.5 + margin], axis=1)
            return Prompts(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), boxes), found.support
        if len(prompts.boxes) == 0 and not (prompts.point_labels != 0).any():
            raise NoMask(f"all {len(prompts.points)} clicks are off the object (label 0); one on it or a box is needed")
        try:
            return prompts, self._tabletop.support(frame).plane
        except FuncCorrError:  # with prompts, Segment Anything needs no depth
            return prompts, None

    def _predict(self, prompts: Prompts, box: Float[np.ndarray, " 4"] | None) -> tuple[Bool[np.ndarray, "h w"], float]:
        low, high = (-np.inf, np.inf) if box is None else (box[:2], box[2:])
        near = ((prompts.points >= low) & (prompts.points <= high)).all(axis=1)
        masks, qualities, _ = self._predictor.predict(
            point_coords=prompts.points[near] if near.any() else None,
            point_labels=(prompts.point_labels[near] != 0).astype(np.int64) if near.any() else None,
            box=box,
            # several masks for the one click whose extent is open; then the best is taken
            multimask_output=box is None and int(near.sum()) == 1,
        )
        best = int(np.argmax(qualities))
        return masks[best].astype(bool), float(np.clip(qualities[best], 0.0, 1.0))


def _painted(
    found: list[tuple[Bool[np.ndarray, "h w"], float]], min_quality: float, support: Plane | None
) -> Segmentation:
    """Returns one label image; where masks overlap, the better one is seen."""
    labels = np.zeros(found[0][0].shape, np.int32)
    good = sorted((item for item in found if item[1] >= min_quality and item[0].any()), key=lambda item: item[1])
    for index, (mask, _) in enumerate(good, start=1):
        labels[mask] = index
    if not labels.any():
        raise NoMask(f"none of {len(found)} masks has a pixel and a quality of at least {min_quality:g} (sam.min_quality); their "
                     f"qualities are {[round(quality, 3) for _, quality in found]}, "
                     f"their sizes {[int(mask.sum()) for mask, _ in found]} px")
    return ranked(labels, support, qualities={index: quality for index, (_, quality) in enumerate(good, start=1)})
