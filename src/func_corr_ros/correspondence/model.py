# SPDX-License-Identifier: Apache-2.0
"""Functional correspondence: which pixel of another object serves the function that this pixel serves."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor
from torch.nn.functional import normalize

from func_corr_ros.correspondence.backbone import Backbone, BackboneSettings, load_backbone
from func_corr_ros.correspondence.matching import CHUNK, nearest_neighbours, windowed_soft_argmax
from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow, crop_window, cut
from func_corr_ros.correspondence.patch_grid import sample_grid
from func_corr_ros.errors import BadImage, BadSettings, NoMask, OutOfMemory, SizeMismatch, UnknownFunction
from func_corr_ros.settings import setting

_FUNCTION = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True)
class CorrespondenceSettings:
    """What the features are, on how many pixels they are compared, and how matches are refined."""

    backbone: BackboneSettings = field(default_factory=BackboneSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    max_pixels: int = setting(
        4096, "most pixels of one object that are compared; sets the stride", unit="px", at_least=16, at_most=1 << 20
    )
    chunk: int = setting(CHUNK, "vectors of each side compared at once; less needs less memory", at_least=1, at_most=1 << 16)
    refine_radius: int = setting(
        0, "reach of the soft-argmax around the best pixel; 0 is off", unit="lattice steps", at_least=0, at_most=16
    )
    refine_temperature: float = setting(0.02, "temperature of the soft-argmax", at_least=1e-4, at_most=10.0)


@dataclass(frozen=True)
class Embedding:
    """One object's pixels and their features.

    ``uv`` are whole pixels of the image, on a lattice of ``stride`` px inside the mask; ``features`` are unit vectors.
    ``image_size`` is (width, height). ``patch_px`` is the side of one backbone patch in image pixels: finer differences
    than that are interpolated. ``mirrored`` says that the features are those of the object's mirror image, each at the
    true pixel of the point it describes.
    """

    uv: Float32[np.ndarray, "n 2"]
    features: Float32[Tensor, "n d"]
    stride: int
    image_size: tuple[int, int]
    grid: Float32[Tensor, "d gh gw"]
    window: CropWindow
    mirrored: bool = False

    @property
    def patch_px(self) -> float:
        """Side of one backbone patch, in image pixels."""
        return self.window.side / self.grid.shape[2]

    def thinned(self, pixels: int) -> Embedding:
        """Returns the same object by at most ``pixels`` of its pixels, evenly taken in reading order (no lattice any more)."""
        step = -(-len(self.uv) // pixels)
        return replace(self, uv=self.uv[::step], features=self.features[::step])

    def features_at(self, uv: Float[np.ndarray, "k 2"]) -> Float32[Tensor, "k d"]:
        """Returns unit features at any image pixels, those of the crop's border for pixels outside the crop."""
        return _unit_features(self.grid, self.window, uv)


@dataclass(frozen=True)
class Matches:
    """Query pixels and their best target pixels, each in its own image.

    ``score`` is the features' cosine, clipped to 0..1. ``cycle_px`` is the distance in query pixels between a query pixel
    and where the way back from its target ends; ``mutual`` says that it ends on the query's own lattice cell.
    """

    uv_query: Float32[np.ndarray, "n 2"]
    uv_target: Float32[np.ndarray, "n 2"]
    score: Float32[np.ndarray, " n"]
    cycle_px: Float32[np.ndarray, " n"]
    mutual: Bool[np.ndarray, " n"]


