# SPDX-License-Identifier: Apache-2.0
"""Where the anchors of phases are, by TF: an anchor's name is a frame, unless the parameter ``anchor_frames`` names another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadSettings, DegenerateGeometry, TransformUnavailable
from func_corr_ros.nodes.transform_lookup import ImageTransforms
from func_corr_ros.transfer.anchor_motion import anchor_motions
from func_corr_ros.transfer.demonstration import ANCHOR_MARK, ANCHOR_PATTERN, Demonstration


class AnchorFrames:
    """The TF frames of anchors. A word of ``words`` is NAME=FRAME ("receiver=cup_1"); raises BadSettings for one that is not, and
    for a name that comes twice.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._frames: dict[str, str] = {}
        for word in words:
            name, _, frame = str(word).removeprefix(ANCHOR_MARK).partition("=")
            if not ANCHOR_PATTERN.fullmatch(name) or not frame:
                raise BadSettings(f"anchor_frames holds {word!r}; NAME=FRAME is needed, such as 'receiver=cup_1'")
            if name in self._frames:
                raise BadSettings(f"anchor_frames names the frame of {name!r} twice; leave one")
            self._frames[name] = frame

    def frame(self, anchor: str) -> str:
        """Returns the TF frame of an anchor."""
        return self._frames.get(anchor, anchor)

    def frames(self, demonstration: Demonstration | None) -> tuple[str, ...]:
        """Returns the TF frames that ``demonstration`` follows; none for None."""
        return () if demonstration is None else tuple(self.frame(name) for name in demonstration.anchor_names)

    def recorded(self, demonstration: Demonstration, transforms: ImageTransforms) -> Demonstration:
        """Returns ``demonstration`` with the poses of all its anchors at the image's stamp, in its camera's optical frame [m].

        Raises TransformUnavailable, naming phase, frame and what to do, where TF does not know one.
        """
        found: dict[str, Float64[np.ndarray, "4 4"]] = {}
        for name in demonstration.anchor_names:
            try:
                found[name] = transforms.camera_from(self.frame(name))
            except (TransformUnavailable, DegenerateGeometry) as error:
                phases = ", ".join(repr(phase.name) for phase in demonstration.phases if phase.anchor == name)
                raise TransformUnavailable(
                    f"{demonstration.id}: phase {phases} is relative to {ANCHOR_MARK + name!r}, and where that was is not known: "
                    f"{error}. {self._remedy(name)}; nothing was stored") from error
        return replace(demonstration, anchors=found)

    def motions(
        self, demonstration: Demonstration, transforms: ImageTransforms
    ) -> tuple[dict[str, Float64[np.ndarray, "4 4"]], list[str]]:
        """Returns how the anchors have moved since ``demonstration``, as :func:`transfer_demonstration` asks for it, and, for
        each that is left out, why and what to do.
        """
        live: dict[str, Float64[np.ndarray, "4 4"]] = {}
        reasons = []
        for name in demonstration.anchor_names:
            if name not in demonstration.anchors:
                reasons.append(f"{demonstration.id} holds no pose of {name!r} (it was not recorded by ~/record_demonstration, or "
                               "before that kept them); record it again, with its frame in TF")
                continue
            try:
                live[name] = transforms.camera_from(self.frame(name))
            except (TransformUnavailable, DegenerateGeometry) as error:
                reasons.append(f"{error}. {self._remedy(name)}")
        return anchor_motions(demonstration, live), reasons

    def _remedy(self, name: str) -> str:
        return (f"Publish the frame {self.frame(name)!r} (whoever finds the object: a tag detector, a pose estimator), or name "
                f"another by the parameter anchor_frames: ['{name}=FRAME']; if it comes late, raise tf_timeout")
