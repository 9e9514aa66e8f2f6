# SPDX-License-Identifier: Apache-2.0
"""Objects in, the pixels of one of them that correspond to the reference out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from func_corr_ros.correspondence.backbone import chosen_device
from func_corr_ros.correspondence.correspond import correspond
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.reference import Reference, make_reference
from func_corr_ros.errors import NoMask, NoReference, UnknownFunction
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.msg import ObjectMaskArray
from func_corr_ros.nodes.correspondence_outputs import CorrespondenceOutputs
from func_corr_ros.nodes.correspondence_services import serve_correspondence
from func_corr_ros.nodes.diagnostics import stream_values
from func_corr_ros.nodes.inference_thread import InferenceThread
from func_corr_ros.nodes.observations import MatchesSeen, Moment, ObjectsSeen, ReferencePicture
from func_corr_ros.nodes.process import run
from func_corr_ros.nodes.reference_matching import is_of, matches_seen
from func_corr_ros.nodes.result_messages import objects_seen
from func_corr_ros.nodes.rgbd_input import InputSettings, SynchronizedInput, SyncSettings, Topic, rgbd_topics
from func_corr_ros.nodes.stage_node import StageNode, StageSettings
from func_corr_ros.nodes.upstream import Observer, RemoteSegmentation
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class CorrespondenceNodeSettings(StageSettings):
    """Parameters of correspondence_node."""

    model: str = setting("func-corr-s", "weights: func-corr-s, a head's file, a bare backbone, a Hugging Face id or a folder")
    device: str = setting("auto", "where the model runs: auto (the GPU where there is one), cpu, cuda, cuda:1 ...")
    dtype: str = setting("fp32", "precision of the model", choices=("fp32", "fp16", "bf16"))
    require_gpu: bool = setting(False, "refuse to configure without a GPU instead of running slowly")
    function: str = setting("", "function of references that name none, such as pour-with", live=True)
    segmentation_node: str = setting("segmentation_node", "who segments the images of requests, where that is another process")
    correspondence: CorrespondenceSettings = field(default_factory=CorrespondenceSettings)
    input: InputSettings = field(default_factory=InputSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)


def load_model(settings: CorrespondenceNodeSettings) -> FunctionalCorrespondence:
    """Returns the model that the parameters ask for."""
    device = "cuda" if settings.require_gpu else settings.device
    return FunctionalCorrespondence.from_pretrained(settings.model, settings.correspondence, device, settings.dtype)


class CorrespondenceNode(StageNode[CorrespondenceNodeSettings]):
    """Publishes the correspondence between the newest image's objects and the reference.

    ``upstream`` is the segmentation node of the same process; without it, objects come over topics. ``listeners`` in the
    same process get each result as a value.
    """

    def __init__(
        self,
        worker: InferenceThread | None = None,
        upstream: Observer | None = None,
        load: Callable[[CorrespondenceNodeSettings], FunctionalCorrespondence] = load_model,
        **options: Any,
    ) -> None:
        super().__init__("correspondence_node", CorrespondenceNodeSettings(), worker, **options)
        self.listeners: list[Callable[[MatchesSeen], Any]] = []
        self._linked = upstream is not None
        remote = RemoteSegmentation(self, self.settings.segmentation_node)
        self._upstream: Observer = remote if upstream is None else upstream
        self._load = load
        self._model: FunctionalCorrespondence | None = None
        self._reference: Reference | None = None
        self._newest: ObjectsSeen | None = None
        self._input: SynchronizedInput | None = None
        self._outputs = CorrespondenceOutputs(self)
        serve_correspondence(self)

    def configure(self) -> None:
        """Loads and verifies the model."""
        self._model = self._load(self.settings)
        device = chosen_device("cuda" if self.settings.require_gpu else self.settings.device)
        found = self._model.identity
        self.get_logger().info(f"{found['name']} on {device} (torch {torch.__version__}), sha256 {str(found['sha256'])[:12]}")

    def activate(self) -> None:
        """Takes objects from the linked node, or subscribes to them and to the camera."""
        self.enter_stage("correspondence", 1, self._match_newest)
        if not self._linked:
            matched, held = rgbd_topics(self, self.settings.input)
            matched["objects"] = Topic(ObjectMaskArray, "objects", "RELIABLE")
            self._input = SynchronizedInput(self, matched, held, self.settings.sync, self._take_messages)

    def deactivate(self) -> None:
        """Unsubscribes; the newest image is forgotten."""
        if self._input is not None:
            self._input.close()
        self._input = self._newest = None

    def cleanup(self) -> None:
        """Frees the model and the reference."""
        self._model = self._reference = None

    def warning(self) -> str | None:
        """Returns what keeps results from coming."""
        complaint = self._input.complaint() if self._input is not None else None
        return complaint or (None if self._reference is not None else "no reference is set; load a demonstration or set one")

    def diagnostic_values(self) -> dict[str, object]:
        """Returns which model and reference are in use."""
        identity = self._model.identity if self._model is not None else {}
        named = {"reference": self._reference.id, "function": self._reference.function} if self._reference is not None else {}
        stream = stream_values(self._input.synchronizer, self._input.names) if self._input is not None else {}
        return {**{f"model.{key}": value for key, value in identity.items()}, **named, **stream}

    def take(self, seen: Callable[[], ObjectsSeen]) -> None:
        """Puts objects into the mailbox; ``seen`` is called on the inference thread."""
        if self.stage is not None:
            self.stage.mailbox.put(seen)

    def _take_messages(self, messages: dict[str, Any]) -> None:
        self.take(partial(objects_seen, **messages))

    async def observe(self, frame: RgbdFrame | None, mask: Bool[np.ndarray, "h w"] | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame`` (None: the newest), or just the one of ``mask``. Raises NoInput, StaleInput."""
        if frame is None and mask is not None:
            raise NoMask("a mask needs its image; leave both empty for the newest frame")
        if frame is None:
            if self._newest is None:
                return await self._upstream.observe(None, None, timeout)
            self.check_age(self._newest.moment)
            return self._newest
        if mask is None:
            return await self._upstream.observe(frame, None, timeout)
        found = await self.on_worker("given_mask", lambda: GivenMaskSegmenter(mask).segment(frame), timeout)
        return ObjectsSeen(Moment(frame.stamp_ns, frame.frame_id), frame, found)

    async def set_reference(self, picture: ReferencePicture, timeout: float) -> None:
        """Makes ``picture`` what live images are matched to."""
        if self._reference is not None and is_of(picture, self._reference):
            return  # asked again by a node that could not know
        self._reference = await self.on_worker("set_reference", lambda: self._embedded(picture), timeout)
        self._outputs.publish_reference(self._reference)

    async def correspond(
        self,
        picture: ReferencePicture | None,
        frame: RgbdFrame | None,
        mask: Bool[np.ndarray, "h w"] | None,
        timeout: float,
        queries: dict[str, tuple[float, float]] | None = None,
    ) -> MatchesSeen:
        """Returns the correspondence of ``frame`` (None: the newest) to ``picture`` (None: the reference that is set)."""
        seen = await self.observe(frame, mask, timeout)
        return await self.on_worker("correspond", partial(self._match_once, seen, picture, queries), timeout)

    def _match_newest(self, make: Callable[[], ObjectsSeen]) -> None:
        seen = self._newest = make()
        matches = self._match(seen, self._reference)
        for listener in self.listeners:
            listener(matches)
        self._outputs.publish(matches, self.identity(), self._reference)

    def _match_once(
        self, seen: ObjectsSeen, picture: ReferencePicture | None, queries: dict[str, tuple[float, float]] | None
    ) -> MatchesSeen:
        current = self._reference
        if picture is not None and (current is None or not is_of(picture, current)):
            current = self._embedded(picture)
        return self._match(seen, replace(current, keypoints=queries) if current is not None and queries else current)

    def _match(self, seen: ObjectsSeen, reference: Reference | None) -> MatchesSeen:
        named = (reference.id, reference.function) if reference is not None else ("", self.settings.function)
        try:
            frame, segmentation = seen.checked()
            if reference is None or self._model is None:
                raise NoReference("no reference is set: call ~/set_reference, or ~/load_demonstration of transfer_node")
            with self.timer.time("match"):
                found = correspond(self._model, reference, frame.color, segmentation.masks())
            return matches_seen(seen, reference, found)
        except Exception as error:
            return MatchesSeen(seen.moment, *named, error=self.known(error, "correspondence"))

    def _embedded(self, picture: ReferencePicture) -> Reference:
        function = picture.function or self.settings.function
        if not function:
            raise UnknownFunction("neither the reference nor the parameter function names one; give one such as 'pour-with'")
        with self.timer.time("embed_reference"):
            return make_reference(self._model, picture.id, function, picture.image, picture.mask, picture.keypoints)

    def identity(self) -> dict[str, str | bool]:
        """Returns which weights speak."""
        return self._model.identity if self._model is not None else {"name": "", "sha256": "", "conditioned": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs correspondence_node in a process of its own."""
    return run(lambda: [CorrespondenceNode()], arguments)


if __name__ == "__main__":
    raise SystemExit(main())
