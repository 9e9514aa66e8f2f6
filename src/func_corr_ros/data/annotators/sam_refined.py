# SPDX-License-Identifier: Apache-2.0
"""Another annotator's boxes, each made a mask by Segment Anything: a box around a rim holds the mouth too, its mask does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from func_corr_ros.data.annotators.annotator import Annotator, Question, load_annotator
from func_corr_ros.errors import BadSettings
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.segmentation.sam_network import Network, load_network


@dataclass
class SamRefinedAnnotator:
    """See Annotator. Of each answer the best box is kept, and its mask is cut at it; a mask of nothing is the box."""

    inner: Annotator
    network: Network
    weights: str
    name: str = "sam-refined"

    @classmethod
    def load(
        cls,
        name: str,
        *,
        boxes: str = "grounding-dino",
        sam: str = "",
        sam_type: str = "vit_b",
        sam_device: str = "auto",
        **options: Any,
    ) -> SamRefinedAnnotator:
        """Returns the annotator: ``boxes`` names who draws them (``options`` are that one's), ``sam`` is the file or folder of
        Segment Anything, ``sam_type`` what a file holds. Raises BadSettings for boxes of its own, and what load_annotator and
        sam_network.load_network raise.
        """
        if boxes == name:
            raise BadSettings(f"boxes is {boxes!r}; another annotator is needed to draw them")
        return cls(load_annotator(boxes, **options), *load_network(sam, sam_type, sam_device, ""), name)

    @property
    def identity(self) -> Mapping[str, Any]:
        """Who draws the boxes, and the hash of the weights that make masks of them."""
        return {"boxes": self.inner.name, **self.inner.identity, "sam": self.weights}

    def ask(self, questions: Sequence[Question]) -> list[Boxes]:
        """See Annotator.ask; a picture is embedded once for all that is found in it."""
        found = [boxes.best(1) for boxes in self.inner.ask(questions)]
        refined: list[Boxes] = []
        pairs = zip(questions, found, strict=True)
        for _, alike in groupby(pairs, lambda one: (one[0].asset, one[0].view, one[0].window, one[0].picture.shape)):
            some = list(alike)
            picture = some[0][0].picture
            if any(len(boxes.corners) for _, boxes in some):
                self.network.set_image(picture)
            refined += [self._refined(boxes, picture) for _, boxes in some]
        return refined

    def _refined(self, boxes: Boxes, picture: UInt8[np.ndarray, "h w 3"]) -> Boxes:
        size = picture.shape[:2]
        if not len(boxes.corners):
            return Boxes(boxes.corners, boxes.scores, np.zeros((0, *size), dtype=bool))
        masks, _, _ = self.network.predict(
            point_coords=None, point_labels=None, box=boxes.corners[0].astype(np.float64), multimask_output=False
        )
        within = boxes.mask((size[0], size[1]))
        mask = masks[0].astype(bool) & within
        if not mask.any():
            return Boxes(boxes.corners, boxes.scores, within[None])
        return Boxes(_edges(mask), boxes.scores, mask[None])


def _edges(mask: Bool[np.ndarray, "h w"]) -> np.ndarray:
    """Returns the box around ``mask`` (1, 4), pixel centres at integers."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return np.array([[columns[0] - 0.5, rows[0] - 0.5, columns[-1] + 0.5, rows[-1] + 0.5]], dtype=np.float32)
