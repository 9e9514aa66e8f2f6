# SPDX-License-Identifier: Apache-2.0
"""The vote about all parts of one asset, as a file, and how far it can be trusted: what cleaning looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64

from func_corr_ros.data.pseudo_label.answers import Answers
from func_corr_ros.data.pseudo_label.asking import latest
from func_corr_ros.data.pseudo_label.box_vote import VoteSettings, likely_points, voted
from func_corr_ros.data.pseudo_label.label_views import LabelViews
from func_corr_ros.data.pseudo_label.neighbourhood import Neighbourhood
from func_corr_ros.provenance import whole_file
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class PartLabels:
    """``probability`` of every point to be of each of ``parts``, ``chosen`` which are taken for it, ``confidence`` how sure
    that is. Of a whole part, ``agreement`` is the mean trust in its answers (views that agree on one place in 3D),
    ``expected`` the overlap with the truth that the probabilities themselves promise.
    """

    parts: tuple[str, ...]
    probability: Float32[np.ndarray, "p n"]
    chosen: Bool[np.ndarray, "p n"]
    confidence: Float32[np.ndarray, "p n"]
    agreement: Float64[np.ndarray, " p"]
    expected: Float64[np.ndarray, " p"]


@dataclass(frozen=True)
class CleaningSettings:
    """Which parts are left out as not to be trusted; a part is judged by its own views, and against the same part of others."""

    agreement: float = setting(0.35, "least mean trust in the answers about a part", at_least=0.0, at_most=1.0)
    expected: float = setting(0.35, "least overlap that the vote expects of itself", at_least=0.0, at_most=1.0)
    odd_size: float = setting(
        1.2,
        "largest natural logarithm of a part's share of its asset over the median of its kind; needs 5 of a kind",
        at_least=0.0,
    )


# Fewer of a kind have no median to speak of.
_OF_A_KIND = 5


def part_labels(
    answers: Answers, views: LabelViews, around: Neighbourhood, edges: Sequence[bool], settings: VoteSettings
) -> PartLabels:
    """Returns the votes about all of ``answers.parts``; ``edges`` says which of them are edges of the surface."""
    votes = [
        voted(latest(answers.of(part)), views, around, edge=edge, settings=settings)
        for part, edge in zip(answers.parts, edges, strict=True)
    ]
    chosen = [likely_points(vote.probability, vote.known) for vote in votes]
    return PartLabels(
        answers.parts,
        np.stack([vote.probability for vote in votes]).astype(np.float32),
        np.stack(chosen),
        np.stack([vote.confidence for vote in votes]).astype(np.float32),
        np.array([vote.trust[vote.trust > 0.0].mean() if vote.trust.any() else 0.0 for vote in votes]),
        np.array([_expected(vote.probability, points) for vote, points in zip(votes, chosen, strict=True)]),
    )


def rejected(
    labels: Mapping[str, PartLabels], objects: Mapping[str, str], settings: CleaningSettings
) -> dict[tuple[str, str], str]:
    """Returns why parts are left out, by (asset, part); ``objects`` says what each asset is."""
    found: dict[tuple[str, str], str] = {}
    sizes: dict[tuple[str, str], dict[str, float]] = {}
    for asset, one in labels.items():
        for index, part in enumerate(one.parts):
            share = float(one.chosen[index].mean())
            if share == 0.0:
                found[asset, part] = "no point was found"
            elif one.agreement[index] < settings.agreement:
                found[asset, part] = f"its views disagree (agreement {one.agreement[index]:.2f} < {settings.agreement:g})"
            elif one.expected[index] < settings.expected:
                found[asset, part] = f"its vote is unsure (expected overlap {one.expected[index]:.2f} < {settings.expected:g})"
            else:
                sizes.setdefault((objects[asset], part), {})[asset] = share
    for (_, part), shares in sizes.items():
        middle = float(np.median(list(shares.values())))
        for asset, share in shares.items():
            if len(shares) >= _OF_A_KIND and abs(np.log(share / middle)) > settings.odd_size:
                found[asset, part] = f"its size is odd ({share:.3f} of the asset, of its kind {middle:.3f})"
    return found


def write_part_labels(path: Path, labels: PartLabels) -> None:
    """Writes ``labels`` to ``path`` (.npz), whole or not at all."""
    with whole_file(path) as file:
        np.savez_compressed(
            file,
            parts=np.array(labels.parts),
            probability=labels.probability,
            confidence=labels.confidence,
            chosen=np.packbits(labels.chosen, axis=1),
            agreement=labels.agreement,
            expected=labels.expected,
        )


def read_part_labels(path: Path) -> PartLabels:
    """Returns what :func:`write_part_labels` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    chosen = np.unpackbits(arrays["chosen"], axis=1, count=arrays["probability"].shape[1]).astype(bool)
    return PartLabels(
        tuple(arrays["parts"].tolist()),
        arrays["probability"],
        chosen,
        arrays["confidence"],
        arrays["agreement"],
        arrays["expected"],
    )


def _expected(probability: Float64[np.ndarray, " n"], chosen: Bool[np.ndarray, " n"]) -> float:
    inside, outside = float(probability[chosen].sum()), float(probability[~chosen].sum())
    return inside / max(float(chosen.sum()) + outside, 1e-9)
