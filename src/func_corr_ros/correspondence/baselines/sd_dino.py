# SPDX-License-Identifier: Apache-2.0
"""SD-DINO (Zhang et al., NeurIPS 2023): a diffusion model's features beside DINOv2's, each pair of pictures with its own axes."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from func_corr_ros.correspondence.backbone import chosen_device
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described, discovered, pixels_of
from func_corr_ros.correspondence.baselines.diffusion import HUB, DiffusionFeatures
from func_corr_ros.correspondence.baselines.method import Discovery, MethodSettings, PointMatches, Subject
from func_corr_ros.correspondence.baselines.plain import PUBLISHED_CROP, PUBLISHED_FEATURES, plain_features
from func_corr_ros.correspondence.object_crop import CropSettings, crop_object
from func_corr_ros.settings import as_dict

DINO_CROP = replace(PUBLISHED_CROP, size=448)
# Main directions kept of each diffusion layer, deepest first, and the weight of diffusion against DINO in their joint vector.
DIRECTIONS = (256, 128, 128)
WEIGHT = 0.5


@dataclass(frozen=True)
class TwiceDescribed:
    """One object as DINOv2 describes it, and the diffusion layers of the same crop."""

    dino: Described
    layers: tuple[Float32[Tensor, "_ _ _"], ...]


class SdDino:
    """See :class:`~func_corr_ros.correspondence.baselines.method.Method`."""

    def __init__(self, dino: DenseMethod, diffusion: DiffusionFeatures, max_pixels: int) -> None:
        self.name, self.max_pixels = "sd-dino", max_pixels
        self._dino, self._diffusion = dino, diffusion
        more = {"diffusion": diffusion.name, "diffusion_settings": as_dict(diffusion.settings), "directions": DIRECTIONS,
                "weight": WEIGHT}
        self.identity = {**dino.identity, **more}
        self._last: tuple[TwiceDescribed, TwiceDescribed, Described, Described] | None = None

    def describe(self, subject: Subject) -> TwiceDescribed:
        """Returns both kinds of features of one object, from the same crop."""
        crop = CropSettings(self._diffusion.settings.size, DINO_CROP.margin, DINO_CROP.background)
        picture, _ = crop_object(subject.image, subject.mask, crop)
        return TwiceDescribed(self._dino.describe(subject), tuple(self._diffusion.layers(picture)))

    def transfer(self, a: TwiceDescribed, b: TwiceDescribed, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns for each point of a the most similar pixel of b's object."""
        with torch.inference_mode():
            one, other = self._fused(a, b)
            return other.best(one.features_at(points), pixels_of(other.candidates))

    def discover(self, a: TwiceDescribed, b: TwiceDescribed) -> Discovery:
        """Returns the nearest neighbours of a's pixels."""
        with torch.inference_mode():
            return discovered(*self._fused(a, b), self.max_pixels)

    def _fused(self, a: TwiceDescribed, b: TwiceDescribed) -> tuple[Described, Described]:
        """Returns both objects by the joint features; the last pair is kept, since each is asked for four times."""
        if self._last is not None and {id(self._last[0]), id(self._last[1])} == {id(a), id(b)}:
            first, second = self._last[2:]
            return (first, second) if self._last[0] is a else (second, first)
        grids = fused([a.dino.grid, b.dino.grid], [a.layers, b.layers])
        found = replace(a.dino, grid=grids[0]), replace(b.dino, grid=grids[1])
        self._last = (a, b, *found)
        return found


def fused(
    dino: Sequence[Float32[Tensor, "d gh gw"]], layers: Sequence[Sequence[Float32[Tensor, "_ _ _"]]]
) -> list[Float32[Tensor, "e gh gw"]]:
    """Returns one grid per picture: unit diffusion features (the main directions of each layer over all pictures together) times
    WEIGHT, above unit DINO features times 1 - WEIGHT.
    """
    size = dino[0].shape[1:]
    reduced = []
    for same_layer, directions in zip(zip(*layers, strict=True), DIRECTIONS, strict=False):
        resized = [interpolate(layer[None], size, mode="bilinear", align_corners=False)[0] for layer in same_layer]
        reduced.append(_main_directions(resized, directions))
    diffusion = [WEIGHT * normalize(torch.cat(own), dim=0) for own in zip(*reduced, strict=True)]
    return [torch.cat([seen, (1.0 - WEIGHT) * normalize(grid, dim=0)]) for seen, grid in zip(diffusion, dino, strict=True)]


def _main_directions(grids: Sequence[Tensor], count: int) -> list[Tensor]:
    """Returns ``grids`` along the ``count`` directions in which all of their vectors together vary most (exact PCA)."""
    vectors = torch.cat([grid.flatten(1).T for grid in grids])
    centred = vectors - vectors.mean(dim=0)
    _, directions = torch.linalg.eigh(centred.T @ centred)
    along = (centred @ directions[:, -min(count, directions.shape[1]) :]).T
    return [part.reshape(-1, *grid.shape[1:]) for part, grid in
            zip(along.split([grid[0].numel() for grid in grids], dim=1), grids, strict=True)]


def sd_dino(settings: MethodSettings, diffusion_weights: str = HUB) -> SdDino:
    """Returns SD-DINO; raises MissingOptional without diffusers, BadWeights that says where to get the weights without them."""
    diffusion = DiffusionFeatures.load(diffusion_weights, chosen_device(settings.device))
    dino = DenseMethod("dino-448", *plain_features(PUBLISHED_FEATURES, DINO_CROP, settings), settings.max_pixels)
    return SdDino(dino, diffusion, settings.max_pixels)
