# SPDX-License-Identifier: Apache-2.0
"""A method's scores as one self-contained page: figures, charts, and the pairs it does worst on, drawn."""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from jinja2 import Environment, StrictUndefined

from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.drawing import ACCEPTED, REFUSED, Picture, position_colors, side_by_side, spread_out
from func_corr_ros.evaluation.label_transfer import THRESHOLDS
from func_corr_ros.evaluation.predictions import path_of, read_answers
from func_corr_ros.evaluation.report import JPEG_QUALITY, write_whole
from func_corr_ros.evaluation.report_page import CHART_STYLE, MADE_WITH, page
from func_corr_ros.evaluation.score_charts import bars, precision_recall, reliability, risk_coverage
from func_corr_ros.evaluation.score_tables import (
    CONFIDENCE_HEADINGS,
    CONFIDENCE_WORDS,
    HEADINGS,
    confidence_groups,
    confidence_shown,
    groups,
    shown,
)
from func_corr_ros.evaluation.scores import DirectionScore

WORST = 8
POINTS_DRAWN = 12
SIDE_PX = 420

SCORE_STYLE = """.charts { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 28rem)); }
.key { display: inline-block; width: 1em; height: .7em; margin-left: .8em; }
"""

PAGE = page("{{ result.method }} on {{ result.benchmark }}", """<a class="skip" href="#figures">Skip to the figures</a>
<header>
<h1>{{ result.method }} on {{ result.benchmark }} {{ result.benchmark_version }}</h1>
<p>{{ result.n_pairs }} of {{ result.n_pairs_of_benchmark }} pairs of objects, matched in both directions; mode
{{ result.mode }}. Thresholds are pixels of the 224-px frame around each object. In brackets: bootstrap 95&nbsp;% interval.
{{ result.overall.n_missing_points }} of {{ result.overall.n_points }} queried points had no answer;
in {{ result.overall.n_fallbacks }} directions the predicted part was empty and the whole object took its place.</p>
</header>
<main>
<section id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Figures</h2>
<div class="scroll" role="region" aria-label="Figures" tabindex="0">
<table>
<caption>Macro means over pairs and directions</caption>
<thead><tr><th scope="col">Pairs of</th><th scope="col">N</th>
{% for heading in headings %}<th scope="col">{{ heading }}</th>{% endfor %}</tr></thead>
<tbody>
{% for name, part in groups %}
<tr><th scope="row">{{ name }}</th><td>{{ part.n_pairs }}</td>
{% for cell in part | shown %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
<section aria-labelledby="functions">
<h2 id="functions">By function</h2>
<p><span class="key" style="background: var(--link)"></span> PCK@23 (points asked for)
<span class="key" style="background: var(--good)"></span> AP@23 (matches found unasked)</p>
{{ function_bars | safe }}
</section>
<section aria-labelledby="curves">
<h2 id="curves">Precision over recall</h2>
{{ curves | safe }}
</section>
{% if confident %}
<section aria-labelledby="confidence">
<h2 id="confidence">Confidence</h2>
{% if result.calibration %}
<p>Points asked for whose confidence the method gives: {{ result.calibration.overall.n_points }}, of
{{ result.calibration.overall.n_pairs }} pairs; right is within {{ result.calibration.right_within_px }} px of the 224-px frame.
Left, confidence against what came right, in bins of about equal mass (a dot's area is its share, the line through it a
95&nbsp;% interval): on the dashed diagonal a confidence is a probability. Right, how many are wrong when only the most confident
are taken: a confidence that knows falls steeply below the dashed line, one that does not stays on it.</p>
<div class="charts">
{{ reliability(result.calibration.overall) | safe }}
{{ risk_coverage(result.calibration.overall) | safe }}
</div>
{% endif %}
<div class="scroll" role="region" aria-label="Confidence" tabindex="0">
<table>
<caption>{{ confidence_words }}
{%- if result.negatives %} ({{ result.negatives.overall.n_pairs }} pairs, {{ result.negatives.overall.n_negatives }} negatives)
{%- endif %}</caption>
<thead><tr><th scope="col">Pairs of</th>
{% for heading in confidence_headings %}<th scope="col">{{ heading }}</th>{% endfor %}</tr></thead>
<tbody>
{% for name, part in confident %}
<tr><th scope="row">{{ name }}</th>
{% for cell in part | confidence_shown %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
{% endif %}
<section aria-labelledby="worst">
<h2 id="worst">The worst pairs</h2>
<p>Left, some of the points asked for; right, in the same colours, where the method puts each, and a ring where it belongs. The
line between them is green within {{ threshold }} px of the 224-px frame, and red beyond.</p>
<div class="pictures">
{% for case in cases %}
<figure><img src="{{ case.uri }}" alt="{{ case.words }}"><figcaption>{{ case.words }}</figcaption></figure>
{% endfor %}
</div>
</section>
""" + MADE_WITH + """</main>
""", CHART_STYLE + SCORE_STYLE)


