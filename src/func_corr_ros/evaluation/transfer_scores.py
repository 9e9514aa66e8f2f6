# SPDX-License-Identifier: Apache-2.0
"""What many transfers come to: medians of the pose error with their intervals, refusals, and the wrong ones accepted."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.stats import binom, binomtest

from func_corr_ros.evaluation.transfer_cases import TransferCase
from func_corr_ros.transfer.transfer import Refusal, Transfer

LEVEL = 0.95


@dataclass(frozen=True)
class TransferRow:
    """One transfer: of which case, by whose matches, and what came of it. Where it was refused, ``refusal`` names the error, and
    the errors [m], [deg] are NaN; ``size`` [m] is the live object's longest side.
    """

    case: str
    function: str
    shown: str
    live: str
    split: str
    yaw_deg: float
    method: str
    noise: str
    refusal: str
    distance: float
    angle_deg: float
    size: float
    wrong: bool
    confidence: float

    @property
    def accepted(self) -> bool:
        """Whether there are poses."""
        return not self.refusal

    def record(self) -> dict[str, Any]:
        """Returns the row as plain values."""
        return asdict(self)


def row_of(case: TransferCase, outcome: Transfer | Refusal, method: str, noise: str) -> TransferRow:
    """Returns the row of ``outcome``."""
    shown, live = case.things
    told = (case.id, case.function, shown.category, live.category, case.split, case.yaw_deg(), method, noise)
    if isinstance(outcome, Refusal):
        size = float(np.ptp(live.vertices, axis=0).max())
        return TransferRow(*told, type(outcome.error).__name__, np.nan, np.nan, size, False, np.nan)
    error = case.error(outcome)
    return TransferRow(*told, "", error.distance, error.angle_deg, error.size, error.wrong, outcome.score)


def tables(rows: Sequence[TransferRow]) -> str:
    """Returns the tables: by function and noise for each method, then in all by relation and by turn."""
    out = []
    for method in dict.fromkeys(row.method for row in rows):
        mine = [row for row in rows if row.method == method]
        out += [f"\n{method}\n", *_table(mine, lambda row: (row.function, row.noise), "function | noise"), ""]
        out += [*_table(mine, lambda row: (relation(row), row.noise), "relation | noise"), ""]
        out += [*_table(mine, lambda row: (turned(row), row.noise), "turned by | noise"), ""]
        out += _table(mine, lambda row: ("all", row.noise), "all | noise")
    return "\n".join(out)


def relation(row: TransferRow) -> str:
    """Returns whether the two objects are of one category."""
    return "same category" if row.shown == row.live else "cross category"


def turned(row: TransferRow) -> str:
    """Returns in which range the live object is turned against the shown one, as the cameras see them."""
    return next(f"up to {limit} deg" for limit in (45, 90, 135, 180) if row.yaw_deg <= limit)


def median_interval(values: Float64[np.ndarray, " n"]) -> tuple[float, float, float]:
    """Returns the median and the ends of its interval at LEVEL: the order statistics whose ranks a binomial of one half bounds,
    so that nothing is assumed of the distribution. NaN for no values; with few the interval is all of them.
    """
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    ordered, n = np.sort(values), len(values)
    low = max(int(binom.ppf((1.0 - LEVEL) / 2.0, n, 0.5)) - 1, 0)
    return float(np.median(ordered)), float(ordered[low]), float(ordered[n - 1 - low])


def rate_interval(hits: int, total: int) -> tuple[float, float, float]:
    """Returns a rate and its Wilson interval at LEVEL; NaN for none."""
    if total == 0:
        return np.nan, np.nan, np.nan
    ends = binomtest(hits, total).proportion_ci(LEVEL, method="wilson")
    return hits / total, float(ends.low), float(ends.high)


def _table(rows: Sequence[TransferRow], key: Callable[[TransferRow], tuple[str, ...]], title: str) -> Iterable[str]:
    yield (f"| {title} | cases | right % | refused % | wrong and accepted % [95 %] | error, mm [95 %] | % of the object "
           "| deg [95 %] |")
    yield "|" + "---|" * (title.count("|") + 1) + "---:|" * 7
    groups: dict[tuple[str, ...], list[TransferRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    for name, group in sorted(groups.items()):
        kept = [row for row in group if row.accepted]
        wrong = rate_interval(sum(row.wrong for row in kept), len(group))
        distance, angle = (np.array([getattr(row, field) for row in kept]) for field in ("distance", "angle_deg"))
        share = distance / np.array([row.size for row in kept])
        yield (f"| {' | '.join(name)} | {len(group)} | {100 * sum(not row.wrong for row in kept) / len(group):.0f} | "
               f"{100 * (1 - len(kept) / len(group)):.0f} | {_shown(wrong, 100.0)} | {_shown(median_interval(distance), 1e3)} | "
               f"{100 * median_interval(share)[0]:.0f} | {_shown(median_interval(angle), 1.0)} |")


def _shown(values: tuple[float, float, float], unit: float) -> str:
    middle, low, high = (unit * value for value in values)
    return f"{middle:.0f} [{low:.0f}, {high:.0f}]"
