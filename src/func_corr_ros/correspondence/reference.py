# SPDX-License-Identifier: Apache-2.0
"""What a live frame is compared with: one picture of one object in use, embedded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.model import FunctionalCorrespondence


@dataclass(frozen=True)
class Reference:
    """A reference picture and its embeddings, plain and mirrored (``mirrored`` holds true pixels, see ``embed``)."""

    id: str
    function: str
    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    keypoints: Mapping[str, tuple[float, float]]
    embedding: Embedding
    mirrored: Embedding


def make_reference(
    model: FunctionalCorrespondence,
    id: str,
    function: str,
    image: UInt8[np.ndarray, "h w 3"],
    mask: Bool[np.ndarray, "h w"],
    keypoints: Mapping[str, tuple[float, float]],
) -> Reference:
    """Returns the reference, embedded; raises NoMask, SizeMismatch or UnknownFunction as ``embed`` does."""
    (plain,) = model.embed(image, [mask], function)
    (mirrored,) = model.embed(image, [mask], function, mirrored=True)
    return Reference(id, function, image, mask, dict(keypoints), plain, mirrored)
