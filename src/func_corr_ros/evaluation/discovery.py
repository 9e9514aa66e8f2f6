# SPDX-License-Identifier: Apache-2.0
"""Protocol B, correspondence discovery: how many of a method's unasked matches are true, and how many true ones it finds.

A match (p, q) is correct at t iff one true pair i has both ‖p - a_i‖ <= t and ‖q - b_i‖ <= t, each in the 224-px frame of its
own image; truth i is recovered at the rank of its first such match. Thresholds share one pass over blocks of
(match x truth) distances; beside some numbers per match, about 4 blocks of ``BLOCK`` float32 are held, whatever the counts.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

from func_corr_ros.errors import BadSettings, SizeMismatch, TooFewPoints
from func_corr_ros.evaluation.label_transfer import THRESHOLDS

# Numbers of one block: 1 MiB stays in a core's cache.
BLOCK = 1 << 18
# compat: the published protocol, precision and recall at 1..100 % of the ranking. strict: at every single match.
MODES = ("compat", "strict")
PERCENT = np.arange(1, 101)


@dataclass(frozen=True)
class DiscoveryScore:
    """One direction of one pair. Rows are THRESHOLDS; ``precision`` and ``recall`` are at the top 1..100 % of the ranking."""

    best_f1: Float64[np.ndarray, " t"]
    ap: Float64[np.ndarray, " t"]
    precision: Float64[np.ndarray, "t 100"]
    recall: Float64[np.ndarray, "t 100"]
    matches: int


def ranking(score: Float[np.ndarray, " n"], in_part: Bool[np.ndarray, " n"] | None = None) -> Int64[np.ndarray, " n"]:
    """Returns the order of matches: those in the part first, then by falling score, ties by index; NaN scores come last."""
    rest = np.zeros(len(score), dtype=bool) if in_part is None else ~in_part
    return np.lexsort((-score, rest))


def score_discovery(
    uv_a: Float[np.ndarray, "n 2"],
    uv_b: Float[np.ndarray, "n_b 2"],
    truth_a: Float[np.ndarray, "m 2"],
    truth_b: Float[np.ndarray, "m_b 2"],
    scales: tuple[float, float] = (1.0, 1.0),
    permutations: Int64[np.ndarray, "k m"] | None = None,
    mode: str = "compat",
    thresholds: tuple[int, ...] = THRESHOLDS,
) -> DiscoveryScore:
    """Returns the score of matches in ranked order, best first; ``scales`` are the images' :func:`frame_scale`.

    Matches that are not finite are wrong; no matches at all score 0. With ``permutations``, truth i may as well pair a_i with
    ``truth_b[permutation[i]]``, and the order with the highest mean AP counts. Raises TooFewPoints without truth,
    SizeMismatch where counts differ, BadSettings for another mode.
    """
    if mode not in MODES:
        raise BadSettings(f"mode is {mode!r}; valid: {', '.join(MODES)}")
    if len(truth_a) == 0:
        raise TooFewPoints("there is no truth to score against; a pair needs at least one true match")
    if len(uv_a) != len(uv_b) or len(truth_a) != len(truth_b):
        raise SizeMismatch(f"matches have {len(uv_a)} and {len(uv_b)} pixels, the truth {len(truth_a)} and {len(truth_b)}")
    p, q, a, b = (_in_frame(uv, scale) for uv, scale in zip((uv_a, uv_b, truth_a, truth_b), (*scales, *scales), strict=True))
    orders = [np.arange(len(a)), *(() if permutations is None else permutations)]
    scores = [_score(*hits(p, q, a, b[order], thresholds), mode) for order in orders]
    return scores[int(np.argmax([score.ap.mean() for score in scores]))]


def hits(
    p: Float32[np.ndarray, "n 2"], q: Float32[np.ndarray, "n 2"], a: Float32[np.ndarray, "m 2"], b: Float32[np.ndarray, "m 2"],
    thresholds: tuple[int, ...],
) -> tuple[Bool[np.ndarray, "t n"], Int64[np.ndarray, "t m"]]:
    """Returns which matches are correct at each threshold, and at which rank (from 0) each truth is recovered, n if never."""
    limits = np.square(np.asarray(thresholds, dtype=np.float32))
    nearest = np.full(len(p), np.inf, dtype=np.float32)
    rank = np.full((len(limits), len(a)), len(p), dtype=np.int64)
    reach = max(thresholds) + 1.0  # 1 px for rounding
    possible = np.flatnonzero(_near_box(p, a, reach) & _near_box(q, b, reach))  # most matches are nowhere near any truth
    step = max(BLOCK // len(a), 1)
    for start in range(0, len(possible), step):
        block = possible[start : start + step]
        worse = np.maximum(_squared(a, p[block]), _squared(b, q[block]))
        nearest[block] = worse.min(axis=0)
        for row, limit in enumerate(limits):
            right = worse <= limit
            first = right.argmax(axis=1)
            new = right[np.arange(len(a)), first] & (rank[row] == len(p))
            rank[row, new] = block[first[new]]
    return nearest <= limits[:, None], rank


def _in_frame(uv: np.ndarray, scale: float) -> Float32[np.ndarray, "n 2"]:
    return np.where(np.isfinite(uv).all(axis=1, keepdims=True), uv * scale, np.inf).astype(np.float32)


def _near_box(p: Float32[np.ndarray, "n 2"], a: Float32[np.ndarray, "m 2"], reach: float) -> Bool[np.ndarray, " n"]:
    return ((p >= a.min(axis=0) - reach) & (p <= a.max(axis=0) + reach)).all(axis=1)


def _squared(a: Float32[np.ndarray, "m 2"], p: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "m n"]:
    u, v = a[:, :1] - p[:, 0], a[:, 1:] - p[:, 1]
    u *= u
    v *= v
    u += v
    return u


def _score(correct: Bool[np.ndarray, "t n"], rank: Int64[np.ndarray, "t m"], mode: str) -> DiscoveryScore:
    count = correct.shape[1]
    shares = -(-PERCENT * count // 100)  # the top k %, rounded up, so that a ranking of one match has a top 1 %
    precision, recall = _curves(correct, rank, shares)
    used = (precision, recall) if mode == "compat" else _curves(correct, rank, np.arange(1, count + 1))
    f1 = 2.0 * used[0] * used[1] / np.maximum(used[0] + used[1], 1e-12)
    ap = (np.diff(used[1], axis=1, prepend=0.0) * used[0]).sum(axis=1)
    return DiscoveryScore(f1.max(axis=1, initial=0.0), ap, precision, recall, count)


def _curves(
    correct: Bool[np.ndarray, "t n"], rank: Int64[np.ndarray, "t m"], tops: Int64[np.ndarray, " k"]
) -> tuple[Float64[np.ndarray, "t k"], Float64[np.ndarray, "t k"]]:
    """Returns precision and recall over the first ``tops`` matches; with no match, both are 0."""
    right = np.concatenate([np.zeros((len(correct), 1), dtype=np.int64), correct.cumsum(axis=1)], axis=1)
    recovered = np.stack([np.searchsorted(np.sort(row), tops, side="left") for row in rank])  # ranks below the top
    return right[:, tops] / np.maximum(tops, 1), recovered / rank.shape[1] * (tops > 0)
