# SPDX-License-Identifier: Apache-2.0
"""Boxes as language models write them: numbers in brackets, in thousandths of the picture or in pixels."""
from __future__ import annotations

import json
import re
from typing import Any, TypeGuard

import numpy as np
from jaxtyping import Float64

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_FOUR = re.compile(rf"\[{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\]")


def boxes_in_thousandths(text: str, size: tuple[int, int]) -> Float64[np.ndarray, "n 4"]:
    """Returns the corners (left, top, right, bottom) in pixels from the outer edge of every box such as ``[[012,345,678,999]]``
    in ``text``, given in thousandths of the picture's ``size`` (height, width); several boxes may be joined by ``;``.
    """
    separated = re.sub(r"\]?\s*;\s*\[?", "],[", text)
    found = np.array([[float(value) for value in four.groups()] for four in _FOUR.finditer(separated)]).reshape(-1, 4)
    height, width = size
    return found / 1000.0 * np.array([width, height, width, height])


def boxes_in_json(text: str) -> Float64[np.ndarray, "n 4"]:
    """Returns the ``bbox_2d`` numbers of every object in the JSON that ``text`` holds (fenced or not, also when it breaks off in
    the middle), as they stand there.
    """
    body = re.sub(r"```(?:json)?", "", text)
    try:
        items = json.loads(body[body.index("[") : body.rindex("]") + 1])
        boxes = [item["bbox_2d"] for item in items if isinstance(item, dict) and _is_box(item.get("bbox_2d"))]
    except (ValueError, TypeError, RecursionError):
        boxes = [four.groups() for four in re.finditer(rf'"bbox_2d"\s*:\s*{_FOUR.pattern}', body)]
    return np.array([[float(value) for value in box] for box in boxes], dtype=np.float64).reshape(-1, 4)


def _is_box(value: Any) -> TypeGuard[list[float]]:
    """Whether ``value`` is four numbers that may be of a picture; strings and what is larger than any picture are not."""
    four = isinstance(value, list) and len(value) == 4
    return four and all(isinstance(one, int | float) and abs(one) < 1e6 for one in value)


def numbered_boxes_in_json(text: str, count: int) -> list[Float64[np.ndarray, "n 4"]] | None:
    """Returns for each of ``count`` things, numbered from 1 in the question, the ``bbox_2d`` numbers of the objects whose "label"
    begins with its number; None where ``text`` holds no JSON list. Objects without a number that was asked for are dropped.
    """
    body = re.sub(r"```(?:json)?", "", text)
    try:
        items = json.loads(body[body.index("[") : body.rindex("]") + 1])
    except (ValueError, RecursionError):
        return None
    found: list[list[list[float]]] = [[] for _ in range(count)]
    for item in items if isinstance(items, list) else ():
        number = re.match(r"\s*(\d{1,4})\b", str(item.get("label", ""))) if isinstance(item, dict) else None
        box = item.get("bbox_2d") if number else None
        if number and 1 <= int(number[1]) <= count and _is_box(box):
            found[int(number[1]) - 1].append([float(value) for value in box])
    return [np.array(boxes, dtype=np.float64).reshape(-1, 4) for boxes in found]
