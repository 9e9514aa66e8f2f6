# SPDX-License-Identifier: Apache-2.0
"""The charts of a score page as SVG text that takes the page's colours, and says in words what it shows."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

# Strokes that differ without colour, finest threshold last.
DASHES = ("", "7 3", "3 3", "1 3")
_ROW, _LEFT, _WIDTH = 34, 150, 560
# The square that shares are drawn in: its side, and its upper left corner.
_SIDE, _AT = 320, (50, 10)
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


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
        f'<text x="{_x(t)}" y="{height - 6}" text-anchor="middle">{t:g}</text>' for t in _TICKS
    )
    words = f"Bars of {' and '.join(kinds)} at {threshold} px for {len(parts)} groups, with 95 % intervals; see the table."
    return _svg(_LEFT + _WIDTH + 60, height, words, ticks + "".join(rows))


def precision_recall(curves: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns precision over recall, one line per threshold, from the mean ``precision`` and ``recall`` of the rankings."""
    lines = []
    for (threshold, curve), dash in zip(curves.items(), DASHES, strict=True):
        xy = list(zip(curve["recall"], curve["precision"], strict=True))
        x, y = _point(*xy[-1])
        lines.append(_line(xy, dash) + f'<text x="{x + 6:.1f}" y="{y + 4:.1f}">{escape(threshold)} px</text>')
    words = f"Mean precision over mean recall of the ranked matches, one line for each threshold: {', '.join(curves)} px."
    return _square("recall", "precision", words, "".join(lines))


def reliability(part: Mapping[str, Any]) -> str:
    """Returns the share of right points over their mean confidence, a dot per bin of a calibration (its area is the bin's
    share of all), with its 95 % interval; on the diagonal the confidence is the share that comes right.
    """
    marks = [_line([(0.0, 0.0), (1.0, 1.0)], DASHES[1], "ideal")]
    for one in part["bins"]:
        (x, y), (_, low), (_, high) = (_point(one["mean_confidence"], share) for share in (one["accuracy"], *one["ci95"]))
        radius = 4.0 * (one["share"] * len(part["bins"])) ** 0.5
        marks.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
                     f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
    words = (f"Share of points that came right over the method's confidence, in {len(part['bins'])} bins, with 95 % intervals; "
             f"expected calibration error {part['ece']:.3f}.")
    return _square("confidence", "share right", words, "".join(marks))


def risk_coverage(part: Mapping[str, Any]) -> str:
    """Returns the share of wrong points among the most confident ones over how many are taken; a dashed line says the share
    among all, a dot where the method's own threshold stands.
    """
    curve, wrong = part["risk_coverage"], 1.0 - part["accuracy"]
    marks = [_line([(0.0, wrong), (1.0, wrong)], DASHES[1], "ideal"), _line(zip(curve["coverage"], curve["risk"], strict=True))]
    if part["risk"] == part["risk"]:
        x, y = _point(part["coverage"], part["risk"])
        marks.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
                     f'<text x="{x + 9:.1f}" y="{y + 16:.1f}">threshold</text>')
    words = (f"Share of wrong points among the most confident ones, over the share of points taken; the area under it is "
             f"{part['aurc']:.3f}, with all points {wrong:.3f} are wrong.")
    return _square("coverage", "share wrong", words, "".join(marks))


def _square(across: str, up: str, words: str, marks: str) -> str:
    """Returns a chart of ``marks`` over two shares, 0..1 each, with these names."""
    left, top = _AT
    grid = []
    for t in _TICKS:
        x, y = _point(t, t)
        grid.append(f'<line class="grid" x1="{left}" x2="{left + _SIDE}" y1="{y}" y2="{y}"/>'
                    f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{t:g}</text>'
                    f'<text x="{x}" y="{top + _SIDE + 18}" text-anchor="middle">{t:g}</text>')
    names = (f'<text x="{left + _SIDE / 2}" y="{top + _SIDE + 38}" text-anchor="middle">{escape(across)}</text>'
             f'<text transform="translate(12 {top + _SIDE / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    return _svg(left + _SIDE + 70, top + _SIDE + 46, words, "".join(grid) + marks + names)


def _line(xy: Iterable[tuple[float, float]], dash: str = "", kind: str = "curve") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_point(*one) for one in xy))
    return f'<polyline class="{kind}" stroke-dasharray="{dash}" points="{path}"/>'


def _point(across: float, up: float) -> tuple[float, float]:
    """Returns where two shares lie in the picture."""
    return _AT[0] + _SIDE * float(across), _AT[1] + _SIDE * (1.0 - float(up))


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
