# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`annotation_server`: click where a keypoint is, look at what was carried along, go on."""
from __future__ import annotations

from func_corr_ros.evaluation.report_page import STYLE

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>""" + STYLE + """
#stage { position: relative; max-width: 80rem; } #stage img { cursor: crosshair; image-rendering: pixelated; }
#stage svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
button { font: inherit; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .7rem; cursor: pointer; } button[aria-pressed=true] { border-color: var(--link); font-weight: 600; }
.buttons { display: flex; flex-wrap: wrap; gap: .4rem; margin: .5rem 0; } text { font: 600 14px system-ui; paint-order: stroke; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>Choose a keypoint and click where it is. Dashed rings were carried along from the nearest frame that has them, by depth and the
camera's motion: accept them (<b>a</b>) or click the right place. <b>←</b> <b>→</b> another frame, <b>1</b>–<b>9</b> a keypoint,
<b>Delete</b> takes it away. Every click is saved to {{ path }}.</p>
<div class="buttons" id="names" role="group" aria-label="Keypoints">
{% for name in names %}
<button data-name="{{ name }}">{{ loop.index }} {{ name }}</button>
{% endfor %}
</div>
<div id="stage"><img id="picture" alt="The frame to click on"><svg id="marks" aria-hidden="true"></svg></div>
<div class="buttons"><button id="previous">◀ frame</button><button id="next">frame ▶</button>
<button id="accept">accept dashed</button><button id="remove">remove</button></div>
<p id="told" aria-live="polite"></p>
<script>
'use strict';
const $ = id => document.getElementById(id), names = [...document.querySelectorAll('[data-name]')].map(b => b.dataset.name);
let state = [], frame = 0, name = names[0];
const ask = async body => { const answer = await fetch('/state', body === undefined ? {} : {method: 'POST',
    headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
  if (!answer.ok) { $('told').textContent = await answer.text(); return; } state = await answer.json(); draw(); };
function draw() {
  $('picture').src = '/picture/' + frame;
  for (const b of document.querySelectorAll('[data-name]')) b.setAttribute('aria-pressed', b.dataset.name === name);
  const {points, suggested, stamp_ns} = state[frame];
  const count = `${Object.keys(points).length} of ${names.length} keypoints`;
  $('told').textContent = `frame ${frame + 1} of ${state.length}, ${stamp_ns} ns: ${count}`;
  const ring = ([u, v], label, dashed) => `<circle cx="${u + .5}" cy="${v + .5}" r="6" fill="none" stroke-width="2"
    stroke="${dashed ? '#ffd23c' : '#46dc6e'}" ${dashed ? 'stroke-dasharray="4 3"' : ''}/>
    <text x="${u + 9}" y="${v - 5}" fill="#fff" stroke="#000" stroke-width="3">${label}</text>`;
  const escape = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  $('marks').innerHTML = [...Object.entries(points).map(([k, p]) => ring(p, escape(k), false)),
    ...Object.entries(suggested).map(([k, p]) => ring(p, escape(k) + '?', true))].join('');
}
const go = step => { frame = (frame + step + state.length) % state.length; draw(); };
const accept = async () => { for (const [k, uv] of Object.entries(state[frame].suggested)) await ask({frame, name: k, uv}); };
const remove = () => ask({frame, name, uv: null});
$('picture').onload = () => $('marks').setAttribute('viewBox', `0 0 ${$('picture').naturalWidth} ${$('picture').naturalHeight}`);
$('picture').onclick = event => { const box = $('picture').getBoundingClientRect(), scale = $('picture').naturalWidth / box.width;
  const uv = [event.clientX - box.left, event.clientY - box.top].map(v => (v + .5) * scale - .5);
  ask({frame, name, uv}); };
$('names').onclick = event => { if (event.target.dataset.name) { name = event.target.dataset.name; draw(); } };
$('previous').onclick = () => go(-1); $('next').onclick = () => go(1); $('accept').onclick = accept; $('remove').onclick = remove;
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'ArrowLeft') go(-1); else if (event.key === 'ArrowRight') go(1); else if (event.key === 'a') accept();
  else if (event.key === 'Delete') remove();
  else if (names[Number(event.key) - 1]) { name = names[Number(event.key) - 1]; draw(); }
  else return; event.preventDefault(); });
ask();
</script>
</body>
</html>
"""
