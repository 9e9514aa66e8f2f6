# SPDX-License-Identifier: Apache-2.0
"""The functional part of an object as a mask: where a trained head sees it."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool

from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.match_groups import PART


@dataclass(frozen=True)
class FunctionalRegion:
    """``mask`` is the functional part, all of the object where ``fallback`` says that no part of it was seen."""

    mask: Bool[np.ndarray, "h w"]
    fallback: bool


def functional_region(embedding: Embedding, mask: Bool[np.ndarray, "h w"]) -> FunctionalRegion:
    """Returns the functional part of the object ``mask`` that ``embedding`` is of; without a trained head, all of it."""
    rows, columns = np.nonzero(mask)
    with torch.inference_mode():
        inside = (embedding.part_at(np.stack([columns, rows], axis=1).astype(np.float32)) > PART).cpu().numpy()
    if not inside.any():
        return FunctionalRegion(mask, True)
    region = np.zeros_like(mask)
    region[rows[inside], columns[inside]] = True
    return FunctionalRegion(region, False)
