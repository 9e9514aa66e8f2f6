# SPDX-License-Identifier: Apache-2.0
"""The grounding models of ``grounding/`` as annotators: CogVLM, Qwen-VL, Florence-2, GroundingDINO, OWLv2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.grounding.grounder import Boxes, Grounder, load_grounder


@dataclass
class GrounderAnnotator:
    """See Annotator. Questions about one picture go to the model together. These models are asked for their best answer, not for
    samples: a repeated question is answered alike.
    """

    grounder: Grounder
    name: str

    @classmethod
    def load(
        cls, name: str, *, weights: str | None = None, device: str = "auto", download: bool = False, **_: Any
    ) -> GrounderAnnotator:
        """Returns the annotator with the weights of ``weights`` (see load_grounder, which says what is raised)."""
        return cls(load_grounder(name, weights, device, download), name)

    @property
    def identity(self) -> Mapping[str, Any]:
        """The grounder's."""
        return dict(self.grounder.identity)

    def ask(self, questions: Sequence[Question]) -> list[Boxes]:
        """See Annotator.ask."""
        found: list[Boxes] = []
        for _, alike in groupby(questions, lambda one: (one.asset, one.view, one.window)):
            some = list(alike)
            found += self.grounder.ground(some[0].picture, [one.phrase for one in some])
        return found
