# SPDX-License-Identifier: Apache-2.0
"""Frozen DINOv2 features without any training: the published recipe, ours, and the published one told where the part is."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from func_corr_ros.correspondence.backbone import Backbone, BackboneSettings, load_backbone
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described
from func_corr_ros.correspondence.baselines.method import MethodSettings, Subject
from func_corr_ros.correspondence.object_crop import CropSettings, crop_object
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.settings import as_dict

WEIGHTS = "dinov2-small"
# The published baseline's picture and features: the object on white, the last block's output as it is.
PUBLISHED_CROP = CropSettings(background="white")
PUBLISHED_FEATURES = BackboneSettings(layers=(-1,), final_norm=False)


def dino_224(settings: MethodSettings) -> DenseMethod:
    """Returns the published baseline: last block, no final norm, 224 px on white."""
    return _method("dino-224", PUBLISHED_FEATURES, PUBLISHED_CROP, settings)


def dino_448(settings: MethodSettings) -> DenseMethod:
    """Returns the published baseline at twice the resolution."""
    return _method("dino-448", PUBLISHED_FEATURES, replace(PUBLISHED_CROP, size=448), settings)


def ours_224(settings: MethodSettings) -> DenseMethod:
    """Returns this package's own features: mean of the last three blocks, 224 px on ImageNet's mean colour."""
    return _method("ours-224", BackboneSettings(), CropSettings(), settings)


def oracle_mask(settings: MethodSettings) -> DenseMethod:
    """Returns the published baseline, told the true functional part: what a perfect part segmenter would bring."""
    method = _method("oracle-mask+dino", PUBLISHED_FEATURES, PUBLISHED_CROP, settings)

    def told(subject: Subject) -> Described:
        if subject.part is None:
            raise BadBenchmark(f"view {subject.key!r} has no part mask for {subject.function}; oracle-mask+dino needs both parts")
        return replace(method.describe(subject), region=subject.part)

    return DenseMethod(method.name, {**method.identity, "conditioned": True, "told": "part"}, told, settings.max_pixels)


def plain_features(
    features: BackboneSettings, crop: CropSettings, settings: MethodSettings
) -> tuple[dict[str, Any], Callable[[Subject], Described]]:
    """Returns the identity of a frozen backbone's features, and the function that describes a subject by them."""
    backbone: Backbone = load_backbone(WEIGHTS, settings.device, settings=features)
    identity = {
        "weights": backbone.name, "sha256": backbone.weights_sha256, "conditioned": False,
        "backbone": as_dict(features), "crop": as_dict(crop),
    }

    def describe(subject: Subject) -> Described:
        picture, window = crop_object(subject.image, subject.mask, crop)
        return Described(backbone.patch_features(np.ascontiguousarray(picture[None]))[0], window, subject.mask)

    return identity, describe


def _method(name: str, features: BackboneSettings, crop: CropSettings, settings: MethodSettings) -> DenseMethod:
    return DenseMethod(name, *plain_features(features, crop, settings), settings.max_pixels)
