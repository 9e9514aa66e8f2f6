# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`func_corr_ros.replay.replay_report`: a Jinja template; its script lies in :mod:`replay_script`."""
from __future__ import annotations

from func_corr_ros.evaluation.report_page import CHART_STYLE, page, stage_table
from func_corr_ros.replay.replay_script import SCRIPT

REPLAY_STYLE = CHART_STYLE + """
.viewer { display: grid; gap: 1.2rem; grid-template-columns: minmax(0, 40rem) minmax(17rem, 1fr); align-items: start; }
.viewer figure { background: var(--soft); border-radius: .4rem; } #picture { aspect-ratio: var(--aspect, 4 / 3); }
input[type=range] { width: 100%; margin: .4rem 0; accent-color: var(--link); }
button { font: inherit; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .7rem; cursor: pointer; } button:hover { border-color: var(--link); }
.buttons { display: flex; flex-wrap: wrap; gap: .4rem; } .moments li { margin: .25rem 0; }
.moments button { text-align: left; width: 100%; } #state td, #state th { padding: .15rem .5rem; }
.plots { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.plots canvas { width: 100%; height: 9rem; display: block; border: 1px solid var(--line); border-radius: .4rem;
  cursor: crosshair; } .plots h3 { margin: 0 0 .2rem; font-size: .95rem; font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.8rem, 1fr)); gap: .6rem; margin: 1rem 0; padding: 0;
  list-style: none; } .tiles li { background: var(--soft); border-radius: .4rem; padding: .4rem .7rem; font-size: .9rem; }
.tiles b { display: block; font-size: 1.35rem; }
#strip { width: 100%; height: 1.4rem; display: block; border-radius: .3rem; cursor: crosshair; }
kbd { border: 1px solid var(--line); border-radius: .25rem; padding: 0 .3rem; background: var(--soft); }
@media (max-width: 48rem) { .viewer { grid-template-columns: minmax(0, 1fr); } }
"""

POLICY = """<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
"""

PAGE = page("{{ title }}", """<a class="skip" href="#figures">Skip to the figures</a>
<header>
<h1>{{ title }}</h1>
<ul class="tiles">
{% for tile in tiles %}
<li><b>{% if tile.frame is not none %}<a href="#frame={{ tile.frame }}">{{ tile.value }}</a>{% else %}
{{ tile.value }}{% endif %}</b>
{{ tile.words }}</li>
{% endfor %}
</ul>
{% for note in notes %}
<p class="reason">{{ note }}</p>
{% endfor %}
</header>
<main>
<section aria-label="Frame by frame">
<div class="viewer">
<div>
<figure><img id="picture" alt=""><figcaption id="caption" aria-live="polite"></figcaption></figure>
<label for="scrubber">Frame <output id="number"></output></label>
<input type="range" id="scrubber" min="0" max="{{ frames - 1 }}" value="0" step="1">
<canvas id="strip" role="img" aria-label="Over time: frames that gave poses in green, the share of refused ones in red"></canvas>
<div class="buttons">
<button id="previous" title="left arrow">◀ frame</button><button id="next" title="right arrow">frame ▶</button>
<button id="refused" title="key r">next refused</button><button id="bad" title="key w">next worst</button>
</div>
<p>Keys: <kbd>←</kbd> <kbd>→</kbd> a frame, with <kbd>Shift</kbd> a second, <kbd>Home</kbd> <kbd>End</kbd>, <kbd>r</kbd> next
refused, <kbd>w</kbd> next of the worst. A click into a plot goes there.</p>
</div>
<div>
<h2 style="margin-top:0;border:0;padding:0" id="worst">Worst moments</h2>
<ol class="moments" id="moments">
{% for moment in moments %}
<li><button data-frame="{{ moment.frame }}">{{ moment.words }}</button></li>
{% endfor %}
</ol>
<div class="scroll"><table id="state"><caption>This frame</caption><tbody></tbody></table></div>
</div>
</div>
</section>
<section aria-labelledby="plots-title">
<h2 id="plots-title">Over time</h2>
<div class="plots" id="plots"></div>
</section>
<section id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Figures</h2>
<div class="scroll" role="region" aria-label="Figures" tabindex="0">
<table>
<caption>Over all frames that have a value; in brackets the 95 % interval of the mean (seconds of recording are drawn)</caption>
<thead><tr><th scope="col">Figure</th><th scope="col">Mean</th><th scope="col">Median</th><th scope="col">95 of 100 below</th>
<th scope="col">Frames</th><th scope="col">Worst at</th></tr></thead>
<tbody>
{% for row in figures %}
<tr><th scope="row">{{ row.words }} [{{ row.unit }}]</th><td>{{ row.mean }}</td><td>{{ row.median }}</td><td>{{ row.p95 }}</td>
<td>{{ row.n }}</td><td>{% for frame in row.worst %}<a href="#frame={{ frame }}">{{ frame }}</a> {% endfor %}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% if refusals %}
<div class="scroll" role="region" aria-label="Refusals" tabindex="0">
<table>
<caption>Refusals</caption>
<thead><tr><th scope="col">Code</th><th scope="col">Frames</th><th scope="col">First at</th>
<th scope="col">Its reason</th></tr></thead>
<tbody>
{% for code, item in refusals.items() %}
<tr><th scope="row">{{ code }}</th><td>{{ item.count }}</td>
<td><a href="#frame={{ item.first_frame }}">{{ item.first_frame }}</a></td>
<td>{{ item.first_reason }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% endif %}
{% if calibration %}
<h3>Confidence against what came right</h3>
<p>Annotated frames that gave poses, in bins of about equal mass: how probable the transfer said it is that its poses are right
(<code>score</code>), against the share of keypoints that lie within a tenth of the object. On the dashed diagonal the two
agree.</p>
{{ calibration | safe }}
{% endif %}
""" + stage_table("Milliseconds per frame on the machine that replayed", "timings") + """</section>
<section aria-labelledby="made-with">
<h2 id="made-with">Made with</h2>
<details><summary>Settings, weights, recording</summary><pre tabindex="0"><code>{{ made_with }}</code></pre></details>
</section>
</main>
<script type="application/json" id="data">{{ data | safe }}</script>
{% for frame, base64 in pictures %}
<script type="text/plain" id="p{{ frame }}">{{ base64 }}</script>
{% endfor %}
<script>""" + SCRIPT + """</script>
""", REPLAY_STYLE, POLICY)
