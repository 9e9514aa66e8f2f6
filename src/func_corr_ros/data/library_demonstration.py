# SPDX-License-Identifier: Apache-2.0
"""A demonstration from the object library: an object on a table whose grasp and functional frames are known, not marked."""
from __future__ import annotations

from pkgutil import resolve_name

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.clutter import cluttered
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.tabletop_scene import REALSENSE, SceneView
from func_corr_ros.errors import BadSettings, DegenerateGeometry, NoDepth
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.transfer.demonstration import Demonstration, Keypoint, keypoint_at
from func_corr_ros.transfer.steps import GRIP, WORKING, steps

OBJECT = "target"
# Fewer pixels of a part than this show nothing of it.
MIN_SEEN_PX = 12
_ATTEMPTS = 30


def view_of(
    thing: FunctionalObject, function: str, rng: np.random.Generator, *, grasp: bool = True, camera: PinholeCamera = REALSENSE,
    supersampling: int = 1,
) -> SceneView:
    """Returns ``thing`` alone on a table ("target"), placed, dressed and lit at random so that what serves ``function`` is seen,
    and with ``grasp`` some of what it is held by; a perfect sensor. Raises DegenerateGeometry where no attempt shows it.
    """
    for _ in range(_ATTEMPTS):
        scene = cluttered([thing], rng, others=(), camera=camera)
        view = scene.view(supersampling=0)
        held = _seen_at(view, _grasp_frame(thing)) if grasp else True
        if view.serves(OBJECT, function).sum() >= MIN_SEEN_PX and held:
            return scene.view(seed=int(rng.integers(1 << 31)), supersampling=supersampling)
    raise DegenerateGeometry(f"in {_ATTEMPTS} views of a {thing.category}, what serves {function} was never seen with what it is "
                             "held by; choose another object, or grasp=False")


def library_demonstration(view: SceneView, function: str, demonstration_id: str) -> Demonstration:
    """Returns the demonstration that ``view`` (of :func:`view_of`) shows: approach, grasp and lift by its first grasp frame,
    then the functional frame as the pose of the tool, and a step back. The support is the table's true top.

    Raises UnknownFunction where the object does not serve ``function``, BadSettings where grip or working part are hidden.
    """
    thing = view.scene.objects[view.scene.index(OBJECT)].object
    here, mask = view.camera_from_object(OBJECT), view.mask(OBJECT)
    gripper = here @ _grasp_frame(thing)
    tool = view.camera_from_function(OBJECT, function)
    marks = {GRIP: view.nearest_pixel(mask, gripper[:3, 3]),
             WORKING: view.nearest_pixel(view.serves(OBJECT, function), tool[:3, 3])}
    return Demonstration(
        id=demonstration_id, function=function, object=thing.category, frame=view.frame, mask=mask,
        keypoints=tuple(_marked(view, name, uv) for name, uv in marks.items()),
        phases=steps(gripper, tool, view.support.normal),
        support=view.support,
    )


def draw_object(category: str, rng: np.random.Generator) -> FunctionalObject:
    """Returns an object of ``category`` drawn at random; raises BadSettings, listing them, for one the library does not have."""
    if category not in CATEGORIES:
        raise BadSettings(f"no category {category!r} in the library; it has: {', '.join(CATEGORIES)}")
    built: FunctionalObject = draw(resolve_name(CATEGORIES[category]), rng).build()
    return built


def sensed(view: SceneView, noise: SensorNoiseSettings | None, seed: int) -> SceneView:
    """Returns ``view`` with ``noise``, or as it is for None."""
    return view if noise is None else view.sensed(noise, seed)


def _grasp_frame(thing: FunctionalObject) -> Float64[np.ndarray, "4 4"]:
    if not thing.grasp_frames:
        raise BadSettings(f"a {thing.category} of the library has no grasp frame, so nothing can be demonstrated with it")
    return next(iter(thing.grasp_frames.values()))


def _seen_at(view: SceneView, object_from_frame: Float64[np.ndarray, "4 4"]) -> bool:
    """Returns whether the part beside the frame is seen: the object, within a tenth of its size of the frame's origin."""
    alone = view.alone(OBJECT)
    reach = 0.1 * float(np.ptp(alone.thing.vertices, axis=0).max()) + 0.01
    with np.errstate(invalid="ignore"):
        return bool((np.linalg.norm(alone.points - object_from_frame[:3, 3], axis=-1) < reach).sum() >= MIN_SEEN_PX)


def _marked(view: SceneView, name: str, uv: tuple[float, float]) -> Keypoint:
    """Returns the keypoint at ``uv`` by the sensor's depth, or by the exact one where the sensor saw none."""
    mask = view.mask(OBJECT)
    try:
        return keypoint_at(view.frame, name, uv, mask)
    except NoDepth:
        depth = np.array([view.exact.depth[int(uv[1]), int(uv[0])]], dtype=np.float64)
        return Keypoint(name, uv, view.frame.camera.unproject(np.array([uv]), depth)[0])
