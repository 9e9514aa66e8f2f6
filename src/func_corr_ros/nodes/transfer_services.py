# SPDX-License-Identifier: Apache-2.0
"""What planners may ask a transfer node: to record, load and list demonstrations, and to transfer one to one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from func_corr_ros.errors import BadDemonstration, FuncCorrError, NoReference
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.nodes.messages import frame_in_request, mask_of, pixels_of, transform_of
from func_corr_ros.nodes.observations import Moment, ReferencePicture, object_mask
from func_corr_ros.nodes.result_messages import transfer_message
from func_corr_ros.srv import ListDemonstrations, LoadDemonstration, RecordDemonstration, TransferDemonstration
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at

if TYPE_CHECKING:
    from func_corr_ros.nodes.transfer_node import TransferNode


def serve_transfer(node: TransferNode) -> None:
    """Adds the four services to ``node``."""

    async def record(request: RecordDemonstration.Request, response: RecordDemonstration.Response) -> None:
        timeout = node.seconds(request.timeout)
        frame, mask, support = await _scene(node, request, timeout)

        def write() -> str:
            seen = node.transforms.at(Moment(frame.stamp_ns, frame.frame_id))
            demonstration = node.anchor_frames.recorded(_demonstration(request, frame, mask, support), seen)
            node.store.record(demonstration, replace=request.overwrite)
            return demonstration.id

        response.demonstration_id = await node.on_worker("record_demonstration", write, timeout)

    async def load(request: LoadDemonstration.Request, response: LoadDemonstration.Response) -> None:
        demonstration = await node.load(request.demonstration_id, node.seconds(request.timeout))
        response.function = demonstration.function
        response.keypoint_names = [item.name for item in demonstration.keypoints]
        response.phase_names = [phase.name for phase in demonstration.phases]

    async def list_all(request: ListDemonstrations.Request, response: ListDemonstrations.Response) -> None:
        response.loaded = node.demonstration.id if node.demonstration is not None else ""
        stored, broken = await node.on_worker("list_demonstrations", lambda: _stored(node), node.settings.service_timeout)
        listed = [item for item in stored if request.function in ("", item.function)]
        response.demonstration_ids = [item.id for item in listed]
        response.functions = [item.function for item in listed]
        response.objects = [item.object for item in listed]
        if broken:
            raise BadDemonstration("not listed: " + "; ".join(broken))

    async def transfer(request: TransferDemonstration.Request, response: TransferDemonstration.Response) -> None:
        timeout, demonstration = node.seconds(request.timeout), node.demonstration
        if request.demonstration_id and (demonstration is None or request.demonstration_id != demonstration.id):
            demonstration = await node.on_worker("load", lambda: node.store.load(request.demonstration_id), timeout)
        if demonstration is None:
            raise NoReference("no demonstration is loaded, and the request names none")
        frame = frame_in_request(request.color, request.depth, request.camera_info)
        matches = await node.upstream.correspond(ReferencePicture.of(demonstration), frame, mask_of(request.mask), timeout)
        seen, _ = await node.on_worker("transfer", lambda: node.transfer(demonstration, matches), timeout)
        response.result = transfer_message(seen, node.age(seen.moment))
        response.error_code, response.error_msg = response.result.error_code, response.result.error_msg

    node.serve(RecordDemonstration, "record_demonstration", record)
    node.serve(LoadDemonstration, "load_demonstration", load)
    node.serve(ListDemonstrations, "list_demonstrations", list_all)
    node.serve(TransferDemonstration, "transfer_demonstration", transfer)


def _stored(node: TransferNode) -> tuple[list[Demonstration], list[str]]:
    stored, broken = [], []
    for demonstration_id in node.store.ids():
        try:
            stored.append(node.store.load(demonstration_id))
        except FuncCorrError as error:
            broken.append(str(error))
    return stored, broken


async def _scene(
    node: TransferNode, request: RecordDemonstration.Request, timeout: float
) -> tuple[RgbdFrame, Bool[np.ndarray, "h w"], Plane | None]:
    asked, given = frame_in_request(request.color, request.depth, request.camera_info), mask_of(request.mask)
    frame, segmentation = (await node.upstream.observe(asked, given, timeout)).checked()
    first = next(iter(zip(request.keypoint_u, request.keypoint_v, strict=False)), None)
    return frame, given if given is not None else object_mask(segmentation, first), segmentation.support


def _demonstration(
    request: RecordDemonstration.Request, frame: RgbdFrame, mask: Bool[np.ndarray, "h w"], support: Plane | None
) -> Demonstration:
    keypoints = pixels_of(request.keypoint_names, request.keypoint_u, request.keypoint_v)
    for phase in request.phases:
        if phase.pose.header.frame_id not in ("", frame.frame_id):
            raise BadDemonstration(
                f"the pose of phase {phase.name!r} is in frame {phase.pose.header.frame_id!r}; give it in {frame.frame_id!r}"
            )
    return Demonstration(
        id=request.demonstration_id,
        function=request.function,
        object=request.object,
        frame=frame,
        mask=mask,
        keypoints=tuple(keypoint_at(frame, name, uv, mask) for name, uv in keypoints.items()),
        phases=tuple(Phase(item.name, item.tool_link, item.relative_to, transform_of(item.pose.pose)) for item in request.phases),
        support=support,
    )
