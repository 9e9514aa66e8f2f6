# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`annotation_server`: click where a keypoint is, look at what was carried along, go on."""
from __future__ import annotations

from func_corr_ros.evaluation.local_page import HEAD

PAGE = HEAD + """
#stage { position: relative; max-width: 80rem; } #stage img { cursor: crosshair; image-rendering: pixelated; }
#stage svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
button { font: inherit; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .7rem; cursor: pointer; } button[aria-pressed=true] { border-color: var(--link); font-weight: 600; }
.buttons { display: flex; flex-wrap: wrap; gap: .4rem; margin: .5rem 0; } text { font: 600 14px system-ui; paint-order: stroke; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>Choose a keypoint and click where it is, or an outline and click its corners, one after the other: around the whole object, or
around the part that does the job. What is dashed was carried along from the nearest frame that has it, by depth and the camera's
motion: accept it (<b>a</b>) or click the right place. <b>←</b> <b>→</b> another frame, <b>1</b>–<b>9</b> what is clicked,
<b>Delete</b> takes the keypoint or the last corner away. Every click is saved to {{ path }}.</p>
<div class="buttons" id="names" role="group" aria-label="What is clicked">
{% for name in names %}
<button data-name="{{ name }}">{{ loop.index }} {{ name }}</button>
{% endfor %}
{% for region, words in regions.items() %}
<button data-region="{{ region }}">{{ names | length + loop.index }} {{ words }}</button>
{% endfor %}
</div>
<div id="stage"><img id="picture" alt="The frame to click on"><svg id="marks" aria-hidden="true"></svg></div>
<div class="buttons"><button id="previous">◀ frame</button><button id="next">frame ▶</button>
<button id="accept">accept dashed</button><button id="remove">remove</button></div>
<p id="told" aria-live="polite"></p>
<script>
'use strict';
const $ = id => document.getElementById(id), buttons = [...$('names').children], names = buttons.filter(b => b.dataset.name);
let state = [], frame = 0, chosen = buttons[0], shown = null;  // the frame whose picture has come; on another no click counts
const ask = async body => { const answer = await fetch('/state', body === undefined ? {} : {method: 'POST',
    headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
  if (!answer.ok) { $('told').textContent = await answer.text(); return; } state = await answer.json(); draw(); };
function draw() {
  if ($('picture').dataset.frame !== String(frame)) {
    const coming = frame;
    $('picture').onload = () => { shown = coming;
      $('marks').setAttribute('viewBox', `0 0 ${$('picture').naturalWidth} ${$('picture').naturalHeight}`); };
    $('picture').dataset.frame = frame; $('picture').src = '/picture/' + frame; }
  for (const b of buttons) b.setAttribute('aria-pressed', b === chosen);
  const {points, suggested, regions, suggested_regions, stamp_ns} = state[frame];
  const count = `${Object.keys(points).length} of ${names.length} keypoints, outlines: ${Object.keys(regions).length}`;
  $('told').textContent = `frame ${frame + 1} of ${state.length}, ${stamp_ns} ns: ${count}`;
  const ring = ([u, v], label, dashed) => `<circle cx="${u + .5}" cy="${v + .5}" r="6" fill="none" stroke-width="2"
    stroke="${dashed ? '#ffd23c' : '#46dc6e'}" ${dashed ? 'stroke-dasharray="4 3"' : ''}/>
    <text x="${u + 9}" y="${v - 5}" fill="#fff" stroke="#000" stroke-width="3">${label}</text>`;
  const loop = (corners, part, dashed) => `<polygon points="${corners.map(([u, v]) => `${u + .5},${v + .5}`).join(' ')}"
    fill="${part ? '#ffd23c' : '#5ab4ff'}" fill-opacity=".2" stroke="${part ? '#ffd23c' : '#5ab4ff'}" stroke-width="2"
    ${dashed ? 'stroke-dasharray="6 5"' : ''}/>` + (dashed ? '' : corners.map(([u, v]) =>
    `<circle cx="${u + .5}" cy="${v + .5}" r="2.5" fill="#fff"/>`).join(''));
  const escape = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  $('marks').innerHTML = [...Object.entries(regions).map(([k, c]) => loop(c, k === 'part', false)),
    ...Object.entries(suggested_regions).map(([k, c]) => loop(c, k === 'part', true)),
    ...Object.entries(points).map(([k, p]) => ring(p, escape(k), false)),
    ...Object.entries(suggested).map(([k, p]) => ring(p, escape(k) + '?', true))].join('');
}
const go = step => { frame = (frame + step + state.length) % state.length; draw(); };
// One after the other, for a corner is added to those that are known; of the frame and the button of when it was said.
let said = Promise.resolve();
const accept = () => { const at = frame; said = said.then(async () => { const {suggested, suggested_regions} = state[at];
  for (const [k, uv] of Object.entries(suggested)) await ask({frame: at, name: k, uv});
  for (const [k, corners] of Object.entries(suggested_regions)) await ask({frame: at, region: k, corners}); }); };
const say = uv => { const at = frame, {name, region} = chosen.dataset, corners = () => state[at].regions[region] || [];
  said = said.then(() => ask(name ? {frame: at, name, uv}
    : {frame: at, region, corners: uv ? [...corners(), uv] : corners().slice(0, -1)})); };
const remove = () => say(null), choose = button => { chosen = button; draw(); };
$('picture').onclick = event => { if (shown !== frame) return;
  const box = $('picture').getBoundingClientRect(), scale = $('picture').naturalWidth / box.width;
  const uv = [event.clientX - box.left, event.clientY - box.top].map(v => (v + .5) * scale - .5);
  say(uv); };
$('names').onclick = event => { if (buttons.includes(event.target)) choose(event.target); };
$('previous').onclick = () => go(-1); $('next').onclick = () => go(1); $('accept').onclick = accept; $('remove').onclick = remove;
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.length) return;
  if (event.key === 'ArrowLeft') go(-1); else if (event.key === 'ArrowRight') go(1); else if (event.key === 'a') accept();
  else if (event.key === 'Delete') remove();
  else if (buttons[Number(event.key) - 1]) choose(buttons[Number(event.key) - 1]);
  else return; event.preventDefault(); });
ask();
</script>
</body>
</html>
"""
