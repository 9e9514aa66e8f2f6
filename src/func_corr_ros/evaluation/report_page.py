# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`func_corr_ros.evaluation.report`: a Jinja template, rendered with escaping on."""
from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1b1d21; --paper: #fbfbf9; --soft: #eceae4; --line: #cfccc4; --link: #0b5cad;
  --good: #1a7f37; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e6e2; --paper: #15171a; --soft: #202327; --line: #3a3f45;
  --link: #7ab7ff; --good: #4fcf78; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2.5rem) 4rem; max-width: 88rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.2rem; }
a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; } .skip:focus { position: static; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; margin: 1rem 0; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .5rem .7rem; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-top: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; } thead th { background: var(--soft); white-space: nowrap; }
tbody th { font-weight: 600; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.reason { border-left: .3rem solid var(--bad); background: var(--soft); padding: .6rem .9rem; margin: 1rem 0; }
.pictures { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr));
  align-items: start; }
figure { margin: 0; } img { width: 100%; height: auto; display: block; border-radius: .4rem; } figcaption { padding: .35rem 0; }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; border-radius: .4rem; }
code { font-family: ui-monospace, monospace; }
@media print { .skip, nav { display: none; } figure, tr { break-inside: avoid; } }
"""

# For the charts of :mod:`score_charts`.
CHART_STYLE = """
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 12px; }
.grid { stroke: var(--line); } .whisker { stroke: var(--ink); stroke-width: 1.5; } .bar0 { fill: var(--link); }
.bar1 { fill: var(--good); opacity: .75; } .curve { fill: none; stroke: var(--link); stroke-width: 2.2; }
.ideal { fill: none; stroke: var(--ink); opacity: .6; } .dot { fill: var(--link); fill-opacity: .6; }
"""

# Where a page that has one JSON text for what made it shows that text.
MADE_WITH = """<section aria-labelledby="made-with">
<h2 id="made-with">Made with</h2>
<pre tabindex="0"><code>{{ made_with }}</code></pre>
</section>
"""


def page(title: str, body: str, style: str = "", head: str = "") -> str:
    """Returns the template of a self-contained page; all four are texts of a template themselves."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<link rel="icon" href="data:,">
<title>{title}</title>
<style>{STYLE}{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def stage_table(caption: str, timings: str) -> str:
    """Returns the template of a table of p50 and p95 [ms] by stage; ``timings`` is the template's name of that mapping."""
    return """<div class="scroll" role="region" aria-label="Time per stage" tabindex="0">
<table>
<caption>""" + caption + """</caption>
<thead><tr><th scope="col">Stage</th><th scope="col">Median (p50)</th><th scope="col">95 of 100 are below (p95)</th></tr></thead>
<tbody>
{% for stage, times in """ + timings + """.items() %}
<tr><th scope="row">{{ stage }}</th><td>{{ "%.1f" | format(times.p50) }}</td><td>{{ "%.1f" | format(times.p95) }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
"""


PAGE = page("{{ report.title }}", """<a class="skip" href="#cases">Skip to the cases</a>
<header>
<h1>{{ report.title }}</h1>
<p>One demonstration on one object, carried over to objects that serve the same function. In the pictures, lines and colours join
places that were found to serve the same purpose; the gripper and the arrows are where the demonstrated tool poses belong on the
new object. A <span class="bad">refused</span> case gives no pose to a robot and says why.</p>
{% for note in report.notes %}
<p class="reason">{{ note }}</p>
{% endfor %}
</header>
<main>
<div class="scroll" role="region" aria-label="All cases" tabindex="0">
<table>
<caption>All cases</caption>
<thead><tr><th scope="col">Case</th><th scope="col">Function</th><th scope="col">From</th><th scope="col">To</th>
<th scope="col">Outcome</th><th scope="col">Matches</th><th scope="col">Agreeing</th><th scope="col">Residual</th>
<th scope="col">Position error</th><th scope="col">Rotation error</th></tr></thead>
<tbody>
{% for case in report.cases %}
<tr><th scope="row"><a href="#{{ case.name }}">{{ case.name }}</a></th><td>{{ case.function }}</td>
<td>{{ case.demonstration }}</td>
<td>{{ case.target }}</td><td class="{{ 'bad' if case.refused else 'good' }}">{{ case.verdict }}</td><td>{{ case.matches }}</td>
<td>{{ case.agreeing }}</td><td>{{ case.residual_m | mm }}</td><td>{{ case.translation_error_m | mm }}</td>
<td>{{ case.rotation_error_deg | degrees }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
<div id="cases">
{% for case in report.cases %}
<section id="{{ case.name }}" aria-labelledby="{{ case.name }}-title">
<h2 id="{{ case.name }}-title">{{ case.demonstration }} to {{ case.target }}:
<span class="{{ 'bad' if case.refused else 'good' }}">{{ case.verdict }}</span></h2>
{% if case.refused %}
<p class="reason"><strong>Why it was refused:</strong> {{ case.reason }}</p>
{% endif %}
{% if case.notes %}
<p>{{ case.notes }}</p>
{% endif %}
<div class="pictures">
{% for picture in case.pictures %}
<figure><img src="{{ picture.path | picture }}" alt="{{ picture.words }}"><figcaption>{{ picture.words }}</figcaption></figure>
{% endfor %}
</div>
<div class="scroll" role="region" aria-label="Figures of {{ case.name }}" tabindex="0">
<table>
<caption>Figures of {{ case.name }}</caption>
<tbody>
<tr><th scope="row">Frames</th><td>{{ 'a real camera' if case.real else 'rendered, with exact truth' }}</td></tr>
<tr><th scope="row">Object found by</th><td>{{ case.segmenter }}</td></tr>
<tr><th scope="row">Matched with</th><td>{{ case.method }}</td></tr>
<tr><th scope="row">Matches with depth</th><td>{{ case.matches }}, of which {{ case.agreeing }} agree with one motion</td></tr>
<tr><th scope="row">Residual of those (rms)</th><td>{{ case.residual_m | mm }}</td></tr>
<tr><th scope="row">Position error</th><td>{{ case.translation_error_m | mm }}</td></tr>
<tr><th scope="row">Rotation error</th><td>{{ case.rotation_error_deg | degrees }}</td></tr>
{% for pose in case.poses %}
<tr><th scope="row">Pose of {{ pose.tool_link }} in phase {{ pose.phase }}</th>
<td>({{ pose.position | meters }}) m, quaternion xyzw ({{ pose.quaternion_xyzw | meters }})</td></tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
{% endfor %}
</div>
<section aria-labelledby="times">
<h2 id="times">Time per stage</h2>
""" + stage_table("Milliseconds per frame, over all cases", "report.timings_ms") + """</section>
<section aria-labelledby="made-with">
<h2 id="made-with">Made with</h2>
<div class="scroll" role="region" aria-label="Weights and software" tabindex="0">
<table>
<caption>Weights and software</caption>
<tbody>
{% for name, sha256 in report.weights.items() %}
<tr><th scope="row">Weights {{ name }}</th><td><code>{{ sha256 }}</code></td></tr>
{% endfor %}
{% for name, value in report.made_with.items() %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
<details><summary>Settings</summary><pre tabindex="0"><code>{{ settings }}</code></pre></details>
</section>
</main>
""")