@dataclass(frozen=True)
class DrawnCase:
    """A picture as a data URI, and its words."""

    uri: str
    words: str


def write_score_page(
    path: Path, benchmark: Benchmark, result: Mapping[str, Any], scores: Sequence[DirectionScore], folder: Path
) -> Path:
    """Writes the page of ``result`` (scores.json) and the worst of ``scores``; their answers lie in ``folder``."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(shown=shown, confidence_shown=confidence_shown)
    named = ("method_identity", "benchmark_sha256", "negatives_sha256", "scored_by_revision", "units")
    made_with = {key: result[key] for key in named}
    text = environment.from_string(PAGE).render(
        result=result, headings=HEADINGS, groups=list(groups(result)), threshold=THRESHOLDS[0],
        function_bars=bars(result["by_function"], ("pck", "ap"), str(THRESHOLDS[0])), curves=precision_recall(result["curves"]),
        confident=list(confidence_groups(result)), confidence_headings=CONFIDENCE_HEADINGS, confidence_words=CONFIDENCE_WORDS,
        reliability=reliability, risk_coverage=risk_coverage,
        cases=[drawn_case(benchmark, score, folder) for score in worst(scores)],
        made_with=json.dumps(made_with, indent=2, sort_keys=True, default=str),
    )
    return write_whole(path, text)


def worst(scores: Sequence[DirectionScore], count: int = WORST) -> list[DirectionScore]:
    """Returns the directions with the largest normalised distance, worst first, at most one per pair."""
    of_pair: dict[str, DirectionScore] = {}
    for score in sorted(scores, key=lambda score: -score.transfer.normalised_distance):
        of_pair.setdefault(score.pair.id, score)
    return list(of_pair.values())[:count]


def drawn_case(benchmark: Benchmark, score: DirectionScore, folder: Path) -> DrawnCase:
    """Returns the points of one direction as asked for, as answered, and as they truly are."""
    pair, truth, forth = score.pair, score.pair.truth(), score.way == "ab"
    source, target = (benchmark.views[one] for one in ((pair.a, pair.b) if forth else (pair.b, pair.a)))
    asked, right = (truth.a, truth.b) if forth else (truth.b, truth.a)
    answered = read_answers(path_of(folder, pair))[0 if forth else 1].points
    left, other = Picture.around(source.image, source.mask, SIDE_PX), Picture.around(target.image, target.mask, SIDE_PX)
    own = position_colors(asked, source.mask).tolist()
    for i in spread_out(asked, POINTS_DRAWN):
        verdict = ACCEPTED if score.transfer.distance_px[i] <= THRESHOLDS[0] else REFUSED
        left.dot(asked[i], tuple(own[i]), 5)
        other.ring(right[i], verdict, 8)
        if np.isfinite(answered[i]).all():
            other.lines(np.stack([answered[i], right[i]])[None], verdict, 1)
            other.dot(answered[i], tuple(own[i]), 5)
    names = [str(view.description["object"]) for view in (source, target)]
    words = (f"{pair.function}: {names[0]} to {names[1]} (pair {pair.id}, {score.way}): normalised distance "
             f"{score.transfer.normalised_distance:.2f}, AP@23 {score.discovery.ap[0]:.2f}")
    return DrawnCase(data_uri(side_by_side(left, other)), words)


def data_uri(image: UInt8[np.ndarray, "h w 3"]) -> str:
    """Returns an RGB image as a JPEG that stands in the page itself."""
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
