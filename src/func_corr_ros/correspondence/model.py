# SPDX-License-Identifier: Apache-2.0
"""Functional correspondence: which pixel of another object serves the function that this pixel serves."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor
from torch.nn.functional import layer_norm

from func_corr_ros.correspondence.backbone import Backbone, BackboneSettings, load_backbone
from func_corr_ros.correspondence.confidence import Evidence
from func_corr_ros.correspondence.embedding import Embedding, HeadGrid, embedding_of
from func_corr_ros.correspondence.function_words import FunctionWords, check_function
from func_corr_ros.correspondence.match_groups import groups
from func_corr_ros.correspondence.matching import CHUNK, SoftNeighbours, distinct, soft_neighbours
from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow, crop_window, cut, cut_mask, patch_coverage
from func_corr_ros.correspondence.trained_head import TrainedHead, find_head
from func_corr_ros.errors import BadImage, BadSettings, BadWeights, NoMask, OutOfMemory, SizeMismatch
from func_corr_ros.settings import setting

# The backbone's own features beside a head's descriptors: the mean of so many of its last blocks.
PLAIN_LAYERS = 3


@dataclass(frozen=True)
class CorrespondenceSettings:
    """What the features are, on how many pixels they are compared, and how matches are refined."""

    backbone: BackboneSettings = field(default_factory=BackboneSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    max_pixels: int = setting(
        4096, "most pixels of one object that are compared; sets the stride", unit="px", at_least=16, at_most=1 << 20
    )
    chunk: int = setting(CHUNK, "vectors of each side compared at once; less needs less memory", at_least=1, at_most=1 << 16)
    refine_reach: float = setting(
        -1.0, "reach of the soft-argmax around the best pixel, as a share of the crop's side; 0 is off, below 0 is as the "
        "weights ask (0.094 with a trained head, off without)", at_least=-1.0, at_most=0.5,
    )
    refine_temperature: float = setting(0.07, "temperature of the soft-argmax", at_least=1e-4, at_most=10.0)
    strict_functions: bool = setting(False, "refuse functions that the trained head was not trained on, instead of reading words")


@dataclass(frozen=True)
class Matches:
    """Query pixels and their best target pixels, each in its own image.

    ``score`` is the features' cosine, clipped to 0..1. ``cycle_px`` is the distance in query pixels between a query pixel
    and where the way back from its target ends; ``mutual`` says that it ends on the query's own lattice cell.
    ``mass`` is the share of the softmax over all targets that lies around the place found.
    ``confidence`` is, with a calibrated head, the probability that the match is right to a tenth of the object; otherwise a
    plain score (:mod:`confidence`). ``exists`` is the probability that both objects serve the function at all, NaN where the
    weights cannot tell. Where ``accepted`` is False, there is no correspondence: ``uv_target`` is the best guess.
    With a trained head, ``part`` is the probability that the query pixel (column 0) and the target pixel (1) are in the
    functional part.
    """

    uv_query: Float32[np.ndarray, "n 2"]
    uv_target: Float32[np.ndarray, "n 2"]
    score: Float32[np.ndarray, " n"]
    cycle_px: Float32[np.ndarray, " n"]
    mutual: Bool[np.ndarray, " n"]
    mass: Float32[np.ndarray, " n"]
    confidence: Float32[np.ndarray, " n"]
    exists: float
    accepted: Bool[np.ndarray, " n"]
    part: Float32[np.ndarray, "n 2"] | None = None


class FunctionalCorrespondence:
    """Features of objects in images, and matches between them.

    Without a trained head the features are the backbone's own. They know parts and shapes, not verbs: the function is checked
    and carried along, but has no effect (``identity["conditioned"]`` is False). With one, they are of the function.
    """

    def __init__(
        self, backbone: Backbone, settings: CorrespondenceSettings = CorrespondenceSettings(), head: TrainedHead | None = None
    ) -> None:
        if head is not None:
            settings = _fitted(settings, head, backbone)
        elif settings.strict_functions:
            raise BadSettings(f"strict_functions is set, and {backbone.name} was trained on no function; use a trained head")
        if settings.crop.size % backbone.patch_size:
            raise BadSettings(f"crop.size is {settings.crop.size}; a multiple of the patch size {backbone.patch_size} is needed")
        self.backbone, self.settings, self.head = backbone, settings, head
        self._words = None if head is None else FunctionWords(head, settings.strict_functions)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str = "func-corr-s",
        settings: CorrespondenceSettings = CorrespondenceSettings(),
        device: str = "auto",
        dtype: str = "fp32",
        download: bool = False,
    ) -> FunctionalCorrespondence:
        """Returns a trained head on its backbone ("func-corr-s", a head's file, or a folder or Hugging Face repository with
        head.safetensors), or the bare backbone ``name_or_path``; arguments and errors as :func:`load_backbone`.
        """
        head = find_head(name_or_path, download)
        if head is None:
            return cls(load_backbone(name_or_path, device, dtype, settings.backbone, download), settings)
        return cls(load_backbone(head.spec.backbone, device, dtype, head.spec.features, download), settings, head)

    @property
    def identity(self) -> dict[str, str | bool]:
        """Which weights speak: ``name``, ``sha256``, and whether features are ``conditioned`` on the function."""
        if self.head is not None:
            return {"name": self.head.name, "sha256": self.head.sha256, "conditioned": True}
        return {"name": self.backbone.name, "sha256": self.backbone.weights_sha256, "conditioned": False}

    def embed(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        masks: Sequence[Bool[np.ndarray, "mh mw"]],
        function: str,
        mirrored: bool = False,
    ) -> list[Embedding]:
        """Returns one embedding per mask, from one batched pass of the backbone.

        ``function`` is a name such as "pour-with" or, with a trained head, what is meant in plain English; it has no effect with
        plain features. ``mirrored`` shows the backbone each crop flipped left-right, and gives the features at the true pixels
        of the image. Raises BadImage, SizeMismatch, NoMask (an empty mask, by its
        index), UnknownFunction, OutOfMemory.
        """
        vector = self._vector(function)
        _check_size(image, self.backbone.patch_size)
        windows = [self._window(image, mask, index) for index, mask in enumerate(masks)]
        if not windows:
            return []
        background = self.settings.crop.background
        crops = np.stack([cut(image, mask, window, background) for mask, window in zip(masks, windows, strict=True)])
        with torch.inference_mode(), _memory_named("crop.size, or fewer objects"):
            features = self.backbone.patch_features(crops[:, :, ::-1] if mirrored else crops)
            heads: list[HeadGrid | None] = [None] * len(windows)
            if self.head is not None and vector is not None:
                shown = np.stack([cut_mask(mask, window) for mask, window in zip(masks, windows, strict=True)])
                coverage = patch_coverage(shown[:, :, ::-1] if mirrored else shown, self.backbone.patch_size)
                features, heads = headed(self.head, features, coverage, vector, self._plain, mirrored)
            features = features.flip(-1) if mirrored else features
            return [
                embedding_of(grid, head, window, mask, self.settings.max_pixels, mirrored)
                for grid, head, window, mask in zip(features, heads, windows, masks, strict=True)
            ]

    def match(self, query: Embedding, target: Embedding, points: Float[np.ndarray, "k 2"] | None = None) -> Matches:
        """Returns the best target pixel of every query pixel, or of ``points`` (any pixels of the query's image) if given.

        With a trained head, the functional part is matched with the functional part by function, and the rest with the rest by
        looks; where either object shows no such part, everything with everything. Of ``points``, those that are hardly of
        the part may go anywhere, and those that surely are not go by looks. Raises OutOfMemory.
        """
        with torch.inference_mode(), _memory_named("max_pixels and chunk"):
            uv = query.uv if points is None else points.astype(np.float32)
            features, part = (query.features, query.part) if points is None else query.read(uv)
            own, there = query.anchors, target.anchors
            rows = features.new_zeros(len(uv), 7)  # one table: a GPU is asked for its answers once
            for group in groups(len(uv), part, own, there, points is not None):
                asked, here, theirs = group.features(features, own, there)
                forth = self._soft(asked, theirs, there, group.at_target)
                # Only what was found asks for the way back.
                hit, which = distinct(forth.index)
                back = self._soft(theirs[hit], here, own, group.at_home)
                scores = torch.stack([forth.score, forth.mass, torch.full_like(forth.score, float(group.by_looks))], dim=1)
                rows[group.asked] = torch.cat([scores, forth.uv, back.uv[which]], dim=1)
            score, mass, by_looks, target_px, home = np.split(rows.cpu().numpy(), (1, 2, 3, 5), axis=1)
            target_px = np.ascontiguousarray(target_px)
            evidence = Evidence(
                score[:, 0].clip(0.0, 1.0), mass[:, 0].copy(), np.linalg.norm(home - uv, axis=1).astype(np.float32),
                None if part is None else torch.stack([part, target.part_at(target_px)], dim=1).cpu().numpy(),
            )
            calibration = None if self.head is None else self.head.spec.calibration
            sure = evidence.judged(calibration, query, target, by_looks[:, 0] > 0.0)
            mutual = evidence.cycle_px <= own.stride * 0.5**0.5
            return Matches(uv, target_px, evidence.score, evidence.cycle_px, mutual, evidence.mass, *sure, evidence.part)

    def _vector(self, function: str) -> Float32[Tensor, " t"] | None:
        if self._words is not None:
            return self._words.vector(function)
        check_function(function)
        return None

    @property
    def _plain(self) -> float:
        return 0.0 if self.head is None else self.head.spec.decoding.plain

    def _window(self, image: np.ndarray, mask: np.ndarray, index: int) -> CropWindow:
        if mask.shape != image.shape[:2]:
            sizes = f"{mask.shape[1]}x{mask.shape[0]} px, the image {image.shape[1]}x{image.shape[0]} px"
            raise SizeMismatch(f"mask {index} is {sizes}; they must be equal")
        if not mask.any():
            raise NoMask(f"mask {index} is empty; an object of at least one pixel is needed")
        return crop_window(mask, self.settings.crop)

    def _soft(self, query: Tensor, target: Tensor, among: Embedding, index: Int64[Tensor, " m"]) -> SoftNeighbours:
        reach, temperature = self.settings.refine_reach, self.settings.refine_temperature
        if reach < 0.0 and self.head is not None:
            reach, temperature = self.head.spec.decoding.refine_reach, self.head.spec.decoding.refine_temperature
        places = torch.from_numpy(among.uv).to(query.device, non_blocking=True)[index]
        return soft_neighbours(
            query, target, places, reach=max(reach, 0.0) * among.window.side, temperature=temperature,
            chunk=self.settings.chunk,
        )


def headed(
    head: TrainedHead, features: Float32[Tensor, "b lc gh gw"], coverage: Float32[np.ndarray, "b gh gw"],
    function: Float32[Tensor, " t"], plain: float, mirrored: bool = False,
) -> tuple[Float32[Tensor, "b c gh gw"], list[HeadGrid | None]]:
    """Returns the backbone's own features (:func:`looks`) and, of each object, what the head makes of them."""
    b, _, gh, gw = features.shape
    network, spec = head.network, head.spec
    if next(network.parameters()).device != features.device:  # asking each parameter at every call takes a millisecond
        with torch.inference_mode(False):  # or its weights could never be written to again
            network.to(features.device)
    shown = torch.from_numpy(np.ascontiguousarray(coverage))[:, None].to(features.device, non_blocking=True)
    vector = function.to(features.device, non_blocking=True)
    grids = network.grid(features, shown, vector.expand(b, -1))  # type: ignore[operator]
    grids = grids.flip(-1) if mirrored else grids
    own = looks(features.reshape(b, spec.layers, spec.layer_channels, gh, gw))
    return own, [HeadGrid(grid, network.finish, plain) for grid in grids]  # type: ignore[arg-type]


def looks(layers: Float32[Tensor, "b l c gh gw"]) -> Float32[Tensor, "b c gh gw"]:
    """Returns what the backbone itself sees: the mean of its last blocks, each normalised over its channels. Without that, a few
    channels of large values would decide: on real objects it costs 15 points of PCK (docs/correspondence.md).
    """
    last = layers[:, -PLAIN_LAYERS:].transpose(2, -1)
    return layer_norm(last, last.shape[-1:]).mean(dim=1).transpose(1, -1)


def _check_size(image: UInt8[np.ndarray, "h w 3"], patch: int) -> None:
    """Raises BadImage for a picture with less in it than one patch of the backbone: what would be seen in it is made up."""
    height, width = image.shape[:2]
    if min(height, width) < patch:
        raise BadImage(f"the image is {width}x{height} px; {patch}x{patch} px, a patch of the backbone, are needed at least")


def _fitted(settings: CorrespondenceSettings, head: TrainedHead, backbone: Backbone) -> CorrespondenceSettings:
    """Returns ``settings`` with the head's features and crop; raises BadSettings where others were asked for, BadWeights where
    the backbone is another one than the head was trained on.
    """
    spec = head.spec
    if backbone.weights_sha256 != spec.backbone_sha256:
        raise BadWeights(f"{head.name} was trained on {spec.backbone} with sha256 {spec.backbone_sha256}; this is "
                         f"{backbone.name} with {backbone.weights_sha256}")
    for name, asked, default, fixed in (
        ("backbone", settings.backbone, BackboneSettings(), spec.features), ("crop", settings.crop, CropSettings(), spec.crop)
    ):
        if asked not in (default, fixed):
            raise BadSettings(f"correspondence.{name} is {asked}; {head.name} was trained with {fixed}: leave it out")
    return replace(settings, backbone=spec.features, crop=spec.crop)


@contextmanager
def _memory_named(settings: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # A GPU that is full raises OutOfMemoryError; a CPU raises what its allocator says.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise OutOfMemory(f"the device ran out of memory; lower {settings} ({str(error).splitlines()[0]})") from error
