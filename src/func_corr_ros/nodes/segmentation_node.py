# SPDX-License-Identifier: Apache-2.0
"""RGB-D images in, the objects in them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from sensor_msgs.msg import Image

from func_corr_ros.errors import BadPrompt, BadSettings, NoInput, NotActive
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.grounding.grounder import Grounder, load_grounder
from func_corr_ros.msg import ObjectMaskArray
from func_corr_ros.nodes.detected_boxes import DetectionSettings
from func_corr_ros.nodes.diagnostics import stream_values
from func_corr_ros.nodes.inference_thread import InferenceThread
from func_corr_ros.nodes.live_prompts import LivePrompts
from func_corr_ros.nodes.live_segmenter import LiveSegmenter
from func_corr_ros.nodes.messages import frame_in_request, frame_of, moment_of, picture_message, prompts_of
from func_corr_ros.nodes.observations import Moment, ObjectsSeen
from func_corr_ros.nodes.pictures import objects_picture
from func_corr_ros.nodes.process import run
from func_corr_ros.nodes.result_messages import objects_message
from func_corr_ros.nodes.rgbd_input import InputSettings, SynchronizedInput, SyncSettings, rgbd_topics
from func_corr_ros.nodes.stage_node import StageNode, StageSettings
from func_corr_ros.segmentation import SEGMENTERS, make_segmenter
from func_corr_ros.segmentation.given_mask import GivenMaskSettings
from func_corr_ros.segmentation.key_frames import KeyFrameSettings
from func_corr_ros.segmentation.sam import SamSettings
from func_corr_ros.segmentation.segmenter import Prompts, Segmenter
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.segmentation.text_prompted import GroundingSettings, phrases_of
from func_corr_ros.settings import setting
from func_corr_ros.srv import Segment

# Every so many-th row and column tells how much of the depth is there.
DEPTH_STEP = 8


@dataclass(frozen=True)
class SegmentationNodeSettings(StageSettings):
    """Parameters of segmentation_node."""

    segmenter: str = setting("tabletop", "how objects are found; sam without a checkpoint is tabletop", choices=tuple(SEGMENTERS))
    text_prompt: str = setting("", "only what these words mean: 'red mug', several parted by ';'; empty: all objects", live=True)
    tabletop: TabletopSettings = field(default_factory=TabletopSettings)
    given_mask: GivenMaskSettings = field(default_factory=GivenMaskSettings)
    sam: SamSettings = field(default_factory=SamSettings)
    grounding: GroundingSettings = field(default_factory=GroundingSettings)
    key_frames: KeyFrameSettings = field(default_factory=KeyFrameSettings)
    detections: DetectionSettings = field(default_factory=DetectionSettings)
    input: InputSettings = field(default_factory=InputSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)


class SegmentationNode(StageNode[SegmentationNodeSettings]):
    """Publishes the objects of the newest image, or the one that an operator pointed at. ``listeners`` in the same process get
    them as values.
    """

    def __init__(
        self,
        worker: InferenceThread | None = None,
        make: Callable[[str, Any], Segmenter] = make_segmenter,
        ground: Callable[..., Grounder] = load_grounder,
        **options: Any,
    ) -> None:
        super().__init__("segmentation_node", SegmentationNodeSettings(), worker, **options)
        self._make, self._ground = make, ground
        self.listeners: list[Callable[[ObjectsSeen], Any]] = []
        self._input: SynchronizedInput | None = None
        self._newest: dict[str, Any] | None = None
        self._valid_depth = ""
        self._prompts: LivePrompts | None = None
        self._segmenter: LiveSegmenter | None = None
        self._objects = self.publisher(ObjectMaskArray, "~/objects")
        self._overlay = self.publisher(Image, "~/overlay")
        self.serve(Segment, "segment", self._segment)

    def settings_changed(self, settings: SegmentationNodeSettings) -> None:
        """Refuses words that are too many."""
        try:
            phrases_of(settings.text_prompt)
        except BadPrompt as error:
            raise BadSettings(f"text_prompt: {error}") from error

    def configure(self) -> None:
        """Makes the segmenter and, where words are to be understood, loads the model that knows them."""
        self.settings_changed(self.settings)
        self._segmenter = LiveSegmenter(self.settings, self._make, self._ground)
        if self._segmenter.fallback:
            self.get_logger().warning(self._segmenter.fallback)

    def activate(self) -> None:
        """Subscribes to the camera and to those who say which objects count."""
        if self._segmenter is not None:
            self._segmenter.forget()
        self.enter_stage("segmentation", 0, self._see_messages)
        self._prompts = LivePrompts(self, lambda: self._newest)
        self._input = SynchronizedInput(self, *rgbd_topics(self, self.settings.input), self.settings.sync, self._deliver)

    def deactivate(self) -> None:
        """Unsubscribes; the newest image is forgotten."""
        if self._input is not None:
            self._input.close()
        if self._prompts is not None:
            self._prompts.close()
        self._input = self._newest = self._prompts = None

    def cleanup(self) -> None:
        """Frees the segmenter and the model that knows words."""
        self._segmenter = None

    def warning(self) -> str | None:
        """Returns which topic is missing or late."""
        return self._input.complaint() if self._input is not None else None

    def diagnostic_values(self) -> dict[str, object]:
        """Returns the camera's rates and skews, the segmenter, what it is asked for, and how often it was asked."""
        stream = stream_values(self._input.synchronizer, self._input.names) if self._input is not None else {}
        uv = self._prompts.clicked.followed.uv if self._prompts is not None else None
        followed = "" if uv is None else f"{uv[0]:.0f}, {uv[1]:.0f}"
        segmenter = self._segmenter.told() if self._segmenter is not None else {}
        prompts = {"text_prompt": self.settings.text_prompt, "followed_px": followed}
        return {**segmenter, **prompts, **stream, "depth.valid_share": self._valid_depth}

    async def observe(self, frame: RgbdFrame | None, prompts: Prompts | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame``, or of the newest one. Raises NoInput, Timeout."""
        newest = self._newest
        if frame is not None:
            moment = Moment(frame.stamp_ns, frame.frame_id)
            return await self.on_worker("segment", partial(self._see, moment, lambda: frame, lambda: prompts), timeout)
        if newest is None:
            raise NoInput(f"no image has arrived yet; {self.warning() or 'waiting for the camera'}")
        moment = moment_of(newest["color"].header)
        self.check_age(moment)
        return await self.on_worker("segment", partial(self._see, moment, lambda: frame_of(**newest), lambda: prompts), timeout)

    def _deliver(self, messages: dict[str, Any]) -> None:
        self._newest = messages
        self.timer.add("transport", self.age(moment_of(messages["color"].header)))
        if self.stage is not None:
            self.stage.mailbox.put(messages)

    def _see_messages(self, messages: dict[str, Any]) -> None:
        moment = moment_of(messages["color"].header)

        def fresh_frame() -> RgbdFrame:
            self.check_age(moment)
            with self.timer.time("decode"):
                frame = frame_of(**messages)
            self._valid_depth = f"{np.isfinite(frame.depth[::DEPTH_STEP, ::DEPTH_STEP]).mean():.2f}"
            return frame

        prompts = self._prompts
        seen = self._see(moment, fresh_frame, lambda: None if prompts is None else prompts.prompts(moment), stream=True)
        if prompts is not None:
            prompts.learn(seen)
        self._publish(seen)

    def _see(
        self, moment: Moment, make_frame: Callable[[], RgbdFrame], ask: Callable[[], Prompts | None], *, stream: bool = False
    ) -> ObjectsSeen:
        frame = None
        try:
            frame = make_frame()
            prompts = ask()
            if self._segmenter is None:
                raise NotActive("the segmenter was freed (cleanup); configure and activate the node again")
            with self.timer.time("segment"):
                return ObjectsSeen(moment, frame, self._segmenter.segment(frame, prompts, stream=stream))
        except Exception as error:
            return ObjectsSeen(moment, frame, error=self.known(error, "segmentation"))

    @property
    def _segmenter_name(self) -> str:
        return self._segmenter.name if self._segmenter is not None else self.settings.segmenter

    def _publish(self, seen: ObjectsSeen) -> None:
        for listener in self.listeners:
            listener(seen)
        if self._objects.get_subscription_count():
            self._objects.publish(objects_message(seen, self._segmenter_name, self.age(seen.moment)))
        if seen.segmentation is not None and seen.frame is not None and self._overlay.get_subscription_count():
            self._overlay.publish(picture_message(objects_picture(seen.frame.color, seen.segmentation), seen.moment))

    async def _segment(self, request: Segment.Request, response: Segment.Response) -> None:
        frame = frame_in_request(request.color, request.depth, request.camera_info)
        prompts = prompts_of(request.point_u, request.point_v, request.point_label, request.boxes, request.text)
        seen = await self.observe(frame, prompts, self.seconds(request.timeout))
        response.objects = objects_message(seen, self._segmenter_name, self.age(seen.moment))
        response.error_code, response.error_msg = response.objects.error_code, response.objects.error_msg


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs segmentation_node in a process of its own."""
    return run(lambda: [SegmentationNode()], arguments)


if __name__ == "__main__":
    raise SystemExit(main())
