# SPDX-License-Identifier: Apache-2.0
"""Contact sheets: a row of drawn objects for each category, dressed or with their parts in colours."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from func_corr_ros.data.materials import Color, Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, orbit, view_object
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.render_job import dressed_object

# Colours that stay apart for most eyes (Okabe and Ito 2008), then repeated.
_PART_COLORS: tuple[Color, ...] = (
    (0.0, 0.45, 0.7), (0.9, 0.6, 0.0), (0.0, 0.62, 0.45), (0.84, 0.37, 0.0), (0.34, 0.71, 0.91), (0.8, 0.47, 0.65),
    (0.94, 0.89, 0.26), (0.5, 0.5, 0.5),
)
_AZIMUTH_DEG, _ELEVATION_DEG = 125.0, 35.0


def contact_sheet(
    categories: Sequence[str], draws: int = 6, *, side: int = 180, columns: int = 1, textured: bool = False
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns a picture with ``draws`` objects of each category in a row under its name, ``columns`` rows side by side."""
    strips = [_strip(category, draws, side, textured) for category in categories]
    strips += [np.full_like(strips[0], 255)] * (-len(strips) % columns)
    return np.concatenate([np.concatenate(strips[i : i + columns], axis=1) for i in range(0, len(strips), columns)])


def part_colors(thing: FunctionalObject) -> dict[str, Material]:
    """Returns a plain colour for each part."""
    return {name: Material(_PART_COLORS[i % len(_PART_COLORS)], roughness=0.6) for i, name in enumerate(thing.part_names)}


def _strip(category: str, draws: int, side: int, textured: bool) -> UInt8[np.ndarray, "h w 3"]:
    import cv2

    camera = STANDARD_CAMERA.resized(side, side)
    cells = []
    for seed in range(draws):
        thing, dressed = dressed_object(category, seed)
        look = dressed if textured else part_colors(thing)
        pose = orbit(thing, camera, _AZIMUTH_DEG, _ELEVATION_DEG, fill=0.86)
        cells.append(view_object(thing, look, camera, pose, supersampling=2).color)
    strip = np.ascontiguousarray(np.concatenate(cells, axis=1))
    cv2.putText(strip, category, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return strip
