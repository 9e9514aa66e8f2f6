# SPDX-License-Identifier: Apache-2.0
"""Which questions are put to an annotator: the paper's 19 views x 4 samples, or view by view where there is doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.annotators.annotator import Window
from func_corr_ros.data.pseudo_label.answers import Answers, Interview, joined, window_around
from func_corr_ros.data.pseudo_label.box_vote import PartVote, VoteSettings, likely_points, voted
from func_corr_ros.data.pseudo_label.neighbourhood import Neighbourhood
from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import setting

# The paper asks this often about each view, and again about a crop of this margin around the largest cluster of boxes.
PAPER_SAMPLES, PAPER_CROP = 4, 1.5
SCHEMES = ("active", "paper")
# What a further view that sees what was seen before is worth.
_SEEN_BEFORE = 0.4
# What a view's sight of the part counts against its sight of what is in doubt.
_SIGHT = 0.5


@dataclass(frozen=True)
class AskSettings:
    """How many questions are asked about each part of an asset, and when it is enough."""

    scheme: str = setting("active", "active: few questions, where there is doubt; paper: 19 views x 4 samples", choices=SCHEMES)
    first: int = setting(4, "views that are asked first, chosen to see most of the surface", at_least=1, at_most=19)
    together: bool = setting(False, "the first views: all parts of the asset in one prompt for each view")
    whole_px: int = setting(0, "side in which whole pictures are shown; 0: as rendered. Crops are, always", unit="px", at_least=0)
    most: int = setting(9, "questions about one part, at most", at_least=1, at_most=76)
    enough: float = setting(0.1, "doubt at which no more is asked: uncertain points over those of the part", at_least=0.0)
    crop_below: float = setting(
        0.35, "parts that fill less of the picture's side are then asked about in crops", at_least=0.0, at_most=1.0
    )
    crop_margin: float = setting(2.5, "side of such a crop over that of the part", at_least=1.0)
    vote: VoteSettings = field(default_factory=VoteSettings)


def asked_all(
    interview: Interview, around: Neighbourhood, edges: Sequence[bool], crops: Sequence[bool], settings: AskSettings
) -> Answers:
    """Returns the answers about all parts; ``edges`` and ``crops`` say of each whether it is an edge, and needs a closer look."""
    parts = range(len(interview.parts))
    if settings.scheme == "paper" or not settings.together:
        found = [asked(interview, part, around, edge=edges[part], crop=crops[part], settings=settings) for part in parts]
        return joined(interview.parts, found)
    start = first_views(interview, min(settings.first, settings.most))
    begun = interview.ask([(part, view, interview.whole, 0) for view in start for part in parts])
    return joined(interview.parts, [
        active_answers(interview, part, around, edge=edges[part], settings=settings, begun=begun.of(interview.parts[part]))
        for part in parts
    ])


def calls_in(answers: Answers, settings: AskSettings) -> int:
    """Returns how many calls ``answers`` took: one for each row, but the first views' are shared by all parts asked together."""
    if settings.scheme == "paper" or not settings.together:
        return len(answers.view)
    return len(answers.view) - max(len(set(answers.part.tolist())) - 1, 0) * settings.first


def asked(interview: Interview, part: int, around: Neighbourhood, *, edge: bool, crop: bool, settings: AskSettings) -> Answers:
    """Returns the answers about part number ``part``, by the scheme that ``settings`` name."""
    if settings.scheme == "paper":
        return paper_answers(interview, part, crop=crop)
    return active_answers(interview, part, around, edge=edge, settings=settings)


def paper_answers(interview: Interview, part: int, *, crop: bool) -> Answers:
    """Returns 4 answers for each of the views, and for parts that need a closer look 4 more from a crop around the largest
    cluster of them (arXiv 2509.03893; the first ones no longer count where there are any of the second).
    """
    views = range(len(interview.views.seen))
    first = interview.ask([(part, view, interview.whole, sample) for view in views for sample in range(PAPER_SAMPLES)])
    if not crop:
        return first
    windows: dict[int, Window] = {}
    for view in views:
        boxes = first.box[(first.view == view) & first.answered]
        if len(boxes):
            windows[view] = window_around(_largest_cluster(boxes), PAPER_CROP, interview.whole[2])
    return joined(
        interview.parts,
        [
            first,
            interview.ask(
                [
                    (part, view, window, PAPER_SAMPLES + sample)
                    for view, window in windows.items()
                    for sample in range(PAPER_SAMPLES)
                ]
            ),
        ],
    )


