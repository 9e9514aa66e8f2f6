# SPDX-License-Identifier: Apache-2.0
"""What a grounder is: a picture and phrases in, boxes with scores out."""
from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from func_corr_ros.errors import BadImage, BadSettings
from func_corr_ros.pretrained import model_folder


@dataclass(frozen=True)
class Boxes:
    """Boxes (left, top, right, bottom) in pixels, centres at integers, so that an image spans -0.5 .. W - 0.5; the best first.

    ``scores`` are 0..1, NaN where the model gives none. ``masks`` are what of each box is meant, where somebody says so.
    """

    corners: Float32[np.ndarray, "n 4"]
    scores: Float32[np.ndarray, " n"]
    masks: Bool[np.ndarray, "n h w"] | None = None

    @classmethod
    def of(cls, edges: Float[np.ndarray, "n 4"], scores: Float[np.ndarray, " n"], size: tuple[int, int]) -> Boxes:
        """Returns boxes from corners measured from the image's outer edge (0 .. W), as models give them: sorted in themselves,
        cut to the image of ``size`` (height, width), without empty ones, best first.
        """
        height, width = size
        edges = np.asarray(edges, dtype=np.float32).reshape(-1, 4)
        low, high = np.minimum(edges[:, :2], edges[:, 2:]), np.maximum(edges[:, :2], edges[:, 2:])
        limit = np.array([width, height], dtype=np.float32)
        cut = np.concatenate([np.clip(low, 0.0, limit), np.clip(high, 0.0, limit)], axis=1)
        scores = np.asarray(scores, dtype=np.float32).reshape(-1)
        kept = np.flatnonzero(np.isfinite(cut).all(axis=1) & (cut[:, 2:] > cut[:, :2]).all(axis=1))
        order = kept[np.argsort(-np.nan_to_num(scores[kept]), kind="stable")]
        return cls(cut[order] - np.float32(0.5), scores[order])

    def best(self, count: int) -> Boxes:
        """Returns the first ``count`` boxes."""
        return Boxes(self.corners[:count], self.scores[:count], None if self.masks is None else self.masks[:count])

    def contain(self, uv: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
        """Returns which of the points (u, v) lie in any of the boxes."""
        above, below = uv[:, None] >= self.corners[:, :2], uv[:, None] <= self.corners[:, 2:]
        return np.asarray((above & below).all(axis=2).any(axis=1))

    def mask(self, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
        """Returns the pixels of an image of ``size`` (height, width) whose centre lies in any of the boxes."""
        v, u = np.mgrid[: size[0], : size[1]]
        return self.contain(np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)).reshape(size)


@runtime_checkable
class Grounder(Protocol):
    """``name`` says which; ``identity`` holds the weights' folder or id, and whatever else tells two of them apart."""

    name: str
    identity: Mapping[str, Any]

    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """Returns the boxes of each phrase ("spout of the kettle"), none where the model finds nothing."""
        ...


def load_grounder(name: str, weights: str | None = None, device: str = "auto", download: bool = False) -> Grounder:
    """Returns the grounder ``name`` of GROUNDERS with ``weights``: a local folder or a Hugging Face id, by default its usual one.

    Nothing is fetched from the network unless ``download`` is True. Raises BadSettings for a name there is not, BadWeights where
    the weights are missing.
    """
    import torch

    from func_corr_ros.grounding import GROUNDERS

    if name not in GROUNDERS:
        raise BadSettings(f"no grounder {name!r}; valid: {', '.join(GROUNDERS)}")
    kind = pkgutil.resolve_name(GROUNDERS[name])
    source = weights or kind.HUB
    folder = model_folder(source, ["*.json", "*.safetensors", "*.txt", "*.jinja", *kind.MORE_FILES], download)
    where = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    return kind.load(folder, name, source, where)


def check_image(image: UInt8[np.ndarray, "h w 3"]) -> tuple[int, int]:
    """Returns (height, width); raises BadImage for an empty image."""
    if image.size == 0:
        raise BadImage(f"the image is empty (shape {image.shape}); an H x W x 3 image is needed")
    return image.shape[0], image.shape[1]
