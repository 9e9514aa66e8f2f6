# SPDX-License-Identifier: Apache-2.0
"""Two pictures without depth: the matches between their objects, and how they are shown and written."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, UInt8

from func_corr_ros.correspondence.baselines.dense import pixels_of
from func_corr_ros.correspondence.confidence import TOLERANCE
from func_corr_ros.correspondence.correspond import correspond
from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.functional_region import FunctionalRegion, functional_region
from func_corr_ros.correspondence.model import FunctionalCorrespondence, Matches
from func_corr_ros.correspondence.reference import make_reference
from func_corr_ros.errors import BadImage, BadSettings, NoMask, SizeMismatch, TooFewPoints
from func_corr_ros.evaluation.case_pictures import write_png
from func_corr_ros.evaluation.drawing import Picture, flow_picture, matches_picture, position_colors, with_caption
from func_corr_ros.evaluation.pair_matches import plain_numbers
from func_corr_ros.evaluation.report import write_whole

# Lines in a picture of a whole object's matches, and the most points asked for that are drawn.
LINES, MOST_POINTS = 40, 100
Image = UInt8[np.ndarray, "_h _w 3"]
Mask = Bool[np.ndarray, "_h _w"]


@dataclass(frozen=True)
class MatchedImages:
    """Row i of ``uv_a``, a pixel of the first picture, serves as row i of ``uv_b`` does in the second.

    ``matches`` start at the points of A that were asked for where ``pointed``, else at all lattice pixels of B, ``stride`` px
    apart. A way back that ends within ``near_px`` of its start has come back. ``mirrored`` says that A's mirror image was
    matched, because it fits better. ``parts`` are the functional parts of both objects.
    """

    matches: Matches
    pointed: bool
    stride: int
    near_px: float
    mirrored: bool
    parts: tuple[FunctionalRegion, FunctionalRegion]

    @property
    def uv_a(self) -> Float32[np.ndarray, "n 2"]:
        """Pixels of the first picture."""
        return self.matches.uv_query if self.pointed else self.matches.uv_target

    @property
    def uv_b(self) -> Float32[np.ndarray, "n 2"]:
        """Pixels of the second picture."""
        return self.matches.uv_target if self.pointed else self.matches.uv_query


def match_images(
    model: FunctionalCorrespondence, images: tuple[Image, Image], masks: tuple[Mask, Mask], function: str,
    points: Float[np.ndarray, "k 2"] | None = None,
) -> MatchedImages:
    """Returns the matches between the objects of two pictures: of all the second object's pixels, or of ``points`` in the first.

    The first object's mirror image is tried as well, and matched where it fits better (see ``correspond``). A trained head alone
    is asked for points without it, so that they go where the same head puts them as a method of a benchmark.

    Raises NoMask for an empty mask, SizeMismatch where a mask is not of its picture's size, UnknownFunction, TooFewPoints for
    no point, BadSettings for one that is not in the first picture.
    """
    for name, image, mask in zip("AB", images, masks, strict=True):
        if mask.shape != image.shape[:2]:
            raise SizeMismatch(f"mask {name} is {mask.shape}, its picture {image.shape[:2]} (rows, columns); they must be equal")
        if not mask.any():
            raise NoMask(f"mask {name} is empty; it must be bright on the object")
    if points is not None:
        _check_points(points, images[0])
    reference = make_reference(model, "a", function, images[0], masks[0], {})
    (live,) = model.embed(images[1], [masks[1]], function)
    whole = correspond(model, reference, images[1], {1: masks[1]})
    mirrored = whole.mirrored and (points is None or model.head is None)
    query = live if points is None else reference.mirrored if mirrored else reference.embedding
    return MatchedImages(
        matches=whole.matches if points is None else model.match(query, live, points),
        pointed=points is not None,
        stride=live.stride,
        near_px=TOLERANCE / 2.0 * query.longer_side,
        mirrored=mirrored,
        parts=(_part(reference.embedding, masks[0]), _part(live, masks[1])),
    )


def read_points(path: Path) -> Float64[np.ndarray, "k 2"]:
    """Returns the points of a JSON file ``[[u, v], ...]``; raises BadSettings, naming the entry, for anything else."""
    needed = "[[u, v], ...] is needed: two numbers a point, pixels of A, as JSON"
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise BadSettings(f"points {path} cannot be read ({error}); {needed}") from error
    if not isinstance(found, list):
        raise BadSettings(f"points {path} hold a {type(found).__name__}; {needed}")
    for i, point in enumerate(found):
        if not isinstance(point, list) or len(point) != 2 or not all(type(value) in (int, float) for value in point):
            raise BadSettings(f"points {path}: entry {i} is {json.dumps(point)[:60]}; {needed}")
    # An integer may be too long for a float; text never is.
    return np.array([[float(str(value)) for value in point] for point in found], dtype=np.float64).reshape(-1, 2)


def returning(found: MatchedImages) -> Bool[np.ndarray, " n"]:
    """Returns which matches come back near to where they started when matched the other way round."""
    return found.matches.cycle_px <= found.near_px


def write_image_pair(out: Path, images: tuple[Image, Image], masks: tuple[Mask, Mask], found: MatchedImages) -> int:
    """Writes ``matches.json``, ``part_a.png``, ``part_b.png``, ``matches.png`` and, unless points were asked for, ``field.png``
    into ``out``; returns how many matches come back.
    """
    back, uv_a, uv_b = returning(found), found.uv_a, found.uv_b
    write_png(out / "matches.png", image_pair_picture(images, masks, found))
    if found.pointed:
        (out / "field.png").unlink(missing_ok=True)  # an earlier call's, which would lie beside what it does not belong to
    else:
        ground = _panels(images, masks, found)
        field = flow_picture(*ground, masks[0], uv_a[back], uv_b[back], float(found.stride))
        write_png(out / "field.png", with_caption(field, "Places of one colour serve the same purpose"))
    for name, part in zip("ab", found.parts, strict=True):
        _write_mask(out / f"part_{name}.png", part.mask)
    write_whole(out / "matches.json", "[\n" + ",\n".join(json.dumps(row) for row in as_rows(found)) + "\n]\n")
    return int(back.sum())


def image_pair_picture(images: tuple[Image, Image], masks: tuple[Mask, Mask], found: MatchedImages) -> UInt8[np.ndarray, "H W 3"]:
    """Returns both objects with lines between what serves the same purpose, and words on what they mean."""
    back, uv_a, uv_b = returning(found), found.uv_a, found.uv_b
    lines = 4 * min(len(back), MOST_POINTS) if found.pointed else LINES  # a quarter as many of those that do not return
    ends = _panels(images, masks, found)
    for panel, mask in zip(ends, masks, strict=True):
        panel.contour(mask)
    words = "Coloured lines come back when matched the other way round; thin grey ones do not."
    words += "" if found.pointed else f" About {LINES} are drawn."
    title = f"{int(back.sum())} of {len(back)} matches come back"
    drawn = matches_picture(*ends, uv_a, uv_b, back, position_colors(uv_a, masks[0]), lines)
    return with_caption(drawn, title, words)


def as_rows(found: MatchedImages) -> list[dict[str, Any]]:
    """Returns what ``matches.json`` holds of each match: ``a`` and ``b``, pixels [u, v] of each picture, ``confidence``, and
    ``accepted``: false where there is no correspondence, and ``b`` is the best guess.
    """
    columns = {
        "a": plain_numbers(found.uv_a),
        "b": plain_numbers(found.uv_b),
        "confidence": plain_numbers(found.matches.confidence),
        "accepted": found.matches.accepted.tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _check_points(points: Float[np.ndarray, "k 2"], image: Image) -> None:
    height, width = image.shape[:2]
    valid = f"A is {width}x{height} px: u from -0.5 to {width - 0.5}, v from -0.5 to {height - 0.5}"
    if len(points) == 0:
        raise TooFewPoints(f"there is no point to match; at least one [u, v] is needed ({valid})")
    inside = ((points >= -0.5) & (points <= np.array([width, height]) - 0.5)).all(axis=1)  # NaN is nowhere inside
    if not inside.all():
        first = int(np.argmin(inside))
        raise BadSettings(f"{int((~inside).sum())} of {len(points)} points are not in A, the first is entry {first}, "
                          f"{points[first].tolist()}; {valid}")


def _part(embedding: Embedding, mask: Mask) -> FunctionalRegion:
    # Without a head it is all of the object: no need to read the features of every pixel of a large photograph.
    return FunctionalRegion(mask, False) if embedding.head is None else functional_region(embedding, mask)


def _panels(images: tuple[Image, Image], masks: tuple[Mask, Mask], found: MatchedImages) -> tuple[Picture, Picture]:
    """Returns pictures that hold both objects, and the points that lie off them."""
    ends = zip(images, masks, (found.uv_a, found.uv_b), strict=True)
    a, b = (Picture.holding(image, np.concatenate([pixels_of(mask), uv]), margin=0.2) for image, mask, uv in ends)
    return a, b


def _write_mask(path: Path, mask: Mask) -> None:
    if not cv2.imwrite(str(path), mask.astype(np.uint8) * np.uint8(255)):
        raise BadImage(f"{path} could not be written; is its folder writable and the disk not full?")
