# SPDX-License-Identifier: Apache-2.0
"""The stage before, in another process: the same questions as to the node itself, asked through its services."""

from __future__ import annotations

import threading
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool
from rclpy.task import Future

from func_corr_ros import encodings
from func_corr_ros.errors import FuncCorrError, NoInput, NoMask, NotActive, Timeout
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.nodes.messages import camera_message, image_message, picture_message
from func_corr_ros.nodes.observations import MatchesSeen, Moment, ObjectsSeen, ReferencePicture
from func_corr_ros.nodes.result_messages import error_from, matches_of, segmentation_of
from func_corr_ros.nodes.rgbd_input import SERVICE
from func_corr_ros.nodes.stage_node import StageNode
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.srv import GetCorrespondence, Segment, SetReference


@runtime_checkable
class Observer(Protocol):
    """Whoever finds objects: segmentation_node itself, or RemoteSegmentation."""

    async def observe(self, frame: RgbdFrame | None, prompts: Prompts | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame``, or of the newest one."""
        ...


@runtime_checkable
class Matcher(Protocol):
    """Whoever matches: correspondence_node itself, or RemoteCorrespondence."""

    async def observe(self, frame: RgbdFrame | None, mask: Bool[np.ndarray, "h w"] | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame``, or of the newest one."""
        ...

    async def set_reference(self, picture: ReferencePicture, timeout: float) -> None:
        """Makes ``picture`` what live images are matched to."""
        ...

    async def correspond(
        self, picture: ReferencePicture | None, frame: RgbdFrame | None, mask: Bool[np.ndarray, "h w"] | None, timeout: float
    ) -> MatchesSeen:
        """Returns the correspondence of one image to ``picture``."""
        ...


class RemoteService:
    """One service of another node, called without blocking and never for longer than its deadline."""

    def __init__(self, node: StageNode[Any], kind: type, name: str) -> None:
        self._node = node
        self._client = node.create_client(kind, name, qos_profile=SERVICE)

    async def call(self, request: Any) -> Any:
        """Returns the response; raises its error, NotActive where nobody serves, Timeout after ``request.timeout``."""
        name = self._client.srv_name
        if not self._client.service_is_ready():
            raise NotActive(f"nobody serves {name}; start that node, or run the composed func_corr")
        answer: Future[Any] = self._client.call_async(request)
        limit = threading.Timer(request.timeout, lambda: self._give_up(answer, name, request.timeout))
        limit.daemon = True
        limit.start()
        try:
            with self._node.worker.elsewhere():
                response = await answer
        finally:
            limit.cancel()
            self._client.remove_pending_request(answer)
        error = error_from(response.error_code, response.error_msg)
        if error is not None:
            raise error
        return response

    def _give_up(self, answer: Future[Any], name: str, seconds: float) -> None:
        if not answer.done():  # not cancel(): an await on rclpy 7 does not notice that
            answer.set_exception(Timeout(f"{name} did not answer within {seconds:g} s"))
            if self._node.executor is not None:
                self._node.executor.wake()


class RemoteSegmentation:
    """A segmentation_node in another process."""

    def __init__(self, node: StageNode[Any], name: str) -> None:
        self._segment = RemoteService(node, Segment, f"{name}/segment")

    async def observe(self, frame: RgbdFrame | None, prompts: Prompts | None, timeout: float) -> ObjectsSeen:
        """Returns the objects of ``frame``; the newest frame of another process cannot be asked for."""
        if frame is None:
            raise NoInput("no image has arrived yet")
        request = Segment.Request(timeout=timeout)
        request.color, request.depth, request.camera_info = frame_messages(frame)
        moment = Moment(frame.stamp_ns, frame.frame_id)
        try:
            found = segmentation_of((await self._segment.call(request)).objects)
        except FuncCorrError as error:
            return ObjectsSeen(moment, frame, error=error)
        return ObjectsSeen(moment, frame, error=found) if isinstance(found, FuncCorrError) else ObjectsSeen(moment, frame, found)


class RemoteCorrespondence:
    """A correspondence_node in another process."""

    def __init__(self, node: StageNode[Any], name: str) -> None:
        self._set_reference = RemoteService(node, SetReference, f"{name}/set_reference")
        self._get = RemoteService(node, GetCorrespondence, f"{name}/get_correspondence")

    async def observe(self, frame: RgbdFrame | None, mask: Bool[np.ndarray, "h w"] | None, timeout: float) -> ObjectsSeen:
        """Returns the object of ``mask`` in ``frame``; raises what is missing, for another process's cannot be asked for."""
        if frame is not None and mask is not None:
            return ObjectsSeen(Moment(frame.stamp_ns, frame.frame_id), frame, GivenMaskSegmenter(mask).segment(frame))
        if frame is None:
            raise NoInput("transfer_node runs without a camera here: give color, depth and camera_info, or run func_corr")
        raise NoMask("transfer_node runs without a segmenter here: give a mask, or run func_corr")

    async def set_reference(self, picture: ReferencePicture, timeout: float) -> None:
        """Makes ``picture`` what live images are matched to."""
        request = SetReference.Request(reference_id=picture.id, function=picture.function, timeout=timeout)
        moment = Moment(0, picture.id)
        request.color = picture_message(picture.image, moment)
        request.mask = image_message(encodings.encode_mask(picture.mask), moment)
        request.keypoint_names = list(picture.keypoints)
        request.keypoint_u, request.keypoint_v = ([uv[i] for uv in picture.keypoints.values()] for i in (0, 1))
        await self._set_reference.call(request)

    async def correspond(
        self,
        picture: ReferencePicture | None,
        frame: RgbdFrame | None,
        mask: Bool[np.ndarray, "h w"] | None,
        timeout: float,
    ) -> MatchesSeen:
        """Returns the correspondence of ``frame`` (None: the newest one over there) to ``picture``."""
        request = GetCorrespondence.Request(timeout=timeout, whole_field=True)
        if picture is not None:
            moment = Moment(0, picture.id)
            request.reference_id, request.function = picture.id, picture.function
            request.reference_color = picture_message(picture.image, moment)
            request.reference_mask = image_message(encodings.encode_mask(picture.mask), moment)
            request.query_names = list(picture.keypoints)
            request.query_u, request.query_v = ([uv[i] for uv in picture.keypoints.values()] for i in (0, 1))
        if frame is not None:
            request.color, request.depth, request.camera_info = frame_messages(frame)
        if mask is not None:
            request.mask = image_message(encodings.encode_mask(mask), Moment(0, ""))
        response = await self._get.call(request)
        return matches_of(response.keypoints, response.points)


def frame_messages(frame: RgbdFrame) -> tuple[Any, Any, Any]:
    """Returns the colour, depth and camera info messages of a frame."""
    moment = Moment(frame.stamp_ns, frame.frame_id)
    depth = image_message(encodings.encode_depth(frame.depth, "32FC1"), moment)
    return picture_message(frame.color, moment), depth, camera_message(frame.camera, moment)