def latest(answers: Answers) -> Answers:
    """Returns of each view the answers from its last window only: a crop's in place of the whole picture's."""
    last = {int(view): tuple(window) for view, window in zip(answers.view, answers.window.tolist(), strict=True)}
    kept = [last[int(view)] == tuple(window) for view, window in zip(answers.view, answers.window.tolist(), strict=True)]
    return answers.where(np.array(kept, dtype=bool))


def active_answers(
    interview: Interview, part: int, around: Neighbourhood, *, edge: bool, settings: AskSettings, begun: Answers | None = None
) -> Answers:
    """Returns one answer for each of a few views: some that together see most of the surface, then one by one that which sees
    most of what is in doubt and of the part as found so far, until there is little doubt or ``most`` were asked. ``begun`` are
    the answers about the first views where they are there already.
    """
    if settings.first > settings.most:
        raise BadSettings(f"first is {settings.first}, most {settings.most}; no more can be asked first than at most")
    start = first_views(interview, settings.first) if begun is None else []
    answers = interview.ask([(part, view, interview.whole, 0) for view in start]) if begun is None else begun
    while len(answers.view) < settings.most:
        vote = voted(answers, interview.views, around, edge=edge, settings=settings.vote)
        left = [view for view in range(len(interview.views.seen)) if view not in set(answers.view.tolist())]
        if not left or doubt(vote) < settings.enough:
            break
        view = max(left, key=lambda view: (_worth(interview, vote, view), -view))
        window = _closer(interview, vote, view, settings)
        answers = joined(interview.parts, [answers, interview.ask([(part, view, window, 0)])])
    return answers


def first_views(interview: Interview, count: int) -> list[int]:
    """Returns ``count`` views, each the one that sees most of what those before it see least."""
    seen, chosen = interview.views.seen, []
    value = np.ones(seen.shape[1])
    for _ in range(count):
        gain = seen @ value
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        value = np.where(seen[chosen[-1]], value * _SEEN_BEFORE, value)
    return chosen


def doubt(vote: PartVote) -> float:
    """Returns how many points are uncertain (each by 4 p (1 - p)) over how many are expected to be of the part."""
    p = vote.probability[vote.known > 0]
    return float((4.0 * p * (1.0 - p)).sum() / max(p.sum(), 1.0))


def _worth(interview: Interview, vote: PartVote, view: int) -> float:
    seen, p = interview.views.seen[view], vote.probability
    unsure = 4.0 * p * (1.0 - p)
    return float((1.0 - _SIGHT) * unsure[seen].sum() / max(unsure.sum(), 1e-9) + _SIGHT * p[seen].sum() / max(p.sum(), 1e-9))


def _closer(interview: Interview, vote: PartVote, view: int, settings: AskSettings) -> Window:
    """Returns the window to ask about: a crop around a small part that is fairly sure, the whole picture otherwise."""
    size = interview.whole[2]
    likely = interview.views.seen[view] & likely_points(vote.probability, vote.known)
    if likely.sum() < 8:
        return interview.whole
    shown: Float64[np.ndarray, "k 2"] = interview.views.uv[view][likely].astype(np.float64)
    box = np.concatenate([shown.min(axis=0), shown.max(axis=0)])
    if float((box[2:] - box[:2]).max()) > settings.crop_below * size:
        return interview.whole
    return window_around(box, settings.crop_margin, size)


def _largest_cluster(boxes: np.ndarray) -> np.ndarray:
    """Returns the mean of the larger of two clusters of ``boxes`` (k-means, begun at the two that lie farthest apart)."""
    apart = np.square(boxes[:, None] - boxes).sum(axis=2)
    ends = np.unravel_index(int(apart.argmax()), apart.shape)
    centres = boxes[list(ends)].astype(np.float64)
    for _ in range(10):
        nearest = np.square(boxes[:, None] - centres).sum(axis=2).argmin(axis=1)
        centres = np.stack([boxes[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k] for k in (0, 1)])
    return np.asarray(centres[int(np.bincount(nearest, minlength=2).argmax())])
