# SPDX-License-Identifier: Apache-2.0
"""Two pictures without depth: the matches between their objects, and how they are shown and written."""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, UInt8

from func_corr_ros.correspondence.correspond import Correspondence, correspond
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.correspondence.reference import make_reference
from func_corr_ros.errors import NoMask, SizeMismatch
from func_corr_ros.evaluation.case_pictures import write_png
from func_corr_ros.evaluation.drawing import Picture, flow_picture, matches_picture, position_colors, with_caption
from func_corr_ros.evaluation.report import write_whole

# A match whose way back costs it more than this share of its confidence does not count as returning: e^-1, one tolerance.
RETURNING = math.exp(-1.0)
Image = UInt8[np.ndarray, "_h _w 3"]
Mask = Bool[np.ndarray, "_h _w"]


def match_images(
    model: FunctionalCorrespondence, images: tuple[Image, Image], masks: tuple[Mask, Mask], function: str
) -> Correspondence:
    """Returns the matches from the object in the second picture (queries) to that in the first (targets).

    Raises NoMask for an empty mask, SizeMismatch where a mask is not of its picture's size, UnknownFunction.
    """
    for name, image, mask in zip("AB", images, masks, strict=True):
        if mask.shape != image.shape[:2]:
            raise SizeMismatch(f"mask {name} is {mask.shape}, its picture {image.shape[:2]} (rows, columns); they must be equal")
        if not mask.any():
            raise NoMask(f"mask {name} is empty; it must be bright on the object")
    reference = make_reference(model, "a", function, images[0], masks[0], {})
    return correspond(model, reference, images[1], {1: masks[1]})


def returning(found: Correspondence) -> Bool[np.ndarray, " n"]:
    """Returns which matches come back near to where they started when matched the other way round."""
    return found.confidence >= RETURNING * found.matches.score


def write_image_pair(out: Path, images: tuple[Image, Image], masks: tuple[Mask, Mask], found: Correspondence) -> int:
    """Writes ``matches.png``, ``field.png`` and ``matches.csv`` into ``out``; returns how many matches come back."""
    back = returning(found)
    uv_a, uv_b = found.matches.uv_target, found.matches.uv_query
    lines = matches_picture(*_panels(images, masks), uv_a, uv_b, back, position_colors(uv_a, masks[0]))
    words = "Coloured lines come back when matched the other way round; thin grey ones do not. About 40 are drawn."
    write_png(out / "matches.png", with_caption(lines, f"{int(back.sum())} of {len(back)} matches come back", words))
    shown, other = _panels(images, masks, contours=False)
    field = flow_picture(shown, other, masks[0], uv_a[back], uv_b[back], float(found.stride))
    write_png(out / "field.png", with_caption(field, "Places of one colour serve the same purpose"))
    rows = np.column_stack([uv_a, uv_b, found.matches.score, found.confidence]).astype(np.float64)
    write_whole(out / "matches.csv", "u_a,v_a,u_b,v_b,score,confidence\n" + "".join(_row(row) for row in rows))
    return int(back.sum())


def _panels(images: tuple[Image, Image], masks: tuple[Mask, Mask], contours: bool = True) -> tuple[Picture, Picture]:
    panels = tuple(Picture.around(image, mask) for image, mask in zip(images, masks, strict=True))
    if contours:
        for panel, mask in zip(panels, masks, strict=True):
            panel.contour(mask)
    return panels[0], panels[1]


def _row(values: Float64[np.ndarray, "6"]) -> str:
    return ",".join(f"{value:.4f}" for value in values) + "\n"
