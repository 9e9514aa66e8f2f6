# SPDX-License-Identifier: Apache-2.0
"""One object in one picture as features: of the pixels of a lattice, and of any pixel that is asked for."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor
from torch.nn.functional import normalize

from func_corr_ros.correspondence.object_crop import CropWindow
from func_corr_ros.correspondence.patch_grid import sample_grid

# Pixels whose descriptors are made at once: a CPU's caches hold few; on a GPU, where each block costs some launches, more (the
# number was chosen without one at hand: benchmarks/gpu_stages.py times it).
_BLOCK, _BLOCK_OF_GPU = 2048, 16384


@dataclass(frozen=True)
class HeadGrid:
    """What a trained head made of one object: ``grid`` is interpolated, then ``finish`` gives unit descriptors and the logit of
    being in the functional part. ``plain`` is the weight of the backbone's own features beside the descriptors.
    """

    grid: Float32[Tensor, "c fh fw"]
    finish: Callable[[Tensor], tuple[Tensor, Tensor]]
    plain: float


@dataclass(frozen=True)
class Embedding:
    """One object's pixels and their features.

    ``uv`` are whole pixels of the image, on a lattice of ``stride`` px inside the mask; ``features`` are unit vectors.
    ``image_size`` is (width, height). ``grid`` are the backbone's features. ``mirrored`` says that the features are those of
    the object's mirror image, each at the true pixel of the point it describes. With a trained head (``head``), ``part`` is the
    probability of each pixel of ``uv`` to be in the functional part, and ``coarse`` the same object by fewer pixels.
    """

    uv: Float32[np.ndarray, "n 2"]
    features: Float32[Tensor, "n d"]
    stride: int
    image_size: tuple[int, int]
    grid: Float32[Tensor, "c gh gw"]
    window: CropWindow
    mirrored: bool = False
    head: HeadGrid | None = None
    part: Float32[Tensor, " n"] | None = None
    coarse: Embedding | None = None

    @property
    def anchors(self) -> Embedding:
        """The same object by the pixels that matches are looked for among: with a head, fewer than those that ask."""
        return self.coarse or self

    @property
    def has_looks(self) -> bool:
        """Whether the backbone's own features are part of ``features``."""
        return self.head is None or self.head.plain > 0.0

    def looks_of(self, features: Float32[Tensor, "k d"]) -> Float32[Tensor, "k e"]:
        """Returns the backbone's own unit features that are part of ``features`` of this kind."""
        return features if self.head is None else normalize(features[:, -self.grid.shape[0] :], dim=1)

    @property
    def longer_side(self) -> float:
        """Longer side of the lattice's bounding box, in image pixels."""
        return float(np.ptp(self.uv, axis=0).max()) + self.stride

    @property
    def patch_px(self) -> float:
        """Side of one backbone patch, in image pixels: finer differences than that are interpolated."""
        return self.window.side / self.grid.shape[2]

    def thinned(self, pixels: int) -> Embedding:
        """Returns the same object by at most ``pixels`` of its pixels, evenly taken in reading order (no lattice any more)."""
        step = -(-len(self.uv) // pixels)
        part = None if self.part is None else self.part[::step]
        return replace(self, uv=self.uv[::step], features=self.features[::step], part=part)

    def features_at(self, uv: Float[np.ndarray, "k 2"]) -> Float32[Tensor, "k d"]:
        """Returns unit features at any image pixels, those of the crop's border for pixels outside the crop."""
        return self.read(uv)[0]

    def part_at(self, uv: Float[np.ndarray, "k 2"]) -> Float32[Tensor, " k"]:
        """Returns the probability of image pixels to be in the functional part; 1 without a trained head. However many pixels,
        only a block of descriptors is held.
        """
        if self.head is None:
            return torch.ones(len(uv), device=self.grid.device)
        at = torch.from_numpy(self.window.crop_from_image(uv.astype(np.float32)))
        stride = self.window.size / self.head.grid.shape[2]
        logits = [self.head.finish(sample_grid(self.head.grid, some, stride))[1] for some in at.split(_block(self.grid))]
        return torch.sigmoid(torch.cat(logits))

    def read(self, uv: Float[np.ndarray, "k 2"]) -> tuple[Float32[Tensor, "k d"], Float32[Tensor, " k"] | None]:
        """Returns :meth:`features_at` and, with a trained head, :meth:`part_at` image pixels."""
        return read_grids(self.grid, self.head, self.window, uv)


# A head's grid is interpolated between 32 x 32 cells, of which an object fills half: more anchors than this tell nothing new.
ANCHORS = 1024


def embedding_of(
    grid: Float32[Tensor, "c gh gw"], head: HeadGrid | None, window: CropWindow, mask: Bool[np.ndarray, "h w"],
    max_pixels: int, mirrored: bool = False,
) -> Embedding:
    """Returns the object ``mask`` by at most ``max_pixels`` of its pixels; the grids cover ``window``."""
    lattices = [pixel_lattice(mask, max_pixels)]
    if head is not None and len(lattices[0][0]) > ANCHORS:
        lattices.append(pixel_lattice(mask, ANCHORS))
    counts = [len(uv) for uv, _ in lattices]
    features, part = read_grids(grid, head, window, np.concatenate([uv for uv, _ in lattices]))  # a GPU reads both at once
    parts = [None] * len(counts) if part is None else part.split(counts)
    size, coarse = (mask.shape[1], mask.shape[0]), None
    for (uv, stride), own, inside in reversed(list(zip(lattices, features.split(counts), parts, strict=True))):
        coarse = Embedding(uv, own, stride, size, grid, window, mirrored, head, inside, coarse)
    assert coarse is not None  # the finest, made last
    return coarse


def read_grids(
    grid: Float32[Tensor, "c gh gw"], head: HeadGrid | None, window: CropWindow, uv: Float[np.ndarray, "k 2"]
) -> tuple[Float32[Tensor, "k d"], Float32[Tensor, " k"] | None]:
    """Returns unit features at image pixels and, with a head, the probability of being in the functional part.

    With a head the feature is its descriptor, joined with sqrt(plain) times the backbone's own unit feature: the cosine of two
    is (d + plain g) / (1 + plain), d and g those of the two kinds.
    """
    at = torch.from_numpy(window.crop_from_image(uv.astype(np.float32)))
    if head is None:
        return normalize(sample_grid(grid, at, window.size / grid.shape[2]), dim=1), None
    features, parts = [], []
    for some in at.split(_block(grid)):
        descriptors, logits = head.finish(sample_grid(head.grid, some, window.size / head.grid.shape[2]))
        if head.plain > 0.0:
            own = sample_grid(grid, some, window.size / grid.shape[2])
            own *= (head.plain / (1.0 + head.plain)) ** 0.5 / own.norm(dim=1, keepdim=True).clamp(min=1e-12)
            descriptors = torch.cat([descriptors * (1.0 + head.plain) ** -0.5, own], dim=1)
        features.append(descriptors)
        parts.append(torch.sigmoid(logits.contiguous()))  # as in part_at, to the last bit
    return (torch.cat(features), torch.cat(parts)) if len(parts) > 1 else (features[0], parts[0])


def _block(grid: Tensor) -> int:
    return _BLOCK_OF_GPU if grid.is_cuda else _BLOCK


def pixel_lattice(mask: Bool[np.ndarray, "h w"], max_pixels: int) -> tuple[Float32[np.ndarray, "n 2"], int]:
    """Returns the mask's pixels (u, v) on the finest square lattice that has 1..``max_pixels`` of them, and its stride.

    The lattice goes through the mask's first pixel in reading order, so that no mask falls between its points.
    """
    row, column = divmod(int(mask.argmax()), mask.shape[1])
    stride = 1
    while True:
        top, left = row % stride, column % stride
        on = mask[top::stride, left::stride]
        if np.count_nonzero(on) <= max_pixels:
            rows, columns = np.nonzero(on)
            return np.stack([columns * stride + left, rows * stride + top], axis=1).astype(np.float32), stride
        stride += 1
