# SPDX-License-Identifier: Apache-2.0
"""RGB-D images in, the objects in them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sensor_msgs.msg import Image

from func_corr_ros.errors import NoInput
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.msg import ObjectMaskArray
from func_corr_ros.nodes.clicked_point import ClickedPoint
from func_corr_ros.nodes.diagnostics import stream_values
from func_corr_ros.nodes.inference_thread import InferenceThread
from func_corr_ros.nodes.messages import frame_in_request, frame_of, moment_of, picture_message, prompts_of
from func_corr_ros.nodes.observations import Moment, ObjectsSeen
from func_corr_ros.nodes.pictures import objects_picture
from func_corr_ros.nodes.process import run
from func_corr_ros.nodes.result_messages import objects_message
from func_corr_ros.nodes.rgbd_input import InputSettings, SynchronizedInput, SyncSettings, rgbd_topics
from func_corr_ros.nodes.stage_node import StageNode, StageSettings
from func_corr_ros.segmentation import SEGMENTERS, make_segmenter
from func_corr_ros.segmentation.given_mask import GivenMaskSettings
from func_corr_ros.segmentation.sam import SamSettings
from func_corr_ros.segmentation.segmenter import Prompts, Segmenter
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.settings import setting
from func_corr_ros.srv import Segment


@dataclass(frozen=True)
class SegmentationNodeSettings(StageSettings):
    """Parameters of segmentation_node."""

    segmenter: str = setting("tabletop", "how objects are found", choices=tuple(SEGMENTERS))
    tabletop: TabletopSettings = field(default_factory=TabletopSettings)
    given_mask: GivenMaskSettings = field(default_factory=GivenMaskSettings)
    sam: SamSettings = field(default_factory=SamSettings)
    input: InputSettings = field(default_factory=InputSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)


class SegmentationNode(StageNode[SegmentationNodeSettings]):
    """Publishes the objects of the newest image, or the one that an operator pointed at. ``listeners`` in the same process get
    them as values.
    """

    def __init__(
        self, worker: InferenceThread | None = None, make: Callable[[str, Any], Segmenter] = make_segmenter, **options: Any
    ) -> None:
        super().__init__("segmentation_node", SegmentationNodeSettings(), worker, **options)
        self._make = make
        self.listeners: list[Callable[[ObjectsSeen], Any]] = []
        self._input: SynchronizedInput | None = None
        self._newest: dict[str, Any] | None = None
        self._clicked: ClickedPoint | None = None
        self._objects = self.publisher(ObjectMaskArray, "~/objects")
        self._overlay = self.publisher(Image, "~/overlay")
        self.serve(Segment, "segment", self._segment)

    def configure(self) -> None:
        """Makes the segmenter."""
        self._segmenter: Segmenter = self._make(self.settings.segmenter, getattr(self.settings, self.settings.segmenter))

    def activate(self) -> None:
        """Subscribes to the camera and to an operator's clicks."""
        self.enter_stage("segmentation", 0, self._see_messages)
        self._clicked = ClickedPoint(self, lambda: self._newest)
        self._input = SynchronizedInput(self, *rgbd_topics(self, self.settings.input), self.settings.sync, self._deliver)

    def deactivate(self) -> None:
        """Unsubscribes; the newest image is forgotten."""
        if self._input is not None:
            self._input.close()
        if self._clicked is not None:
            self._clicked.close()
        self._input = self._newest = self._clicked = None

    def warning(self) -> str | None:
        """Returns which topic is missing or late."""
        return self._input.complaint() if self._input is not None else None

    def diagnostic_values(self) -> dict[str, object]:
        """Returns the camera's rates and skews, the segmenter, and the pixel of the object that an operator pointed at."""
        stream = stream_values(self._input.synchronizer, self._input.names) if self._input is not None else {}
        uv = self._clicked.followed.uv if self._clicked is not None else None
        followed = "" if uv is None else f"{uv[0]:.0f}, {uv[1]:.0f}"
        return {"segmenter": self.settings.segmenter, "followed_px": followed, **stream}

    async def observe(self, frame: RgbdFrame | None, prompts: Prompts | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame``, or of the newest one. Raises NoInput, Timeout."""
        newest = self._newest
        if frame is not None:
            moment = Moment(frame.stamp_ns, frame.frame_id)
            return await self.on_worker("segment", partial(self._see, moment, lambda: frame, prompts), timeout)
        if newest is None:
            raise NoInput(f"no image has arrived yet; {self.warning() or 'waiting for the camera'}")
        moment = moment_of(newest["color"].header)
        self.check_age(moment)
        return await self.on_worker("segment", partial(self._see, moment, lambda: frame_of(**newest), prompts), timeout)

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
                return frame_of(**messages)

        clicked = self._clicked
        seen = self._see(moment, fresh_frame, clicked.prompts() if clicked is not None else None)
        if clicked is not None:
            clicked.learn(seen)
        self._publish(seen)

    def _see(self, moment: Moment, make_frame: Callable[[], RgbdFrame], prompts: Prompts | None) -> ObjectsSeen:
        frame = None
        try:
            frame = make_frame()
            with self.timer.time("segment"):
                return ObjectsSeen(moment, frame, self._segmenter.segment(frame, prompts))
        except Exception as error:
            return ObjectsSeen(moment, frame, error=self.known(error, "segmentation"))

    def _publish(self, seen: ObjectsSeen) -> None:
        for listener in self.listeners:
            listener(seen)
        if self._objects.get_subscription_count():
            self._objects.publish(objects_message(seen, self.settings.segmenter, self.age(seen.moment)))
        if seen.segmentation is not None and seen.frame is not None and self._overlay.get_subscription_count():
            self._overlay.publish(picture_message(objects_picture(seen.frame.color, seen.segmentation), seen.moment))

    async def _segment(self, request: Segment.Request, response: Segment.Response) -> None:
        frame = frame_in_request(request.color, request.depth, request.camera_info)
        prompts = prompts_of(request.point_u, request.point_v, request.point_label, request.boxes)
        seen = await self.observe(frame, prompts, self.seconds(request.timeout))
        response.objects = objects_message(seen, self.settings.segmenter, self.age(seen.moment))
        response.error_code, response.error_msg = response.objects.error_code, response.objects.error_msg


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs segmentation_node in a process of its own."""
    return run(lambda: [SegmentationNode()], arguments)


if __name__ == "__main__":
    raise SystemExit(main())
