# SPDX-License-Identifier: Apache-2.0
"""The views in which an annotator is asked, and where in each of them the points of the cloud are seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int16, UInt8

from func_corr_ros.data.functional_truth import seen_points
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, orbit
from func_corr_ros.data.pseudo_label.shape import Shape
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import transform_points
from func_corr_ros.provenance import whole_file
from func_corr_ros.settings import setting

# The paper's labelling cameras: how many stand at which elevation (arXiv 2509.03893).
RINGS = ((-58.0, 2), (-32.0, 5), (0.0, 5), (32.0, 5), (58.0, 2))


@dataclass(frozen=True)
class LabelViewSettings:
    """How large the pictures are that an annotator is shown."""

    size: int = setting(336, "side of the labelling pictures (the paper: 490)", unit="px", at_least=64)
    fill: float = setting(0.8, "share of the picture's side that the object fills", at_least=0.1, at_most=1.0)
    supersampling: int = setting(1, "samples per pixel, squared; 0: no colour, for annotators that need none", at_least=0)


@dataclass(frozen=True)
class LabelViews:
    """Views of one asset. ``part_index`` is the true part of each pixel, -1 beside the object; ``uv`` is where the cloud's points
    lie in each picture, ``seen`` which of them the camera sees.
    """

    camera: PinholeCamera
    camera_from_object: Float64[np.ndarray, "v 4 4"]
    color: UInt8[np.ndarray, "v s s 3"]
    part_index: Int16[np.ndarray, "v s s"]
    part_names: tuple[str, ...]
    exact: bool
    uv: Float32[np.ndarray, "v n 2"]
    seen: Bool[np.ndarray, "v n"]

    def mask(self, view: int) -> Bool[np.ndarray, "s s"]:
        """Returns where the object is in the picture."""
        return self.part_index[view] >= 0


def label_views(shape: Shape, settings: LabelViewSettings) -> LabelViews:
    """Returns the paper's 19 views of ``shape``: in rings about z, those of neighbouring rings not above each other."""
    poses = [
        (360.0 * (index + 0.5 * (ring % 2)) / count, elevation)
        for ring, (elevation, count) in enumerate(RINGS)
        for index in range(count)
    ]
    camera = STANDARD_CAMERA.resized(settings.size, settings.size)
    stage = ObjectStage(shape.thing, shape.materials)
    views = [
        stage.view(
            camera,
            orbit(shape.thing, camera, azimuth, elevation, fill=settings.fill),
            supersampling=settings.supersampling,
            seed=index,
        )
        for index, (azimuth, elevation) in enumerate(poses)
    ]
    places = [seen_cloud(shape, view) for view in views]
    return LabelViews(
        camera,
        np.stack([view.camera_from_object for view in views]),
        np.stack([view.color for view in views]),
        np.stack([view.part_index for view in views]).astype(np.int16),
        shape.thing.part_names,
        shape.exact,
        np.stack([uv for uv, _ in places]),
        np.stack([seen for _, seen in places]),
    )


def seen_cloud(shape: Shape, view: ObjectView) -> tuple[Float32[np.ndarray, "n 2"], Bool[np.ndarray, " n"]]:
    """Returns where the cloud's points lie in ``view``, and which of them it sees. Faces of what is no solid look either way."""
    normals = shape.normals
    if not shape.solid:
        in_camera = transform_points(view.camera_from_object, shape.points)
        away = np.einsum("nk,nk->n", normals @ view.camera_from_object[:3, :3].T, in_camera) > 0.0
        normals = np.where(away[:, None], -normals, normals)
    uv, seen = seen_points(view, shape.points, normals)
    return uv.astype(np.float32), seen


def write_label_views(path: Path, views: LabelViews) -> None:
    """Writes ``views`` to ``path`` (.npz), whole or not at all."""
    arrays: dict[str, Any] = {
        "K": views.camera.matrix,
        "camera_from_object": views.camera_from_object,
        "color": views.color,
        "part_index": views.part_index,
        "part_names": np.array(views.part_names),
        "exact": np.array(views.exact),
        "uv": views.uv,
        "seen": np.packbits(views.seen, axis=1),
    }
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)


def read_label_views(path: Path) -> LabelViews:
    """Returns what :func:`write_label_views` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    height, width = arrays["color"].shape[1:3]
    return LabelViews(
        PinholeCamera.from_matrix(arrays["K"], width, height),
        arrays["camera_from_object"],
        arrays["color"],
        arrays["part_index"],
        tuple(arrays["part_names"].tolist()),
        bool(arrays["exact"]),
        arrays["uv"],
        np.unpackbits(arrays["seen"], axis=1, count=arrays["uv"].shape[1]).astype(bool),
    )
