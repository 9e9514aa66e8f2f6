# SPDX-License-Identifier: Apache-2.0
"""One pour shown on a mug, and the tables where it is to be repeated: with another mug, and with a pitcher."""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.household import Can, Carton
from func_corr_ros.data.objects.vessels import Mug, Pitcher
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.tabletop_scene import REALSENSE, SceneView, TabletopScene, looking_down, on_table
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import inverse, make

FUNCTION = "pour-with"
PREGRASP_M = 0.1
_GLAZE = Material((0.95, 0.94, 0.91), roughness=0.3)
# Each look: the outside, and the inside with the rim.
LOOKS: tuple[tuple[Material, Material], ...] = (
    (Material((0.74, 0.07, 0.08), (0.96, 0.95, 0.93), "emblem", scale=0.019, roughness=0.25), _GLAZE),
    (Material((0.93, 0.91, 0.86), (0.13, 0.32, 0.62), "stripes", scale=0.024, roughness=0.3), _GLAZE),
    (Material((0.16, 0.42, 0.4), (0.93, 0.9, 0.8), "dots", scale=0.019, roughness=0.3), _GLAZE),
    (Material((0.72, 0.66, 0.55), (0.24, 0.18, 0.13), "speckle", scale=0.02, specular=0.03, roughness=0.55),
     Material((0.36, 0.43, 0.47), (0.2, 0.2, 0.2), "speckle", scale=0.02, roughness=0.4)),
    (Material((0.93, 0.74, 0.2), (0.15, 0.15, 0.16), "emblem", scale=0.018, roughness=0.25), _GLAZE),
    (Material((0.14, 0.2, 0.42), (0.9, 0.9, 0.92), "dots", scale=0.026, roughness=0.25), _GLAZE),
)
_LABEL = Material((0.86, 0.72, 0.2), (0.55, 0.1, 0.1), "label", scale=0.035, roughness=0.6)
_TIN = Material((0.7, 0.7, 0.72), specular=0.4, roughness=0.3)
# Proportions (height over rim radius) that differ by less than this look like one mug scaled.
_MIN_PROPORTION_CHANGE = 0.15
# A handle that points further than this from sideways, away from the camera, begins to hide behind its vessel.
_MAX_OFF_SIDEWAYS_DEG = 42.0


@dataclass(frozen=True)
class DemoPhase:
    """Where ``tool_link`` was in one step of the demonstration; ``relative_to`` names the keypoint the step is about."""

    name: str
    tool_link: str
    relative_to: str
    camera_from_tool: Float64[np.ndarray, "4 4"]


@dataclass(frozen=True)
class DemoScenes:
    """The demonstration's view and the targets' views by name ("mug", "pitcher"); in each the object that counts is called
    "target". ``phases`` are in the demonstration camera's frame.
    """

    demonstration: SceneView
    targets: Mapping[str, SceneView]
    phases: tuple[DemoPhase, ...]
    function: str = FUNCTION

    def camera_from_keypoint(self, view: SceneView, keypoint: str) -> Float64[np.ndarray, "4 4"]:
        """Returns the true frame of keypoint "outlet" (the pour frame) or "handle" (the grasp frame) in ``view``."""
        frames = {"outlet": lambda: view.camera_from_function("target", self.function),
                  "handle": lambda: view.camera_from_gripper("target", "handle")}
        if keypoint not in frames:
            raise BadSettings(f"no keypoint {keypoint!r}; valid: {', '.join(frames)}")
        return frames[keypoint]()

    def keypoints(self, view: SceneView) -> dict[str, tuple[float, float]]:
        """Returns the pixel (u, v) that shows each keypoint in ``view``: the pixel centre nearest to its projection among those
        where its own part of the object is seen. Raises BadSettings where that part is hidden.
        """
        parts = {"outlet": view.serves("target", self.function), "handle": view.part_mask("target", "handle")}
        return {name: view.nearest_pixel(mask, self.camera_from_keypoint(view, name)[:3, 3]) for name, mask in parts.items()}

    def true_tool_pose(self, target: str, phase: DemoPhase) -> Float64[np.ndarray, "4 4"]:
        """Returns ``camera_from_tool`` that a perfect transfer gives in the target's camera: the tool keeps its place in the
        frame of the keypoint that the phase is about.
        """
        here = self.camera_from_keypoint(self.targets[target], phase.relative_to)
        there = self.camera_from_keypoint(self.demonstration, phase.relative_to)
        return here @ inverse(there) @ phase.camera_from_tool


