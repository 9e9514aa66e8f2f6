# SPDX-License-Identifier: Apache-2.0
"""Standard ROS messages become values here and go back here (our own types: result_messages)."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Vector3
from jaxtyping import Bool, Float32, Float64, UInt8
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2, PointField, RegionOfInterest
from std_msgs.msg import Header

from func_corr_ros import encodings
from func_corr_ros.encodings import RawImage
from func_corr_ros.errors import BadCamera, BadImage, SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import from_quaternion_xyzw, quaternion_xyzw
from func_corr_ros.nodes.observations import Moment, PointMatches
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.segmentation.text_prompted import phrases_of

Numbers = np.ndarray | Sequence[float]
POINT_FIELDS = ("x", "y", "z", "u", "v", "u_ref", "v_ref", "confidence")
# Probabilities of being in the functional part, NaN where unknown; clouds of other makers may lack them.
PART_FIELDS = ("part", "part_ref")


def stamp_ns(stamp: Time) -> int:
    """Returns a stamp in nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def moment_of(header: Header) -> Moment:
    """Returns the stamp and frame of a header."""
    return Moment(stamp_ns(header.stamp), header.frame_id)


def header_of(moment: Moment) -> Header:
    """Returns the header of a moment."""
    seconds, nanoseconds = divmod(moment.stamp_ns, 1_000_000_000)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=moment.frame_id)


def image_message(raw: RawImage, moment: Moment) -> Image:
    """Returns an image message of encoded fields."""
    message = Image(header=header_of(moment), height=raw.height, width=raw.width, encoding=raw.encoding, step=raw.step)
    message.is_bigendian = raw.is_bigendian
    message.data = bytes_field(raw.data)
    return message


def picture_message(picture: UInt8[np.ndarray, "h w 3"], moment: Moment) -> Image:
    """Returns an rgb8 image message."""
    return image_message(encodings.encode_color(picture), moment)


def bytes_field(data: bytes) -> array.array:
    """Returns ``data`` as what a message's uint8[] takes in 0.2 ms per 2.5 MB (a numpy array takes 523 ms)."""
    field = array.array("B")
    field.frombytes(data)
    return field


def raw_image(message: Image) -> RawImage:
    """Returns the encoded fields of an image message, not copied."""
    return RawImage(message.height, message.width, message.encoding, message.step, message.is_bigendian, message.data)


def color_of(message: Image | CompressedImage) -> UInt8[np.ndarray, "h w 3"]:
    """Returns RGB of a raw or compressed colour image."""
    if isinstance(message, CompressedImage):
        return encodings.decode_compressed_color(message.format, message.data)
    return encodings.decode_color(*raw_image(message))


def depth_of(message: Image | CompressedImage) -> Float32[np.ndarray, "h w"]:
    """Returns metres, NaN invalid, of a raw or compressed depth image."""
    if isinstance(message, CompressedImage):
        return encodings.decode_compressed_depth(message.format, message.data)
    return encodings.decode_depth(*raw_image(message))


def mask_of(message: Image) -> Bool[np.ndarray, "h w"] | None:
    """Returns a mask, or None where the message is empty."""
    return encodings.decode_mask(*raw_image(message)) if len(message.data) else None


def camera_of(info: CameraInfo) -> PinholeCamera:
    """Returns the camera of a rectified image: the projection P where it is filled, else K; raises BadCamera."""
    if len(info.d) and any(info.d) and not info.p[0]:
        raise BadCamera("camera_info has lens distortion but no projection matrix P; use the rectified image and its camera_info")
    fx, fy, cx, cy = (info.p[0], info.p[5], info.p[2], info.p[6]) if info.p[0] else (info.k[0], info.k[4], info.k[2], info.k[5])
    return PinholeCamera(fx, fy, cx, cy, info.width, info.height)


def camera_message(camera: PinholeCamera, moment: Moment) -> CameraInfo:
    """Returns the camera info of a rectified image."""
    k = camera.matrix
    p = np.hstack([k, np.zeros((3, 1))])
    size = {"width": camera.width, "height": camera.height}
    return CameraInfo(
        header=header_of(moment), **size, distortion_model="plumb_bob", d=[0.0] * 5, k=k.ravel(), r=np.eye(3).ravel(), p=p.ravel()
    )


def frame_of(color: Image | CompressedImage, depth: Image | CompressedImage | None, camera_info: CameraInfo) -> RgbdFrame:
    """Returns the RGB-D frame of three messages; without a depth image every depth is invalid."""
    rgb = color_of(color)
    metres = np.full(rgb.shape[:2], np.nan, dtype=np.float32) if depth is None else depth_of(depth)
    moment = moment_of(color.header)
    return RgbdFrame(rgb, metres, camera_of(camera_info), moment.stamp_ns, moment.frame_id)


def frame_in_request(color: Image, depth: Image, info: CameraInfo) -> RgbdFrame | None:
    """Returns the frame that a service request carries, or None where it is empty (meaning the newest one)."""
    if not len(color.data):
        if len(depth.data) or color.width or color.height:
            raise BadImage(f"the colour image of the request is empty ({color.width}x{color.height} px, no data)")
        return None
    if not len(depth.data) and not any(info.k) and not any(info.p):
        info = _nominal_info(color.width, color.height)  # nothing is lifted without depth: any camera will do
    return frame_of(color, depth if len(depth.data) else None, info)


