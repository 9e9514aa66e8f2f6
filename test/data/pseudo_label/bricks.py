# SPDX-License-Identifier: Apache-2.0
"""A folder of meshes to label, and settings by which that takes seconds."""
from pathlib import Path

import numpy as np

SMALL = {
    "shape.points": 256,
    "views.size": 64,
    "labels.views": 1,
    "labels.rendered": 64,
    "labels.size": 28,
    "labels.pixels": 16,
    "labels.shard": 2,
    "cleaning.agreement": 0.0,
    "cleaning.expected": 0.0,
    "ask.most": 5,
    "shape.most_faces": 5000,
}


def bricks(folder: Path, count: int) -> Path:
    """Boxes whose one end is the "face" of a brick."""
    import trimesh

    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        trimesh.creation.box((0.2 + 0.02 * index, 0.1, 0.06)).subdivide().export(folder / f"brick {index}.ply")
        np.savez(
            folder / f"brick {index}.parts.npz",
            points=np.array([[-0.1, 0, 0], [0.1, 0, 0]]),
            part=np.array([0, 1]),
            names=np.array(["face", "side"]),
        )
    return folder
