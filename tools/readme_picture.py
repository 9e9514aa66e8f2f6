# SPDX-License-Identifier: Apache-2.0
"""Puts the real cases of `make demo` beside each other, as the README shows them: docs/images/transfer.jpg.

    python tools/readme_picture.py build/demo

The demonstration stands first; then what came of each object, a refusal with its reason too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from func_corr_ros.evaluation.drawing import ACCEPTED, INK, PAPER, REFUSED, with_caption

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "transfer.jpg"
# Sides of a panel as case_pictures draws them and as shown here, and what lies between two [px].
PANEL, STRIP, GAP, QUALITY = 720, 440, 16, 88


def panels(picture: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns the demonstration's panel and the live one's from a case's picture, without its caption."""
    image = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)[-PANEL:]
    return image[:, :PANEL], image[:, -PANEL:]


def main() -> int:
    """Writes the picture; returns 1 where the folder has no real cases."""
    folder = Path(sys.argv[1])
    cases = [case for case in json.loads((folder / "result.json").read_text())["cases"] if case["real"]]
    if not cases:
        print(f"{folder} has no real cases: they need the shared frames beside the project; run make demo there")
        return 1
    shown, strip = None, []
    for case in cases:
        left, right = panels(folder / f"{case['name']}_transfer.png")
        if shown is None:
            shown = with_caption(left, "shown once", color=PAPER)
        words = "refused: " + case["reason"].split(": ", 1)[-1].split(";")[0] if case["refused"] else "transferred"
        strip.append(with_caption(right, words, color=REFUSED if case["refused"] else ACCEPTED))
    height = max(panel.shape[0] for panel in (shown, *strip))
    level = [
        cv2.copyMakeBorder(panel, height - panel.shape[0], 0, 0, GAP, cv2.BORDER_CONSTANT, value=INK) for panel in (shown, *strip)
    ]
    whole = np.concatenate(level, axis=1)[:, :-GAP]
    scale = STRIP / PANEL
    small = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(OUT), cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(f"{OUT} {small.shape[1]}x{small.shape[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
