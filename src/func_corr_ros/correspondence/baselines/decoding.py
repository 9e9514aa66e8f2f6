# SPDX-License-Identifier: Apache-2.0
"""Our features, read out in other ways than the single nearest pixel: a soft-argmax around it, or mutual neighbours only."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float32

from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described, minmax
from func_corr_ros.correspondence.baselines.method import Discovery, MethodSettings, PointMatches
from func_corr_ros.correspondence.baselines.plain import plain_features
from func_corr_ros.correspondence.embedding import pixel_lattice
from func_corr_ros.correspondence.matching import mutual, nearest_neighbours, soft_neighbours
from func_corr_ros.correspondence.object_crop import CropSettings

# Width of the soft-argmax window over the crop's side: 1.3 of the 16 patches that make it up.
WINDOW_SHARE = 0.08
TEMPERATURE = 0.02


class SoftArgmax(DenseMethod):
    """Moves each match to the similarity-weighted mean pixel around it."""

    def transfer(self, a: Described, b: Described, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns the mean pixel around the most similar lattice pixel of b."""
        with torch.inference_mode():
            return self._refined(a.features_at(points), b)

    def discover(self, a: Described, b: Described) -> Discovery:
        """Returns the matches of the plain method, each moved within b."""
        found = super().discover(a, b)
        with torch.inference_mode():
            return replace(found, uv_b=self._refined(a.features_at(found.uv_a), b).uv)

    def _refined(self, queries: torch.Tensor, b: Described) -> PointMatches:
        uv, stride = pixel_lattice(b.mask, self.max_pixels or b.mask.size)
        features = b.features_at(uv)
        places = torch.from_numpy(uv).to(features.device)
        reach = max(WINDOW_SHARE * b.window.side / 2.0, 1.5 * stride)  # the eight next lattice pixels at least
        found = soft_neighbours(queries, features, places, reach=reach, temperature=TEMPERATURE)
        return PointMatches(found.uv.cpu().numpy(), found.score.clamp(0.0, 1.0).cpu().numpy())


class MutualOnly(DenseMethod):
    """Trusts a pixel only where it is the nearest neighbour of its own nearest neighbour."""

    def transfer(self, a: Described, b: Described, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns for each point the most similar pixel among those of b that have a mutual neighbour in a."""
        found = self.discover(a, b)
        with torch.inference_mode():
            return b.best(a.features_at(points), found.uv_b)

    def discover(self, a: Described, b: Described) -> Discovery:
        """Returns the mutual neighbours; there is always one, the most similar pair of all."""
        with torch.inference_mode():
            uv_a, uv_b = (pixel_lattice(one.mask, self.max_pixels or one.mask.size)[0] for one in (a, b))
            found = nearest_neighbours(a.features_at(uv_a), b.features_at(uv_b))
            kept = mutual(found).cpu().numpy()
            score = minmax(found.score_ab.cpu().numpy()[kept], 1.0)  # they all come back to where they started
            return Discovery(uv_a[kept], uv_b[found.index_ab.cpu().numpy()[kept]], score)


def soft_argmax(settings: MethodSettings) -> SoftArgmax:
    """Returns our features with a soft-argmax."""
    identity, describe = plain_features(BackboneSettings(), CropSettings(), settings)
    decoding = {"decoding": "soft-argmax", "window": WINDOW_SHARE, "temperature": TEMPERATURE}
    return SoftArgmax("soft-argmax", {**identity, **decoding}, describe, settings.max_pixels)


def mutual_only(settings: MethodSettings) -> MutualOnly:
    """Returns our features with mutual neighbours only."""
    identity, describe = plain_features(BackboneSettings(), CropSettings(), settings)
    return MutualOnly("mutual", {**identity, "decoding": "mutual"}, describe, settings.max_pixels)
