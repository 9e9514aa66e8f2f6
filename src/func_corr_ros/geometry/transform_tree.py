# SPDX-License-Identifier: Apache-2.0
"""Frames that hang together in a tree and move: what TF broadcasts, kept for a while and asked for any moment in it."""
from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import TransformUnavailable
from func_corr_ros.geometry.se3 import inverse, make

# As long as tf2's buffer keeps what it was told.
HISTORY_NS = 10_000_000_000
# A lookup goes up the tree; a longer way is a loop.
_DEEPEST = 100


@dataclass
class _Edge:
    """How a frame hangs on its parent: one motion for ever, or motions by stamp, in order."""

    parent: str
    fixed: Float64[np.ndarray, "4 4"] | None = None
    moving: list[tuple[int, int, Float64[np.ndarray, "4 4"]]] = field(default_factory=list)


class TransformTree:
    """Motions between named frames over the last ``history_ns``; between two stamps, positions are interpolated in a straight
    line and rotations along the shortest arc.
    """

    def __init__(self, history_ns: int = HISTORY_NS) -> None:
        self.history_ns = history_ns
        self._edges: dict[str, _Edge] = {}
        self._added = 0

    def add(
        self, parent: str, child: str, parent_from_child: Float64[np.ndarray, "4 4"], stamp_ns: int, *, static: bool = False
    ) -> None:
        """Takes the motion from ``child`` to ``parent`` at ``stamp_ns``, or for all time where ``static``."""
        edge = self._edges.get(child)
        if edge is None or edge.parent != parent:
            edge = self._edges[child] = _Edge(parent)
        if static:
            edge.fixed = parent_from_child
            return
        self._added += 1  # breaks ties: matrices cannot be compared
        insort(edge.moving, (stamp_ns, self._added, parent_from_child), key=lambda item: item[:2])
        while edge.moving[-1][0] - edge.moving[0][0] > self.history_ns:
            edge.moving.pop(0)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[np.ndarray, "4 4"]:
        """Returns ``target_from_source`` at ``stamp_ns``; raises TransformUnavailable, naming frames and times."""
        if target == source:
            return np.eye(4)
        up, down = self._chain(source), self._chain(target)
        shared = next((name for name in up if name in set(down)), None)
        if shared is None:
            raise TransformUnavailable(f"no transform joins {target!r} and {source!r}; the tree has: {self._listed()}")
        return inverse(self._to(shared, down, stamp_ns)) @ self._to(shared, up, stamp_ns)

    def _chain(self, name: str) -> list[str]:
        names = [name]
        while names[-1] in self._edges and len(names) < _DEEPEST:
            names.append(self._edges[names[-1]].parent)
        return names

    def _to(self, ancestor: str, chain: list[str], stamp_ns: int) -> Float64[np.ndarray, "4 4"]:
        motion = np.eye(4)
        for name in chain[: chain.index(ancestor)]:
            motion = self._at(name, stamp_ns) @ motion
        return motion

    def _at(self, name: str, stamp_ns: int) -> Float64[np.ndarray, "4 4"]:
        edge = self._edges[name]
        if edge.fixed is not None:
            return edge.fixed
        after = bisect_left(edge.moving, stamp_ns, key=lambda item: item[0])
        if after < len(edge.moving) and edge.moving[after][0] == stamp_ns:
            return edge.moving[after][2]
        if after in (0, len(edge.moving)):
            first, last = edge.moving[0][0], edge.moving[-1][0]
            raise TransformUnavailable(f"{name!r} in {edge.parent!r} is known from {first} to {last} ns, not at {stamp_ns} ns")
        (start, _, a), (end, _, b) = edge.moving[after - 1], edge.moving[after]
        return interpolated(a, b, (stamp_ns - start) / (end - start))

    def _listed(self) -> str:
        return ", ".join(f"{child} in {edge.parent}" for child, edge in sorted(self._edges.items())) or "nothing"


def interpolated(
    a: Float64[np.ndarray, "4 4"], b: Float64[np.ndarray, "4 4"], share: float
) -> Float64[np.ndarray, "4 4"]:
    """Returns the motion that is ``share`` (0..1) of the way from ``a`` to ``b``."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_matrix(a[:3, :3].T @ b[:3, :3]).as_rotvec()
    rotation = a[:3, :3] @ Rotation.from_rotvec(share * turn).as_matrix()
    return make(rotation, (1.0 - share) * a[:3, 3] + share * b[:3, 3])