class FunctionalCorrespondence:
    """Features of objects in images, and matches between them.

    The features are the backbone's own. They know parts and shapes, not verbs: the function is checked and carried along,
    but has no effect (``identity["conditioned"]`` is False) until a trained head is there.
    """

    def __init__(self, backbone: Backbone, settings: CorrespondenceSettings = CorrespondenceSettings()) -> None:
        if settings.crop.size % backbone.patch_size:
            raise BadSettings(f"crop.size is {settings.crop.size}; a multiple of the patch size {backbone.patch_size} is needed")
        self.backbone, self.settings = backbone, settings

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str = "dinov2-small",
        settings: CorrespondenceSettings = CorrespondenceSettings(),
        device: str = "auto",
        dtype: str = "fp32",
        download: bool = False,
    ) -> FunctionalCorrespondence:
        """Returns the model around backbone ``name_or_path``; arguments and errors as :func:`load_backbone`."""
        return cls(load_backbone(name_or_path, device, dtype, settings.backbone, download), settings)

    @property
    def identity(self) -> dict[str, str | bool]:
        """Which weights speak: ``name``, ``sha256``, and whether features are ``conditioned`` on the function."""
        return {"name": self.backbone.name, "sha256": self.backbone.weights_sha256, "conditioned": False}

    def embed(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        masks: Sequence[Bool[np.ndarray, "mh mw"]],
        function: str,
        mirrored: bool = False,
    ) -> list[Embedding]:
        """Returns one embedding per mask, from one batched pass of the backbone.

        ``function`` is a lower-case name such as "pour-with"; it has no effect with plain features. ``mirrored`` shows
        the backbone each crop flipped left-right, and gives the features at the true pixels of the image. Raises
        BadImage, SizeMismatch, NoMask (an empty mask, by its index), UnknownFunction, OutOfMemory.
        """
        check_function(function)
        if image.size == 0:
            raise BadImage(f"the image is empty (shape {image.shape}); an H x W x 3 image is needed")
        windows = [self._window(image, mask, index) for index, mask in enumerate(masks)]
        if not windows:
            return []
        background = self.settings.crop.background
        crops = np.stack([cut(image, mask, window, background) for mask, window in zip(masks, windows, strict=True)])
        with torch.inference_mode(), _memory_named("crop.size, or fewer objects"):
            grids = self.backbone.patch_features(crops[:, :, ::-1] if mirrored else crops)
            grids = grids.flip(-1) if mirrored else grids
            return [
                self._embedding(grid, window, mask, mirrored) for grid, window, mask in zip(grids, windows, masks, strict=True)
            ]

    def match(self, query: Embedding, target: Embedding, points: Float[np.ndarray, "k 2"] | None = None) -> Matches:
        """Returns the best target pixel of every query pixel, or of ``points`` (any pixels of the query's image) if given.

        Raises OutOfMemory.
        """
        with torch.inference_mode(), _memory_named("max_pixels and chunk"):
            uv = query.uv if points is None else points.astype(np.float32)
            features = query.features if points is None else query.features_at(points)
            there = nearest_neighbours(features, target.features, self.settings.chunk)
            if points is None:
                back = there.index_ba[there.index_ab]
            else:
                back = nearest_neighbours(target.features[there.index_ab], query.features, self.settings.chunk).index_ab
            cycle_px = np.linalg.norm(query.uv[back.cpu().numpy()] - uv, axis=1).astype(np.float32)
            return Matches(
                uv_query=uv,
                uv_target=self._target_pixels(features, target, there.index_ab),
                score=there.score_ab.clamp(0.0, 1.0).cpu().numpy(),
                cycle_px=cycle_px,
                mutual=cycle_px <= query.stride * 0.5**0.5,
            )

    def _window(self, image: np.ndarray, mask: np.ndarray, index: int) -> CropWindow:
        if mask.shape != image.shape[:2]:
            sizes = f"{mask.shape[1]}x{mask.shape[0]} px, the image {image.shape[1]}x{image.shape[0]} px"
            raise SizeMismatch(f"mask {index} is {sizes}; they must be equal")
        if not mask.any():
            raise NoMask(f"mask {index} is empty; an object of at least one pixel is needed")
        return crop_window(mask, self.settings.crop)

    def _embedding(self, grid: Tensor, window: CropWindow, mask: np.ndarray, mirrored: bool) -> Embedding:
        uv, stride = pixel_lattice(mask, self.settings.max_pixels)
        size = (mask.shape[1], mask.shape[0])
        return Embedding(uv, _unit_features(grid, window, uv), stride, size, grid, window, mirrored)

    def _target_pixels(self, features: Tensor, target: Embedding, peak: Tensor) -> Float32[np.ndarray, "k 2"]:
        if self.settings.refine_radius == 0:
            return target.uv[peak.cpu().numpy()]
        uv_target = torch.from_numpy(target.uv).to(peak.device)
        return windowed_soft_argmax(
            features, target.features, uv_target, peak, stride=target.stride,
            radius=self.settings.refine_radius, temperature=self.settings.refine_temperature, chunk=self.settings.chunk,
        ).cpu().numpy()


def check_function(function: str) -> None:
    """Raises UnknownFunction unless ``function`` is a lower-case name with hyphens, as in the taxonomy."""
    if not _FUNCTION.fullmatch(function):
        raise UnknownFunction(f"function is {function!r}; a lower-case name such as 'pour-with' or 'hang-onto' is needed")


def pixel_lattice(mask: Bool[np.ndarray, "h w"], max_pixels: int) -> tuple[Float32[np.ndarray, "n 2"], int]:
    """Returns the mask's pixels (u, v) on the finest square lattice that has 1..``max_pixels`` of them, and its stride.

    The lattice goes through the mask's first pixel in reading order, so that no mask falls between its points.
    """
    rows, columns = np.nonzero(mask)
    stride = 1
    while True:
        on = ((rows - rows[0]) % stride == 0) & ((columns - columns[0]) % stride == 0)
        if on.sum() <= max_pixels:
            return np.stack([columns[on], rows[on]], axis=1).astype(np.float32), stride
        stride += 1


def _unit_features(grid: Tensor, window: CropWindow, uv: Float[np.ndarray, "k 2"]) -> Float32[Tensor, "k d"]:
    crop_uv = torch.from_numpy(window.crop_from_image(uv.astype(np.float32))).to(grid.device)
    return normalize(sample_grid(grid, crop_uv, window.size / grid.shape[2]), dim=1)


@contextmanager
def _memory_named(settings: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # A GPU that is full raises OutOfMemoryError; a CPU raises what its allocator says.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise OutOfMemory(f"the device ran out of memory; lower {settings} ({str(error).splitlines()[0]})") from error
