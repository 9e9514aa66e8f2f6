# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`func_corr_ros.evaluation.pseudo_report`: a Jinja template, rendered with escaping on."""

from __future__ import annotations

from func_corr_ros.evaluation.report_page import STYLE

PAGE = (
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Pseudo-labels</title>
<style>"""
    + STYLE
    + """</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header>
<h1>Pseudo-labels of {{ run.labelled | length }} assets</h1>
<p>{{ run.calls }} questions were put to the annotator about {{ run.sources | length }} assets; {{ run.skipped | length }}
assets or files
were left out, and {{ run.rejected | length }} parts by cleaning. In the pictures, green is what was found rightly, red what
was missed,
orange what was taken for the part and is not; where the truth is not known, green is what was found. Blue are the boxes
drawn in that view.</p>
</header>
<main id="main">
{% macro table(title, rows) %}
<div class="scroll" role="region" aria-label="{{ title }}" tabindex="0">
<table>
<caption>{{ title }}</caption>
<thead><tr><th scope="col"></th><th scope="col">Parts</th><th scope="col">IoU of points</th>
<th scope="col">95 % interval</th><th scope="col">AP of points</th><th scope="col">IoU of pixels</th>
<th scope="col">AP of pixels</th><th scope="col">Questions a part</th></tr></thead>
<tbody>
{% for name, one in rows.items() %}
<tr><th scope="row">{{ name }}</th><td>{{ one.count }}</td>
<td>{{ one.iou | figure }}</td>
<td>{{ one.iou_interval[0] | figure }} to {{ one.iou_interval[1] | figure }}</td><td>{{ one.ap | figure }}</td>
<td>{{ one.pixel_iou | figure }}</td><td>{{ one.pixel_ap | figure }}</td>
<td>{{ "%.1f" | format(one.calls) }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% endmacro %}
<section aria-labelledby="quality"><h2 id="quality">Against the truth, where it is known</h2>
{{ table("What cleaning gains", means) }}
{{ table("Kept parts, by function", functions) }}
</section>
{% for title, parts in shown.items() if parts %}
<section aria-labelledby="shown-{{ loop.index }}"><h2 id="shown-{{ loop.index }}">{{ title }}</h2>
<div class="pictures">
{% for one in parts %}
<figure><img src="{{ one.picture }}" alt="{{ one.part }} of {{ one.asset }} in two views">
<figcaption>{{ one.part }} of {{ one.asset }}
{%- if one.score is not none %}: IoU {{ one.score.iou | figure }}, AP {{ one.score.ap | figure }}{% endif %}
{%- if one.reason %}. <span class="bad">Left out:</span> {{ one.reason }}{% endif %}</figcaption></figure>
{% endfor %}
</div>
</section>
{% endfor %}
{% if parts %}
<section aria-labelledby="names"><h2 id="names">By the name of the part</h2>
{{ table("All parts, kept or left out", parts) }}
</section>
{% endif %}
{% for title, caption, rows in (("Left out", "Assets and files without labels", run.skipped),
("Noted", "Assets that were labelled all the same", run.noted)) if rows %}
<section aria-labelledby="listed-{{ loop.index }}"><h2 id="listed-{{ loop.index }}">{{ title }}</h2>
<div class="scroll" role="region" aria-label="{{ title }}" tabindex="0">
<table>
<caption>{{ caption }}</caption>
<thead><tr><th scope="col">Asset or file</th><th scope="col">Stage</th><th scope="col">Why</th></tr></thead>
<tbody>
{% for one in rows %}
<tr><th scope="row">{{ one.asset }} {{ run.file_of_asset(one.asset) }}</th><td>{{ one.stage }}</td><td>{{ one.reason }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
{% endfor %}
</main>
</body>
</html>
"""
)
