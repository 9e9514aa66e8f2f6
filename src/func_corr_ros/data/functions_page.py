# SPDX-License-Identifier: Apache-2.0
"""docs/functions.md: what the functional frame of each function means, with a picture of it on several objects."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, orbit, view_object
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.deviations import DEVIATIONS
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject
from func_corr_ros.data.objects.functions import FUNCTIONS
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import transform_points

_OTHERWISE, _SERVES = Material((0.72, 0.72, 0.74), roughness=0.6), Material((0.95, 0.6, 0.1), roughness=0.6)
_AXES = ((220, 30, 30), (20, 150, 40), (40, 70, 230))
_AXIS_SHARE = 0.22  # of the object's size
_AZIMUTH_DEG, _ELEVATION_DEG = 125.0, 30.0
_COUNT, _SEED = 5, 2
_HEAD = """# Functions and their frames

Every object of the library carries, for each function it serves, a *functional frame* `object_from_function`: where its origin
lies and where its axes point is the same question for every tool and vessel, so that two objects that serve one function can be
laid over each other. **x** (red) is the way the working part acts, **z** (blue) the side of it that is up or outward meanwhile,
y (green) completes the right-handed frame. Orange is what serves the function. This page is written by
`func-corr objects pages`; the words are those of `data/objects/functions.py`.

A function's parts may look the same after a turn (a bowl's rim, a round tip). Then the frame's turn about that axis is free, and
the object's `symmetries` say so: ∞ marks any angle below, a number that many equal steps.
"""


def write_functions_page(page: Path) -> list[Path]:
    """Writes ``page`` and a picture for each function beside it in ``images/functions/``; returns the files."""
    things = drawn_things()
    pictures = page.parent / "images" / "functions"
    pictures.mkdir(parents=True, exist_ok=True)
    written = []
    for function in FUNCTIONS:
        written.append(pictures / _file(function))
        picture = function_picture(function, [things[name] for name in _shown(function, things)])
        cv2.imwrite(str(written[-1]), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    page.write_text(functions_page(things))
    return [page, *written]


def drawn_things() -> dict[str, FunctionalObject]:
    """Returns the object of each category that the page shows."""
    return {category: drawn_object(category, _SEED) for category in CATEGORIES}


def functions_page(things: Mapping[str, FunctionalObject]) -> str:
    """Returns the page: a section for each function, and the table of what differs from the taxonomy."""
    text = [_HEAD]
    for function, convention in FUNCTIONS.items():
        serving = _serving(function, things)
        rows = [f"{name} ({_parts(things[name], function)})" for name in serving]
        text += [f"## {function}\n", f"- **origin**: {convention.origin}", f"- **x**: {convention.x}", f"- **z**: {convention.z}",
                 f"- **served by** {len(serving)}: {'; '.join(rows)}\n",
                 f"![{function} on {', '.join(_shown(function, things))}](images/functions/{_file(function)})\n"]
    text += ["## Where the library differs from the taxonomy\n", "| object | function | why |", "|---|---|---|"]
    text += [f"| {category} | {function} | {reason} |" for (category, function), reason in sorted(DEVIATIONS.items())]
    return "\n".join(text) + "\n"


def function_picture(function: str, things: Sequence[FunctionalObject], side: int = 240) -> UInt8[np.ndarray, "h w 3"]:
    """Returns ``things`` side by side, what serves ``function`` in orange, with its frame: x red, y green, z blue."""
    camera = STANDARD_CAMERA.resized(side, side)
    return np.concatenate([_cell(function, thing, camera) for thing in things], axis=1)


def functions_sheet(things: Sequence[FunctionalObject], side: int = 240) -> UInt8[np.ndarray, "h w 3"]:
    """Returns a row for each function that one of ``things`` serves, under its name: :func:`function_picture` of all that do."""
    rows = []
    for function in FUNCTIONS:
        serving = [thing for thing in things if function in thing.function_parts]
        if serving:
            row = np.ascontiguousarray(function_picture(function, serving, side))
            cv2.putText(row, function, (6, side - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
            rows.append(row)
    widest = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in rows])


def _cell(function: str, thing: FunctionalObject, camera: PinholeCamera) -> UInt8[np.ndarray, "h w 3"]:
    serves = thing.function_parts[function]
    look = {part: _SERVES if part in serves else _OTHERWISE for part in thing.part_names}
    faces_down = thing.functional_frames[function][2, 0] < -0.7
    pose = orbit(thing, camera, _AZIMUTH_DEG, -_ELEVATION_DEG if faces_down else _ELEVATION_DEG, fill=0.66)
    picture = np.ascontiguousarray(view_object(thing, look, camera, pose, supersampling=2).color)
    length = _AXIS_SHARE * float(np.ptp(thing.vertices, axis=0).max())
    _draw_frame(picture, camera, pose @ thing.functional_frames[function], length)
    cv2.putText(picture, thing.category, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return picture


def _draw_frame(
    picture: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera, camera_from_frame: Float64[np.ndarray, "4 4"], length: float
) -> None:
    ends = np.concatenate([np.zeros((1, 3)), length * np.eye(3)])
    uv = np.round(camera.project(transform_points(camera_from_frame, ends))[0]).astype(int)
    for end, color in zip(uv[1:], _AXES, strict=True):
        cv2.arrowedLine(picture, tuple(map(int, uv[0])), tuple(map(int, end)), color, 2, cv2.LINE_AA, tipLength=0.2)


def _serving(function: str, things: Mapping[str, FunctionalObject]) -> list[str]:
    return [name for name, thing in things.items() if function in thing.function_parts]


def _shown(function: str, things: Mapping[str, FunctionalObject]) -> list[str]:
    serving = _serving(function, things)
    return serving[:: max(len(serving) // _COUNT, 1)][:_COUNT]


def _file(function: str) -> str:
    return f"{function.replace(' ', '_')}.jpg"


def _parts(thing: FunctionalObject, function: str) -> str:
    named = ", ".join(thing.function_parts[function])
    if function not in thing.symmetries:
        return named
    order = thing.symmetries[function].order
    return f"{named}; {'∞' if order == ANY_ANGLE else order}"
