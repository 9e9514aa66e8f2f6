# SPDX-License-Identifier: Apache-2.0
"""What planners may ask a correspondence node: another reference, and the correspondence of one pair of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool
from sensor_msgs.msg import Image

from func_corr_ros import encodings
from func_corr_ros.errors import BadImage
from func_corr_ros.nodes.messages import color_of, frame_in_request, image_message, mask_of, pixels_of, points_message
from func_corr_ros.nodes.observations import MatchesSeen, ReferencePicture, object_mask
from func_corr_ros.nodes.pictures import dense_field
from func_corr_ros.nodes.result_messages import error_fields, info_message, keypoints_message
from func_corr_ros.srv import GetCorrespondence, SetReference

if TYPE_CHECKING:
    from func_corr_ros.nodes.correspondence_node import CorrespondenceNode


def serve_correspondence(node: CorrespondenceNode) -> None:
    """Adds ``~/set_reference`` and ``~/get_correspondence`` to ``node``."""

    async def set_reference(request: SetReference.Request, response: SetReference.Response) -> None:
        keypoints = pixels_of(request.keypoint_names, request.keypoint_u, request.keypoint_v)
        timeout = node.seconds(request.timeout)
        picture = await _reference_of(node, request, keypoints, timeout)
        await node.set_reference(picture, timeout)
        response.reference_id, response.mask_pixels = picture.id, int(picture.mask.sum())

    async def get_correspondence(request: GetCorrespondence.Request, response: GetCorrespondence.Response) -> None:
        queries = pixels_of(request.query_names, request.query_u, request.query_v)
        picture = None
        if len(request.reference_color.data):
            color, mask = color_of(request.reference_color), _needed(request.reference_mask, "reference_mask")
            picture = ReferencePicture(request.reference_id, request.function, color, mask, queries)
        frame = frame_in_request(request.color, request.depth, request.camera_info)
        seen = await node.correspond(picture, frame, mask_of(request.mask), node.seconds(request.timeout), queries)
        _fill(response, seen, node, request.whole_field)

    node.serve(SetReference, "set_reference", set_reference)
    node.serve(GetCorrespondence, "get_correspondence", get_correspondence)


async def _reference_of(
    node: CorrespondenceNode, request: SetReference.Request, keypoints: dict[str, tuple[float, float]], timeout: float
) -> ReferencePicture:
    if len(request.color.data):
        color, mask = color_of(request.color), _needed(request.mask, "mask")
    else:
        frame, segmentation = (await node.observe(None, None, timeout)).checked()
        given, first = mask_of(request.mask), next(iter(keypoints.values()), None)
        color, mask = frame.color, given if given is not None else object_mask(segmentation, first)
    return ReferencePicture(request.reference_id or "reference", request.function, color, mask, keypoints)


def _needed(mask: Image, name: str) -> Bool[np.ndarray, "h w"]:
    found = mask_of(mask)
    if found is None:
        raise BadImage(f"{name} is empty; an image that comes with the request needs the mask of its object")
    return found


def _fill(response: GetCorrespondence.Response, seen: MatchesSeen, node: CorrespondenceNode, whole_field: bool) -> None:
    response.info = info_message(seen, node.identity(), node.age(seen.moment))
    response.keypoints = keypoints_message(seen)
    response.error_code, response.error_msg = error_fields(seen.error)
    if whole_field and seen.points is not None and seen.mask is not None:
        flow, confidence = dense_field(seen.points, seen.mask, seen.stride)
        response.flow = image_message(encodings.encode_field(flow), seen.moment)
        response.confidence = image_message(encodings.encode_field(confidence), seen.moment)
        response.points = points_message(seen.points, seen.moment)
