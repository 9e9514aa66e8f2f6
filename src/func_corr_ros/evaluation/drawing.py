# SPDX-License-Identifier: Apache-2.0
"""Pictures for people: enlarged camera pictures with contours, keypoints, matches and words on them."""
from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float64, UInt8

Color = tuple[int, int, int]

INK: Color = (16, 18, 22)
PAPER: Color = (244, 244, 240)
OBJECT: Color = (255, 255, 255)
ACCEPTED: Color = (70, 220, 110)
REFUSED: Color = (255, 110, 90)
FAINT: Color = (150, 150, 150)
# Colours of a reference box's corners (top left, top right, bottom left, bottom right); between them they are mixed.
CORNERS = np.array([[255, 215, 50], [255, 70, 60], [40, 200, 110], [70, 110, 255]], dtype=np.float64)
FONT = cv2.FONT_HERSHEY_SIMPLEX  # OpenCV 4 knows no other that every build carries
TEXT_SCALE = 0.75
# cv2 takes fixed-point coordinates: 4 fractional bits, so that lines do not jump by whole pixels.
SUBPIXEL_BITS = 4


class Picture:
    """An enlarged cut of a camera picture, drawn on in the original's (u, v) pixels; ``rgb`` is what a person sees."""

    def __init__(
        self, image: UInt8[np.ndarray, "h w 3"], scale: float, origin: tuple[float, float], width: int, height: int
    ) -> None:
        self.scale, self._origin = scale, np.asarray(origin, dtype=np.float64)
        shift = (0.5 - self._origin) * scale - 0.5
        self._warp = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
        self._size = (width, height)
        self._labels: list[tuple[int, int, int]] = []  # x, baseline, width of the labels written
        smooth = cv2.INTER_CUBIC if scale >= 1.0 else cv2.INTER_AREA
        self.rgb: UInt8[np.ndarray, "H W 3"] = cv2.warpAffine(
            image, self._warp, self._size, flags=smooth, borderMode=cv2.BORDER_REPLICATE
        )
        for axis, (drawn, seen) in enumerate(((width, image.shape[1]), (height, image.shape[0]))):
            place = (np.arange(drawn) + 0.5) / scale + self._origin[axis]
            self.rgb[(slice(None),) * (1 - axis) + ((place < 0.0) | (place > seen),)] = INK

    @classmethod
    def whole(cls, image: UInt8[np.ndarray, "h w 3"], width: int = 1280) -> Picture:
        """Returns the whole picture, enlarged or reduced to ``width`` pixels."""
        scale = width / image.shape[1]
        return cls(image, scale, (0.0, 0.0), width, round(image.shape[0] * scale))

    @classmethod
    def around(
        cls, image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], side: int = 720, margin: float = 0.2
    ) -> Picture:
        """Returns a square of ``side`` pixels around the object, with ``margin`` of its size on each side; the whole picture
        where the mask is empty."""
        if not mask.any():
            height, width = mask.shape
            return cls.holding(image, np.array([[0.0, 0.0], [width - 1.0, height - 1.0]]), side, margin)
        v, u = np.nonzero(mask)
        return cls.holding(image, np.array([[u.min(), v.min()], [u.max(), v.max()]], dtype=np.float64), side, margin)

    @classmethod
    def holding(
        cls, image: UInt8[np.ndarray, "h w 3"], uv: Float[np.ndarray, "n 2"], side: int = 720, margin: float = 0.1
    ) -> Picture:
        """Returns a square of ``side`` pixels that holds every pixel of ``uv``, with ``margin`` of their extent on each side."""
        low, high = uv.min(axis=0), uv.max(axis=0) + 1.0
        extent = float((high - low).max()) * (1.0 + 2.0 * margin)
        corner = (low + high - extent) / 2.0
        return cls(image, side / extent, (float(corner[0]), float(corner[1])), side, side)

    @property
    def window(self) -> tuple[float, float, float, float]:
        """What is seen of the original: left, top, width and height [px], counted from the outer edges of its first pixel."""
        width, height = self._size
        return float(self._origin[0]), float(self._origin[1]), width / self.scale, height / self.scale

    def at(self, uv: Float[np.ndarray, "*n 2"]) -> Float64[np.ndarray, "*n 2"]:
        """Returns where the original's pixels ``uv`` lie in ``rgb``."""
        return (uv.astype(np.float64) + 0.5 - self._origin) * self.scale - 0.5

    def lines(self, segments: Float[np.ndarray, "n 2 2"], color: Color, width: int = 3) -> None:
        """Draws line segments between (u, v) ends, all with a dark rim below them so that they show on any ground."""
        ends = [(_fixed(a), _fixed(b)) for a, b in self.at(segments)]
        for thickness, ink in ((width + 3, INK), (width, color)):
            for a, b in ends:
                cv2.line(self.rgb, a, b, ink, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def dot(self, uv: Float[np.ndarray, "2"], color: Color, radius: int = 7) -> None:
        """Draws a disc with a dark rim."""
        for size, ink in ((radius + 2, INK), (radius, color)):
            cv2.circle(self.rgb, _fixed(self.at(uv)), size << SUBPIXEL_BITS, ink, -1, cv2.LINE_AA, SUBPIXEL_BITS)

    def ring(self, uv: Float[np.ndarray, "2"], color: Color, radius: int = 13) -> None:
        """Draws a circle with a dark rim around what is there."""
        for width, ink in ((5, INK), (2, color)):
            cv2.circle(self.rgb, _fixed(self.at(uv)), radius << SUBPIXEL_BITS, ink, width, cv2.LINE_AA, SUBPIXEL_BITS)

    def label(self, uv: Float[np.ndarray, "2"], text: str, color: Color = PAPER, side: int = 1) -> None:
        """Writes ``text`` right (``side`` 1) or left (-1) of ``uv`` on a dark plate, kept inside the picture and below labels
        that are there already; nothing where ``uv`` itself is outside."""
        (width, height), _ = cv2.getTextSize(text, FONT, TEXT_SCALE, 2)
        rows, columns = self.rgb.shape[:2]
        x, y = self.at(uv)
        if not (0 <= x < columns and 0 <= y < rows):
            return
        x, y = x + (14.0 if side > 0 else -14.0 - width), y - 14.0
        x = int(np.clip(x, 6, max(columns - width - 8, 6)))
        y = int(np.clip(y, height + 8, max(rows - 10, height + 8)))
        beside = [v for u, v, w in self._labels if x < u + w + 14 and u < x + width + 14]
        while y < rows - 10 and any(abs(y - v) < height + 16 for v in beside):
            y += 4
        self._labels.append((x, y, width))
        plate = self.rgb[max(y - height - 6, 0) : y + 9, max(x - 6, 0) : x + width + 6]
        plate[:] = (0.25 * plate + 0.75 * np.asarray(INK)).astype(np.uint8)
        cv2.putText(self.rgb, text, (x, y), FONT, TEXT_SCALE, color, 2, cv2.LINE_AA)

    def contour(self, mask: Bool[np.ndarray, "h w"], color: Color = OBJECT, width: int = 2) -> None:
        """Draws the outline of ``mask``."""
        soft = cv2.warpAffine(mask.astype(np.uint8) * 255, self._warp, self._size, flags=cv2.INTER_LINEAR)
        outlines, _ = cv2.findContours((soft > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(self.rgb, outlines, -1, INK, width + 2, cv2.LINE_AA)
        cv2.drawContours(self.rgb, outlines, -1, color, width, cv2.LINE_AA)

    def keypoints(self, uv_of: Mapping[str, Float[np.ndarray, "2"]], color: Color = (255, 210, 60)) -> None:
        """Draws named points with their names; those that are not finite (not found) are left out."""
        for name, uv in uv_of.items():
            if np.isfinite(uv).all():
                self.dot(uv, color)
                self.label(uv, name, color)


def position_colors(uv: Float[np.ndarray, "n 2"], mask: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "n 3"]:
    """Returns a colour that says where in the box of ``mask`` each pixel lies: neighbours have like colours."""
    v, u = np.nonzero(mask)
    low = np.array([u.min(), v.min()], dtype=np.float64)
    x, y = np.clip((uv - low) / np.maximum(np.array([np.ptp(u), np.ptp(v)]), 1), 0.0, 1.0).T
    share = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
    return np.rint(share @ CORNERS).astype(np.uint8)


def spread_out(uv: Float[np.ndarray, "n 2"], count: int) -> list[int]:
    """Returns indices of up to ``count`` points that cover the set evenly: the first, then always the farthest."""
    if len(uv) == 0:
        return []
    chosen = [0]
    distance = np.linalg.norm(uv - uv[0], axis=1)
    while len(chosen) < min(count, len(uv)) and distance.max() > 0.0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(uv - uv[chosen[-1]], axis=1))
    return chosen


def matches_picture(
    demonstration: Picture,
    live: Picture,
    uv_reference: Float[np.ndarray, "n 2"],
    uv_live: Float[np.ndarray, "n 2"],
    inliers: Bool[np.ndarray, " n"],
    colors: UInt8[np.ndarray, "n 3"],
    lines: int = 40,
) -> UInt8[np.ndarray, "H W 3"]:
    """Returns demonstration (left) and live object (right) with matches drawn between them.

    About ``lines`` of the ``inliers`` are drawn in ``colors``, a quarter as many of the others thin and grey below them.
    """
    both = side_by_side(demonstration, live)
    shift = np.array([both.shape[1] - live.rgb.shape[1], 0.0])
    start, end = demonstration.at(uv_reference), live.at(uv_live) + shift
    others, agreeing = np.flatnonzero(~inliers), np.flatnonzero(inliers)
    others, agreeing = others[spread_out(uv_reference[others], lines // 4)], agreeing[spread_out(uv_reference[agreeing], lines)]
    ground = both.copy()
    for i in others:
        cv2.line(ground, _fixed(start[i]), _fixed(end[i]), FAINT, 1, cv2.LINE_AA, SUBPIXEL_BITS)
    both = cv2.addWeighted(ground, 0.5, both, 0.5, 0.0)
    for i in agreeing:
        color = tuple(int(value) for value in colors[i])
        cv2.line(both, _fixed(start[i]), _fixed(end[i]), color, 2, cv2.LINE_AA, SUBPIXEL_BITS)
    for i in agreeing:
        for point in (start[i], end[i]):
            cv2.circle(both, _fixed(point), 6 << SUBPIXEL_BITS, INK, -1, cv2.LINE_AA, SUBPIXEL_BITS)
            cv2.circle(both, _fixed(point), 4 << SUBPIXEL_BITS, tuple(int(c) for c in colors[i]), -1, cv2.LINE_AA, SUBPIXEL_BITS)
    return both


def flow_picture(
    demonstration: Picture,
    live: Picture,
    demonstration_mask: Bool[np.ndarray, "h w"],
    uv_reference: Float[np.ndarray, "n 2"],
    uv_live: Float[np.ndarray, "n 2"],
    stride: float,
) -> UInt8[np.ndarray, "H W 3"]:
    """Returns both objects painted by position on the demonstrated one: places of one colour serve one purpose.

    ``stride`` is the distance of neighbouring live matches in pixels: how large each one is painted.
    """
    v, u = np.nonzero(demonstration_mask)
    own = np.stack([u, v], axis=1).astype(np.float64)
    _paint(demonstration, own, position_colors(own, demonstration_mask), 1.0)
    _paint(live, uv_live, position_colors(uv_reference, demonstration_mask), stride)
    return side_by_side(demonstration, live)


def side_by_side(left: Picture, right: Picture) -> UInt8[np.ndarray, "H W 3"]:
    """Returns two pictures beside each other, with a gap between them."""
    height = max(left.rgb.shape[0], right.rgb.shape[0])
    gap = np.full((height, 24, 3), INK, dtype=np.uint8)
    panels = [cv2.copyMakeBorder(p.rgb, 0, height - p.rgb.shape[0], 0, 0, cv2.BORDER_CONSTANT, value=INK) for p in (left, right)]
    return np.concatenate([panels[0], gap, panels[1]], axis=1)


def with_caption(
    image: UInt8[np.ndarray, "h w 3"], title: str, words: str = "", color: Color = PAPER
) -> UInt8[np.ndarray, "H w 3"]:
    """Returns ``image`` under a bar with a ``title`` in ``color`` and wrapped ``words`` (ASCII; the rest is '?')."""
    rows = [(row, color) for row in _wrapped(title, image.shape[1] - 32)]
    rows += [(row, PAPER) for row in _wrapped(words, image.shape[1] - 32)]
    bar = np.full((20 + 32 * len(rows), image.shape[1], 3), INK, dtype=np.uint8)
    for i, (row, ink) in enumerate(rows):
        cv2.putText(bar, row, (16, 32 + 32 * i), FONT, TEXT_SCALE, ink, 2, cv2.LINE_AA)
    return np.concatenate([bar, image])


def _wrapped(text: str, width: int) -> list[str]:
    rows: list[str] = []
    for word in text.encode("ascii", "replace").decode().split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and cv2.getTextSize(longer, FONT, TEXT_SCALE, 2)[0][0] <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def _paint(picture: Picture, uv: Float[np.ndarray, "n 2"], colors: UInt8[np.ndarray, "n 3"], stride: float) -> None:
    painted = picture.rgb.copy()
    half = stride / 2.0
    low, high = np.floor(picture.at(uv - half)).astype(int), np.ceil(picture.at(uv + half)).astype(int)
    for (x0, y0), (x1, y1), color in zip(low, high, colors, strict=True):
        painted[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = color
    picture.rgb[:] = cv2.addWeighted(painted, 0.75, picture.rgb, 0.25, 0.0)


def _fixed(point: Float[np.ndarray, "2"]) -> tuple[int, int]:
    x, y = np.rint(np.clip(point, -1e5, 1e5) * (1 << SUBPIXEL_BITS)).astype(int)
    return int(x), int(y)