def demo_scenes(
    seed: int = 0,
    *,
    noise: SensorNoiseSettings | None = None,
    distractors: bool = False,
    camera: PinholeCamera = REALSENSE,
    supersampling: int = 2,
) -> DemoScenes:
    """Returns a mug's demonstration, and as targets a clearly different mug and a pitcher, each turned by 25 to 40 deg against
    the demonstration and standing elsewhere. ``noise`` None means a perfect sensor; the same arguments give the same scenes.
    """
    rng = np.random.default_rng(seed)
    shapes, looks, yaw, turns = _drawn(rng)
    views = []
    for number, (look, turn) in enumerate(zip(looks, turns, strict=True)):
        shape = shapes[number]
        x, y = rng.uniform(-0.03, 0.03), rng.uniform(-0.05, 0.05)
        placed = [PlacedObject(shape.build(), on_table(x, y, yaw + turn), _dressed(shape, *LOOKS[look]), "target")]
        placed += _beside(rng) if distractors and number > 0 else []
        tall = isinstance(shape, Pitcher)
        eye = looking_down(0.7 if tall else 0.58, rng.uniform(36.0, 42.0), rng.uniform(-8.0, 8.0), 0.09 if tall else 0.045)
        scene = TabletopScene(tuple(placed), eye, camera)
        views.append(scene.view(noise, seed=seed * 10 + number, supersampling=supersampling))
    return DemoScenes(views[0], {"mug": views[1], "pitcher": views[2]}, _phases(views[0]))


def demo_objects(seed: int = 0) -> dict[str, FunctionalObject]:
    """Returns the objects that count in the targets of :func:`demo_scenes` with that seed, by the targets' names."""
    (_, mug, pitcher), *_ = _drawn(np.random.default_rng(seed))
    return {"mug": mug.build(), "pitcher": pitcher.build()}


def _drawn(
    rng: np.random.Generator,
) -> tuple[tuple[Mug | Pitcher, ...], Int64[np.ndarray, " 3"], float, tuple[float, float, float]]:
    """Returns the shapes, the demonstrated one first, their looks, the demonstration's yaw and how far each is turned against it
    [deg].
    """
    shown, other = draw(Mug, rng), draw(Mug, rng)
    while not _differ(shown, other):
        other = draw(Mug, rng)
    looks = rng.permutation(len(LOOKS))[:3]
    yaw = float(90.0 + rng.uniform(-12.0, 12.0))  # pours to the left of the picture
    turns = 0.0, _turn(yaw, rng), _turn(yaw, rng)
    return (shown, other, draw(Pitcher, rng)), looks, yaw, turns


def _differ(a: Mug, b: Mug) -> bool:
    proportion = (b.height / b.rim_radius) / (a.height / a.rim_radius)
    return a.handle_style != b.handle_style and abs(math.log(proportion)) > _MIN_PROPORTION_CHANGE


def _turn(yaw: float, rng: np.random.Generator) -> float:
    """Returns 25 to 40 degrees to either side, but not so that the handle hides behind the vessel."""
    turn = float(rng.choice([-1.0, 1.0]) * rng.uniform(25.0, 40.0))
    return -turn if abs(yaw + turn - 90.0) > _MAX_OFF_SIDEWAYS_DEG else turn


def _dressed(shape: Mug | Pitcher, outside: Material, inside: Material) -> dict[str, Material]:
    """Returns a look fitted to the size of the vessel: prints on a pitcher are larger."""
    outside = replace(outside, scale=outside.scale * shape.height / 0.095)
    return {"": outside, "interior": inside, "channel": inside, "rim": inside}


def _beside(rng: np.random.Generator) -> list[PlacedObject]:
    """Returns a can and a carton far enough to the sides not to hide or touch what stands in the middle."""
    can, carton = draw(Can, rng), draw(Carton, rng)
    left = on_table(rng.uniform(0.1, 0.16), 0.24, rng.uniform(0.0, 360.0))
    right = on_table(rng.uniform(0.14, 0.2), -0.26, rng.uniform(-30.0, 30.0))
    return [
        PlacedObject(can.build(), left, {"body": _LABEL, "": _TIN}, "can"),
        PlacedObject(carton.build(), right, {"": _LABEL}, "carton"),
    ]


def _phases(view: SceneView) -> tuple[DemoPhase, ...]:
    """Returns approach and grasp of the handle by a parallel gripper, and the outlet's pose as pouring begins."""
    grasp = view.camera_from_gripper("target", "handle")
    back = make(np.eye(3), np.array([0.0, 0.0, -PREGRASP_M]))
    return (
        DemoPhase("pregrasp", "gripper", "handle", grasp @ back),
        DemoPhase("grasp", "gripper", "handle", grasp),
        DemoPhase("action", "outlet", "outlet", view.camera_from_function("target", FUNCTION)),
    )
