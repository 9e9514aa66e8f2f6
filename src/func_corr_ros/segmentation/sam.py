# SPDX-License-Identifier: Apache-2.0
"""Segment Anything (Kirillov et al. 2023) with boxes from the table top, or from whoever asks."""
from __future__ import annotations

import importlib.util
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from func_corr_ros.errors import BadSettings, BadWeights, FuncCorrError, MissingOptional, NoMask
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.optional import require
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, ranked
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings
from func_corr_ros.settings import setting
from func_corr_ros.torchvision_operators import import_torchvision

WHERE_FROM = ("download sam_vit_b_01ec64.pth (or vit_l, vit_h) as https://github.com/facebookresearch/segment-anything says, "
              "and set sam.checkpoint to the file and sam.model_type to its kind")


@dataclass(frozen=True)
class SamSettings:
    """Which Segment Anything, and where its boxes come from."""

    checkpoint: str = setting("", "file of the weights: .safetensors, or .pth of tensors only")
    sha256: str = setting("", "the file must have this hash; empty accepts any")
    model_type: str = setting("vit_b", "kind of the model, a name in segment_anything's registry: vit_b, vit_l, vit_h")
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
        registry = _segment_anything().sam_model_registry
        if settings.model_type not in registry:
            raise BadSettings(f"sam.model_type is {settings.model_type!r}; valid: {', '.join(sorted(registry))}")
        weights, self.weights_sha256 = _read_weights(settings)
        model = registry[settings.model_type]()
        try:
            model.load_state_dict(weights)
        except (RuntimeError, TypeError) as error:
            raise BadWeights(f"{settings.checkpoint} does not hold a {settings.model_type} (sam.model_type; valid: "
                             f"{', '.join(sorted(registry))}): {' '.join(str(error).split())[:300]}") from error
        self._predictor = _segment_anything().SamPredictor(_placed(model, settings.device))
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
            multimask_output=box is None and near.sum() == 1,
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


def _segment_anything() -> Any:
    if importlib.util.find_spec("torchvision") is None:
        raise MissingOptional("segment_anything needs torchvision, which is not installed; both come with: "
                              "pip install 'func_corr_ros[sam]'")
    import_torchvision()
    return require("segment_anything")


def _read_weights(settings: SamSettings) -> tuple[dict[str, Any], str]:
    """Returns the tensors of the checkpoint and the file's SHA-256.

    A .pth file is a pickle, which could run any code: it is read with weights_only=True, which refuses all but tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(settings.checkpoint)
    if not path.is_file():
        raise BadWeights(f"sam.checkpoint is {settings.checkpoint!r}, which is not a file; {WHERE_FROM}")
    sha256 = sha256_of_file(path)
    if settings.sha256 not in ("", sha256):
        raise BadWeights(f"{path} has the SHA-256 {sha256}, sam.sha256 asks for {settings.sha256}; {WHERE_FROM}")
    try:
        weights = load_file(path) if path.suffix == ".safetensors" else torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadWeights(f"{path} cannot be read as a file of tensors only ({why}); {WHERE_FROM}") from error
    if not isinstance(weights, dict):
        raise BadWeights(f"{path} holds a {type(weights).__name__}, not named tensors; {WHERE_FROM}")
    return weights, sha256


def _placed(model: Any, name: str) -> Any:
    import torch

    device = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    try:
        return model.eval().to(device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise BadSettings(f"sam.device is {name!r}, which torch cannot use here ({str(error).splitlines()[0]}); valid: auto, cpu"
                          + (", cuda" if torch.cuda.is_available() else "")) from error
