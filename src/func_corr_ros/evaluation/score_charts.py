# SPDX-License-Identifier: Apache-2.0
"""The charts of a score page as SVG text that takes the page's colours, and says in words what it shows."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

# Strokes that differ without colour, finest threshold last.
DASHES = ("", "7 3", "3 3", "1 3")
_ROW, _LEFT, _WIDTH = 34, 150, 560


def bars(parts: Mapping[str, Mapping[str, Any]], kinds: Sequence[str], threshold: str) -> str:
    """Returns one row per part: a bar for each of ``kinds`` (such as "pck") at ``threshold``, with its 95 % interval."""
    height = _ROW * len(parts) + 30
    rows = []
    for i, (name, part) in enumerate(parts.items()):
        top = i * _ROW + 4
        rows.append(f'<text x="{_LEFT - 8}" y="{top + 18}" text-anchor="end">{escape(name)}</text>')
        for j, kind in enumerate(kinds):
            rows.append(_bar(part[kind][threshold], part["ci95"][kind][threshold], top + 14 * j, j))
    ticks = "".join(
        f'<line class="grid" x1="{_x(t)}" x2="{_x(t)}" y1="0" y2="{height - 24}"/>'
        f'<text x="{_x(t)}" y="{height - 6}" text-anchor="middle">{t:g}</text>' for t in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    words = f"Bars of {' and '.join(kinds)} at {threshold} px for {len(parts)} groups, with 95 % intervals; see the table."
    return _svg(_LEFT + _WIDTH + 60, height, words, ticks + "".join(rows))


def precision_recall(curves: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns precision over recall, one line per threshold, from the mean ``precision`` and ``recall`` of the rankings."""
    side, left, top = 320, 50, 10
    lines = []
    for (threshold, curve), dash in zip(curves.items(), DASHES, strict=True):
        shares = zip(curve["recall"], curve["precision"], strict=True)
        xy = [(left + side * float(recall), top + side * (1.0 - float(precision))) for recall, precision in shares]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
        lines.append(f'<polyline class="curve" stroke-dasharray="{dash}" points="{path}"/>')
        lines.append(f'<text x="{xy[-1][0] + 6:.1f}" y="{xy[-1][1] + 4:.1f}">{escape(threshold)} px</text>')
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = left + side * t, top + side * (1.0 - t)
        lines.append(f'<line class="grid" x1="{left}" x2="{left + side}" y1="{y}" y2="{y}"/>')
        lines.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{t:g}</text>')
        lines.append(f'<text x="{x}" y="{top + side + 18}" text-anchor="middle">{t:g}</text>')
    lines.append(f'<text x="{left + side / 2}" y="{top + side + 38}" text-anchor="middle">recall</text>')
    lines.append(f'<text transform="translate(12 {top + side / 2}) rotate(-90)" text-anchor="middle">precision</text>')
    words = f"Mean precision over mean recall of the ranked matches, one line for each threshold: {', '.join(curves)} px."
    return _svg(left + side + 70, top + side + 46, words, "".join(lines))


def _bar(value: float, interval: Sequence[float], top: int, which: int) -> str:
    low, high = (_x(end) for end in interval)
    return (
        f'<rect class="bar{which}" x="{_LEFT}" y="{top}" width="{_x(value) - _LEFT:.1f}" height="12"/>'
        f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{top + 6}" y2="{top + 6}"/>'
        f'<text x="{max(_x(value), high) + 6:.1f}" y="{top + 11}">{value:.2f}</text>'
    )


def _x(share: float) -> float:
    return _LEFT + _WIDTH * share


def _svg(width: int, height: int, words: str, content: str) -> str:
    return (f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 {width:g} {height:g}" '
            f'style="max-width:{width:g}px"><title>{escape(words)}</title>{content}</svg>')
