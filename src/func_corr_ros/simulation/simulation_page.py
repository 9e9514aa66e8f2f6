# SPDX-License-Identifier: Apache-2.0
"""The page of a suite: rates with intervals, errors, why trials failed, and films of some of them."""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from func_corr_ros.evaluation.report import write_whole
from func_corr_ros.evaluation.report_page import MADE_WITH, page
from func_corr_ros.simulation.suite import Suite

FILM_STYLE = """.films { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
"""

PAGE = page("{{ result.suite }}: {{ result.method }}", """<a class="skip" href="#figures">Skip to the figures</a>
<header>
<h1>{{ result.suite }} with {{ result.method }}: {{ result.success_rate | share }} succeed</h1>
<p>{{ result.trials }} trials; the object is {{ suite.words }} in a physics engine, which alone judges. A method is given the
noisy picture and a demonstration on another object. <span class="bad">Wrong</span> is a pose that was given and failed; a refusal
gives none. In brackets: Wilson's 95&nbsp;% interval.</p>
</header>
<main>
<section id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Figures</h2>
<div class="scroll" role="region" aria-label="Rates" tabindex="0">
<table>
<caption>Rates of all trials</caption>
<thead><tr><th scope="col">Trials</th><th scope="col">N</th><th scope="col">Success</th><th scope="col">Wrong and confident</th>
<th scope="col">Refused</th></tr></thead>
<tbody>
{% for name, part in rows %}
<tr><th scope="row">{{ name }}</th><td>{{ part.trials }}</td>
<td>{{ part.success_rate | share }} ({{ part.ci95[0] | share }} to {{ part.ci95[1] | share }})</td>
<td>{{ part.wrong_and_confident_rate | share }}</td><td>{{ part.refused_rate | share }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
<div class="scroll" role="region" aria-label="Errors and times" tabindex="0">
<table>
<caption>Errors of the poses that were given, and times of one core</caption>
<thead><tr><th scope="col">What</th><th scope="col">N</th><th scope="col">Median</th><th scope="col">90 of 100 are below</th></tr>
</thead>
<tbody>
{% for name, part in spreads %}
<tr><th scope="row">{{ name }}</th><td>{{ part.n }}</td><td>{{ part.median | figure }}</td><td>{{ part.p90 | figure }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
<section aria-labelledby="causes">
<h2 id="causes">Why trials failed</h2>
<div class="scroll" role="region" aria-label="Causes" tabindex="0">
<table>
<caption>Failures by the first cause that was measured (docs/simulation.md defines them)</caption>
<thead><tr><th scope="col">Cause</th><th scope="col">Wrong</th><th scope="col">Refused</th></tr></thead>
<tbody>
{% for cause, counts in result.failures_by_cause.items() %}
<tr><th scope="row">{{ cause }}</th><td>{{ counts.wrong }}</td><td>{{ counts.refused }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
<section aria-labelledby="trials">
<h2 id="trials">Some of the trials</h2>
<div class="films">
{% for record in shown %}
<figure>
{% if record.film %}<img src="{{ record.film | embedded('image/gif') }}" alt="{{ record | words }}">{% endif %}
{% if record.picture %}<img src="{{ record.picture | embedded('image/png') }}" alt="{{ record | words }}">{% endif %}
<figcaption><span class="{{ 'good' if record.outcome == 'success' else 'bad' }}">{{ record.outcome }}</span>
{{ record | words }}</figcaption>
</figure>
{% endfor %}
</div>
</section>
""" + MADE_WITH + """</main>
""", FILM_STYLE)


def write_simulation_page(
    path: Path, suite: Suite, result: Mapping[str, Any], records: Sequence[Mapping[str, Any]], folder: Path
) -> Path:
    """Writes the page of ``result`` (success.json); films and pictures named in ``records`` lie in ``folder`` and go into it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

    def embedded(name: str, kind: str) -> str:
        return f"data:{kind};base64," + base64.b64encode((folder / name).read_bytes()).decode("ascii")

    environment.filters.update(share=_share, figure=_figure, words=_words, embedded=embedded)
    rows = [("all", result), *((f"{name} categories" if name == "across" else f"{name} a category", part)
                               for name, part in result["by_relation"].items()), *result["by_category"].items()]
    spreads = [("position error [mm]", result["translation_error_mm"]), ("rotation error [deg]", result["rotation_error_deg"]),
               ("physics [s of CPU]", result["physics_seconds"])]
    shown = [{"film": "", "picture": "", **record} for record in records if "film" in record or "picture" in record]
    made_with = json.dumps(result["made_with"], indent=2, sort_keys=True, default=str)
    text = environment.from_string(PAGE).render(
        suite=suite, result=result, rows=rows, spreads=spreads, shown=shown, made_with=made_with
    )
    return write_whole(path, text)


def _share(value: float | None) -> str:
    return "-" if value is None or value != value else f"{100.0 * value:.0f} %"


def _figure(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.1f}"


def _words(record: Mapping[str, Any]) -> str:
    words = f"trial {record['number']}: shown on a {record['shown']}, done with a {record['acted']}"
    if record["translation_error_mm"] is not None:
        words += f"; {record['translation_error_mm']:.0f} mm and {record['rotation_error_deg']:.0f} deg from the truth"
    measures = ", ".join(f"{name} {value:.2f}" for name, value in record["measures"].items())
    return words + (f"; {measures}" if measures else "") + (f"; cause: {record['cause']}" if record["cause"] else "") + (
        f"; {record['reason']}" if record["reason"] else "")
