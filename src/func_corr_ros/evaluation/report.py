# SPDX-License-Identifier: Apache-2.0
"""What a run of the main job brought, written for people (one self-contained HTML page) and for programs (result.json)."""
from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
from jinja2 import Environment, StrictUndefined

from func_corr_ros.errors import BadImage
from func_corr_ros.evaluation.report_page import PAGE
from func_corr_ros.provenance import whole_file, write_json

# A PNG of a photograph is ten times larger; nobody sees the difference at this quality.
JPEG_QUALITY = 88


@dataclass(frozen=True)
class ReportPicture:
    """A PNG or GIF file and the words that describe it to someone who cannot see it."""

    path: Path
    words: str


@dataclass(frozen=True)
class ReportedPose:
    """A transferred phase in the live optical frame: ``position`` in metres, ``quaternion_xyzw`` of unit length."""

    phase: str
    tool_link: str
    position: tuple[float, ...]
    quaternion_xyzw: tuple[float, ...]


@dataclass(frozen=True)
class CaseReport:
    """One demonstration carried to one object, or refused. Errors are None where the truth is not known; ``residual_m``
    is None where no fit was found; ``reason`` is empty unless ``refused``.
    """

    name: str
    function: str
    demonstration: str
    target: str
    real: bool
    segmenter: str
    method: str
    matches: int
    agreeing: int
    residual_m: float | None
    refused: bool
    reason: str
    poses: tuple[ReportedPose, ...] = ()
    translation_error_m: float | None = None
    rotation_error_deg: float | None = None
    pictures: tuple[ReportPicture, ...] = ()
    notes: str = ""

    @property
    def verdict(self) -> str:
        """One or two words for the outcome."""
        return "refused" if self.refused else "transferred"


@dataclass(frozen=True)
class Report:
    """A run: its cases, the time of every stage over all of them, and what it was made with."""

    title: str
    cases: tuple[CaseReport, ...]
    timings_ms: Mapping[str, Mapping[str, float]]
    weights: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    made_with: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write_report(report: Report, folder: Path) -> Path:
    """Writes ``report.html`` and ``result.json`` into ``folder``, each whole or not at all; returns the page's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "result.json", result(report, folder))
    return write_whole(folder / "report.html", html(report))


def result(report: Report, folder: Path) -> dict[str, Any]:
    """Returns the run as plain values, ready for JSON; pictures are paths relative to ``folder``."""
    return {
        "cases": [
            {
                "name": case.name,
                "function": case.function,
                "real": case.real,
                "segmenter": case.segmenter,
                "method": case.method,
                "matches": case.matches,
                "residual_m": case.residual_m,
                "refused": case.refused,
                "reason": case.reason,
                "translation_error_m": case.translation_error_m,
                "rotation_error_deg": case.rotation_error_deg,
                "pictures": [os.path.relpath(picture.path, folder) for picture in case.pictures],
            }
            for case in report.cases
        ],
        "timings_ms": {stage: dict(times) for stage, times in report.timings_ms.items()},
        "weights": dict(report.weights),
    }


def html(report: Report) -> str:
    """Returns the page: no scripts, no requests, every picture inside it. Raises BadImage for a picture that cannot be read."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(mm=_millimetres, degrees=_degrees, picture=_data_uri, meters=_vector)
    settings = json.dumps(report.settings, indent=2, sort_keys=True, default=str)
    return environment.from_string(PAGE).render(report=report, settings=settings)


def write_whole(path: Path, text: str) -> Path:
    """Writes ``text`` to a temporary name beside ``path`` and renames it: nobody ever reads half a file."""
    with whole_file(path) as file:
        file.write(text.encode())
    return path


def _millimetres(value: float | None) -> str:
    return f"{1e3 * value:.1f} mm" if value is not None and math.isfinite(value) else "not known"


def _degrees(value: float | None) -> str:
    return f"{value:.1f}\u00b0" if value is not None and math.isfinite(value) else "not known"


def _vector(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def _data_uri(path: Path) -> str:
    if path.suffix == ".gif" and path.is_file():  # as it is: one picture of a film is no film
        return "data:image/gif;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise BadImage(f"{path} is missing or is no image; a report needs every picture it names")
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