def prompts_of(
    u: Sequence[float], v: Sequence[float], labels: Sequence[int], boxes: Sequence[RegionOfInterest], text: str = ""
) -> Prompts:
    """Returns the prompts of a segmentation request; raises SizeMismatch where the lists differ in length, BadPrompt."""
    labels = list(labels) or [1] * len(u)
    if not len(u) == len(v) == len(labels):
        raise SizeMismatch(f"{len(u)} point_u, {len(v)} point_v and {len(labels)} point_label; give as many of each")
    corners = [(box.x_offset, box.y_offset, box.x_offset + box.width, box.y_offset + box.height) for box in boxes]
    points = np.column_stack([np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)]).reshape(-1, 2)
    edges = np.asarray(corners, dtype=np.float64).reshape(-1, 4)
    return Prompts(points, np.asarray(labels, dtype=np.int64), edges, phrases=phrases_of(text))


def points_message(points: PointMatches, moment: Moment) -> PointCloud2:
    """Returns matched points as an unorganised cloud of POINT_FIELDS and PART_FIELDS (float32)."""
    part = np.full((len(points.uv), 2), np.nan) if points.part is None else points.part
    rows = np.hstack([points.points, points.uv, points.uv_reference, points.confidence[:, None], part]).astype("<f4")
    names = POINT_FIELDS + PART_FIELDS
    width = 4 * len(names)
    message = PointCloud2(header=header_of(moment), height=1, width=len(rows), point_step=width, row_step=width * len(rows))
    kind = PointField.FLOAT32
    message.fields = [PointField(name=name, offset=4 * i, datatype=kind, count=1) for i, name in enumerate(names)]
    message.data = bytes_field(rows.tobytes())
    return message


def points_of(message: PointCloud2) -> PointMatches:
    """Returns the matched points of a cloud; raises BadImage where it is not one of ours."""
    offsets = {field.name: field.offset for field in message.fields if field.datatype == PointField.FLOAT32}
    count = message.width * message.height
    whole = len(message.data) == count * message.point_step and not message.is_bigendian
    inside = {name for name, offset in offsets.items() if offset + 4 <= message.point_step}
    if not whole or not inside.issuperset(POINT_FIELDS):
        raise BadImage(f"the point cloud holds {len(message.data)} bytes for {message.width}x{message.height} points of "
                       f"{message.point_step} bytes, with the fields {[field.name for field in message.fields]}; float32 "
                       f"{', '.join(POINT_FIELDS)} are needed, little endian")
    names = POINT_FIELDS + tuple(name for name in PART_FIELDS if inside.issuperset(PART_FIELDS))
    layout = {"names": names, "formats": ["<f4"] * len(names), "offsets": [offsets[name] for name in names]}
    cloud = np.frombuffer(message.data, dtype=np.dtype({**layout, "itemsize": message.point_step}), count=count)
    x, y, z, u, v, u_ref, v_ref, confidence = (cloud[name].astype(np.float32) for name in POINT_FIELDS)
    xyz = np.stack([x, y, z], axis=1).astype(np.float64)
    part = np.stack([cloud[name] for name in names[len(POINT_FIELDS):]], axis=1).astype(np.float32) if len(names) > 8 else None
    known = part if part is not None and np.isfinite(part).all() else None
    return PointMatches(xyz, np.stack([u, v], axis=1), np.stack([u_ref, v_ref], axis=1), confidence, known)


def pose_message(frame_from_tool: Float64[np.ndarray, "4 4"]) -> Pose:
    """Returns the pose of a rigid transform."""
    pose = Pose(position=point_message(frame_from_tool[:3, 3]))
    names = ("x", "y", "z", "w")
    for name, value in zip(names, quaternion_xyzw(frame_from_tool[:3, :3]), strict=True):
        setattr(pose.orientation, name, float(value))
    return pose


def transform_of(pose: Pose) -> Float64[np.ndarray, "4 4"]:
    """Returns the rigid transform of a pose."""
    q, p = pose.orientation, pose.position
    return from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([p.x, p.y, p.z]))


def vector_message(vector: Numbers) -> Vector3:
    """Returns a vector of three numbers."""
    return Vector3(x=float(vector[0]), y=float(vector[1]), z=float(vector[2]))


def point_message(values: Numbers) -> Point:
    """Returns a point of three numbers."""
    return Point(x=float(values[0]), y=float(values[1]), z=float(values[2]))


def pixels_of(names: Sequence[str], u: Sequence[float], v: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Returns named pixels; without names they are called "0", "1", ... Raises SizeMismatch where the lists differ in length."""
    names = list(names) or [str(i) for i in range(len(u))]
    if not len(names) == len(u) == len(v) or len(set(names)) != len(names):
        raise SizeMismatch(
            f"{len(names)} names ({len(set(names))} different), {len(u)} u, {len(v)} v; give one of each per pixel"
        )
    return {name: (float(a), float(b)) for name, a, b in zip(names, u, v, strict=True)}


def roi_message(box: tuple[int, int, int, int]) -> RegionOfInterest:
    """Returns the region of a half-open box (u0, v0, u1, v1)."""
    u0, v0, u1, v1 = (int(value) for value in box)
    return RegionOfInterest(x_offset=u0, y_offset=v0, width=u1 - u0, height=v1 - v0)


def box_of(roi: RegionOfInterest) -> tuple[int, int, int, int]:
    """Returns the half-open box of a region."""
    return roi.x_offset, roi.y_offset, roi.x_offset + roi.width, roi.y_offset + roi.height


def _nominal_info(width: int, height: int) -> CameraInfo:
    focal = float(max(width, height, 1))
    camera = PinholeCamera(focal, focal, width / 2, height / 2, max(width, 1), max(height, 1))
    return camera_message(camera, Moment(0, ""))
