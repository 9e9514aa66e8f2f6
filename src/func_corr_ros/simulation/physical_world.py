# SPDX-License-Identifier: Apache-2.0
"""A world of rigid bodies that MuJoCo moves: some are carried along given paths, the others fall, roll and collide."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.spatial import ConvexHull

from func_corr_ros.geometry.se3 import from_quaternion_xyzw, quaternion_xyzw
from func_corr_ros.optional import require
from func_corr_ros.simulation.convex_parts import Parts

TIME_STEP_S = 0.0025
# Contacts are a little soft and lose their bounce within so many steps: a force F on a mass m sinks in by F / m times the square
# of that time, which asks for short steps where it is large. Friction is that of glazed ceramic on metal or grains.
_CONTACT_STEPS = 2.4
FRICTION = (0.6, 0.005, 0.0001)
# Grains have corners and do not roll away like balls: on a slope of 30 degrees they roll at most so fast [m/s].
ROLLING_SPEED = 0.25
# Poses are kept so often for the film.
FRAME_S = 0.1


@dataclass(frozen=True)
class Recording:
    """Where bodies were, every FRAME_S seconds: ``world_from_body`` by name, one 4 x 4 pose per moment."""

    times: Float64[np.ndarray, " t"]
    world_from_body: Mapping[str, Float64[np.ndarray, "t 4 4"]]


@dataclass
class PhysicalWorld:
    """A world under construction (``spec``), and once :meth:`begin` was called, in motion.

    Carried bodies stand or go where they are put, whatever they hit; free bodies have mass. Everything collides with everything,
    but what is carried does not collide with what is carried.
    """

    time_step: float = TIME_STEP_S
    spec: Any = field(init=False)
    _names: list[str] = field(init=False, default_factory=list)
    _drag: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._mujoco = require("mujoco")
        self.spec = self._mujoco.MjSpec()
        option = self.spec.option
        option.timestep = self.time_step
        option.integrator = self._mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        option.iterations, option.ls_iterations = 30, 20
        geom = self.spec.default.geom
        geom.friction, geom.solref, geom.condim = FRICTION, (_CONTACT_STEPS * self.time_step, 1.0), 3

    def hold_still(self) -> None:
        """Lets friction hold without creeping, which what is gripped needs and loose grains do not; it costs some time."""
        option = self.spec.option
        option.cone, option.impratio = self._mujoco.mjtCone.mjCONE_ELLIPTIC, 20.0

    def add_floor(self, height: float = 0.0) -> None:
        """Adds an endless level floor."""
        kind = self._mujoco.mjtGeom.mjGEOM_PLANE
        self.spec.worldbody.add_geom(name="floor", type=kind, size=(0.0, 0.0, 0.05), pos=(0.0, 0.0, height))

    def add_carried(self, name: str, parts: Parts, world_from_body: Float64[np.ndarray, "4 4"]) -> Any:
        """Adds a body of convex ``parts`` that goes where :meth:`carry` puts it; returns it."""
        body = self._body(name, world_from_body)
        body.mocap = True
        self._add_parts(body, name, parts)
        return body

    def add_free(self, name: str, parts: Parts, world_from_body: Float64[np.ndarray, "4 4"], mass: float) -> Any:
        """Adds a body of convex ``parts`` that moves freely; returns it. ``mass`` [kg] is spread evenly over the parts, which may
        overlap and be larger than the solid they stand for.
        """
        body = self._body(name, world_from_body)
        body.add_freejoint(name=name)
        self._add_parts(body, name, parts, mass / sum(ConvexHull(corners).volume for corners in parts))
        return body

    def add_grains(self, points: Float64[np.ndarray, "n 3"], radius: float, density: float = 1500.0) -> list[str]:
        """Adds spheres of ``radius`` metres; returns their names, "grain0" and so on."""
        names = [f"grain{number}" for number in range(len(points))]
        for name, point in zip(names, points, strict=True):
            body = self.spec.worldbody.add_body(name=name, pos=point)
            body.add_freejoint(name=name)
            body.add_geom(type=self._mujoco.mjtGeom.mjGEOM_SPHERE, size=(radius, 0.0, 0.0), density=density,
                          friction=(0.4, 0.003, 0.0005))
        self._names += names
        self._drag = 0.5 * 9.81 * density * 4.0 / 3.0 * np.pi * radius**5 / ROLLING_SPEED
        return names

    def add_body(
        self, name: str, place: Sequence[float] | Float64[np.ndarray, " 3"], quaternion_wxyz: Any = (1.0, 0.0, 0.0, 0.0),
        parent: Any = None,
    ) -> Any:
        """Adds a body without shape below ``parent`` (None: the world), to which joints and shapes are added; returns it."""
        self._names.append(name)
        return (parent or self.spec.worldbody).add_body(name=name, pos=place, quat=quaternion_wxyz)

    def begin(self) -> None:
        """Ends construction: from now on the world moves."""
        self.model = self.spec.compile()
        for name in self._names:
            if name.startswith("grain"):
                first = self.model.joint(name).dofadr[0]
                self.model.dof_damping[first + 3 : first + 6] = self._drag
        self.data = self._mujoco.MjData(self.model)
        self._mujoco.mj_forward(self.model, self.data)

    def carry(self, name: str, world_from_body: Float64[np.ndarray, "4 4"]) -> None:
        """Puts the carried body ``name`` somewhere."""
        index = self.model.body(name).mocapid[0]
        self.data.mocap_pos[index] = world_from_body[:3, 3]
        self.data.mocap_quat[index] = np.roll(quaternion_xyzw(world_from_body[:3, :3]), 1)

    def pose(self, name: str) -> Float64[np.ndarray, "4 4"]:
        """Returns where the body ``name`` is."""
        body = self.data.body(name)
        return from_quaternion_xyzw(np.roll(body.xquat, -1), body.xpos.copy())

    def places(self, names: Sequence[str]) -> Float64[np.ndarray, "n 3"]:
        """Returns the origins of the bodies ``names``."""
        return self.data.xpos[[self.model.body(name).id for name in names]].copy()

    def pushes_on(self, name: str) -> list[Float64[np.ndarray, " 3"]]:
        """Returns the forces [N, world axes] with which others now press on the body ``name``, one per contact: along its normal,
        without friction.
        """
        body, found, wrench = self.model.body(name).id, [], np.zeros(6)
        for number in range(self.data.ncon):
            contact = self.data.contact[number]
            first, second = (int(self.model.geom_bodyid[geom]) for geom in contact.geom)
            if body in (first, second):
                self._mujoco.mj_contactForce(self.model, self.data, number, wrench)
                force = contact.frame[:3] * wrench[0]  # on the second body, by the first, along the frame's first axis
                found.append(force if body == second else -force)
        return found

    def run(
        self, seconds: float, each_step: Callable[[float], None] = lambda _: None, frame_s: float = FRAME_S
    ) -> Recording:
        """Moves the world on, keeping poses every ``frame_s``; ``each_step`` is told the time since this call before every step,
        to carry bodies.
        """
        steps, every = round(seconds / self.time_step), round(frame_s / self.time_step)
        times, poses = [], []
        for step in range(steps):
            each_step(step * self.time_step)
            self._mujoco.mj_step(self.model, self.data)
            if step % every == 0:
                times.append(float(self.data.time))
                poses.append([self.pose(name) for name in self._names])
        stacked = np.array(poses).reshape(len(times), len(self._names), 4, 4)
        return Recording(np.array(times), {name: stacked[:, i] for i, name in enumerate(self._names)})

    def _body(self, name: str, world_from_body: Float64[np.ndarray, "4 4"]) -> Any:
        return self.add_body(name, world_from_body[:3, 3], np.roll(quaternion_xyzw(world_from_body[:3, :3]), 1))

    def _add_parts(self, body: Any, name: str, parts: Parts, density: float = 1000.0) -> None:
        for number, corners in enumerate(parts):
            mesh = f"{name}{number}"
            inertia = self._mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
            self.spec.add_mesh(name=mesh, uservert=corners.ravel().tolist(), inertia=inertia)
            body.add_geom(type=self._mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh, density=density)


def joined(recordings: Sequence[Recording]) -> Recording:
    """Returns recordings of one world, one after the other, as one."""
    names = recordings[0].world_from_body
    return Recording(
        np.concatenate([item.times for item in recordings]),
        {name: np.concatenate([item.world_from_body[name] for item in recordings]) for name in names},
    )
