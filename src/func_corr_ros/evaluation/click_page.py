# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`click_server`: click the object, where it is gripped and where it acts; look at the tools; keep it."""
from __future__ import annotations

from func_corr_ros.evaluation.local_page import HEAD

PAGE = HEAD + """
h1 { margin: .3rem 0; } p { margin: .5rem 0; }
#picture { cursor: crosshair; max-height: 62vh; width: auto; max-width: 100%; }
button { font: inherit; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
  padding: .2rem .6rem; cursor: pointer; } button[aria-pressed=true] { border-color: var(--link); font-weight: 600; }
button:disabled { opacity: .5; cursor: default; } button.done::after { content: ' ✓'; color: var(--good); }
[hidden] { display: none !important; }
.buttons { display: flex; flex-wrap: wrap; gap: .35rem; margin: .4rem 0; align-items: center; }
#told { border-left: .3rem solid var(--link); background: var(--soft); padding: .4rem .8rem; min-height: 2.4rem; }
#told.refused { border-color: var(--bad); } #told.kept { border-color: var(--good); }
#missing { margin: .3rem 0; padding-left: 1.2rem; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<div class="buttons" id="steps" role="group" aria-label="What is clicked">
{% for name, words in steps.items() %}
<button data-step="{{ name }}">{{ loop.index }} <span>{{ words }}</span></button>
{% endfor %}
</div>
<p id="told" aria-live="polite"></p>
<img id="picture" alt="The picture to click on, with what is known so far drawn on it">
{% for place, groups in words.items() %}
<div data-place="{{ place }}">
{% for what, choices in groups.items() %}
<div class="buttons" data-what="{{ what }}" role="group" aria-label="{{ asked[what] }}"><b>{{ keys[what] }}</b> {{ asked[what] }}
{% for word, said in choices.items() %}
<button data-word="{{ word }}">{{ said }}</button>
{% endfor %}
</div>
{% endfor %}
</div>
{% endfor %}
<div class="buttons" id="turns" role="group" aria-label="Turn the tool">
{% for field, sign, said in turns %}
<button data-turn="{{ field }}" data-sign="{{ sign }}">{{ said }}</button>
{% endfor %}
<span id="turned"></span></div>
<ul id="missing"></ul>
<div class="buttons"><button id="keep">keep (k)</button> <button id="zoom">large or whole (z)</button>
<button id="remove">take back (Delete)</button></div>
<p><b>1</b>–<b>{{ steps | length }}</b> what is clicked; the key before a line goes through its words; <b>←</b> <b>→</b> turn the
tool, <b>↑</b> <b>↓</b> tilt it, <b>+</b> <b>−</b> move the gripper deeper or back.
{{ meaning }} Nothing is written before it is kept,
in {{ path }}.</p>
<script>
'use strict';
const $ = id => document.getElementById(id), all = what => [...document.querySelectorAll(what)];
const steps = all('#steps button'), places = {{ places | tojson }}, amounts = {{ amounts | tojson }}, keys = {{ keys | tojson }};
const hints = {{ hints | tojson }}, second = {{ seconds | tojson }};
let state = null, step = 'object', shown = null;  // what the picture that has come shows of the frame; before, no click counts
const placeOf = name => second[name] || (name in places ? name : null);
function tell(words, kind) { $('told').textContent = words; $('told').className = kind || ''; }
function hint() {
  const side = step === 'fingers' && state.words.grip.approach === 'side' ? 'from' : step;
  tell(step === 'object' ? hints.object + ` (${state.objects} found)` : hints[side]);
}
function draw() {
  if ($('picture').dataset.revision !== String(state.revision)) {
    const seen = state.window;
    $('picture').onload = () => { shown = seen; document.documentElement.dataset.ready = 'yes'; };
    $('picture').dataset.revision = state.revision; $('picture').src = '/picture/' + state.revision; }
  const place = placeOf(step);
  for (const b of steps) { const name = b.dataset.step; b.setAttribute('aria-pressed', name === step);
    b.classList.toggle('done', name === 'object' || state.clicked.includes(name));
    if (name === 'fingers') b.querySelector('span').textContent = state.words.grip.approach === 'side' ? hints.fromside
      : hints.close; }
  for (const box of all('[data-place]')) { box.hidden = box.dataset.place !== place;
    for (const group of box.querySelectorAll('[data-what]')) {
      group.hidden = group.dataset.what === 'closing' && state.words.grip.approach === 'above';
      for (const b of group.querySelectorAll('button'))
        b.setAttribute('aria-pressed', state.words[box.dataset.place][group.dataset.what] === b.dataset.word); } }
  const turned = place ? state.turned[place] : null;
  $('turns').hidden = !turned;
  for (const b of all('[data-turn]')) b.hidden = !turned || !(b.dataset.turn in turned);
  $('turned').textContent = turned ? `turned by ${turned.turn_deg}°, tilted by ${turned.tilt_deg}°` + ('deeper' in turned ?
    `, ${Math.round(1000 * turned.deeper)} mm deeper` : '') : '';
  $('missing').replaceChildren(...Object.entries(state.missing).map(([name, words]) => Object.assign(document.createElement('li'),
    {textContent: `${name}: ${words}`})));
  $('keep').disabled = Object.keys(state.missing).length > 0;
  $('keep').textContent = state.kept ? 'replace what was kept (k)' : 'keep (k)';
}
let asked = Promise.resolve();  // one after the other: what is said builds on what is known
const ask = (body, then) => asked = asked.then(async () => {
  const answer = await fetch('/state', body === undefined ? {} : {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body)});
  if (!answer.ok) { tell((await answer.text()).replace(/^\\w+: /, ''), 'refused'); return; }
  state = await answer.json(); if (then) then(); draw();
});
const go = name => { step = name; hint(); draw(); };
const next = name => steps[Math.min(steps.findIndex(b => b.dataset.step === name) + 1, steps.length - 1)].dataset.step;
const click = uv => { const name = step;
  ask({click: name, uv}, () => name === step && name !== 'object' ? go(next(name)) : hint()); };
const remove = () => step !== 'object' && ask({click: step, uv: null}, hint);
const choose = (place, what, word) => ask({place, choose: what, word}, hint);
const turn = (field, sign) => { const place = placeOf(step), by = place && amounts[place][field];
  if (by) ask({place, turn: field, by: sign * by}); };
const keep = () => ask({keep: true, again: state.kept !== ''}, () => tell(`Kept in ${state.kept}. Ctrl-C in the terminal ends; ` +
  'or go on and replace it.', 'kept'));
$('picture').onclick = event => { if (!shown) return;
  const box = $('picture').getBoundingClientRect(), [left, top, width] = shown;
  const scale = width / box.width;
  click([left + (event.clientX - box.left + .5) * scale - .5, top + (event.clientY - box.top + .5) * scale - .5]); };
$('steps').onclick = event => { const b = event.target.closest('button'); if (b) go(b.dataset.step); };
for (const group of all('[data-what]')) group.onclick = event => { const b = event.target.closest('button');
  if (b) choose(group.parentElement.dataset.place, group.dataset.what, b.dataset.word); };
$('turns').onclick = event => { const b = event.target.closest('button'); if (b) turn(b.dataset.turn, Number(b.dataset.sign)); };
$('keep').onclick = keep; $('remove').onclick = remove; $('zoom').onclick = () => ask({zoom: true});
function cycle(what) {
  const group = all(`[data-what=${what}]`).find(g => !g.hidden && !g.parentElement.hidden); if (!group) return;
  const words = [...group.querySelectorAll('button')], at = words.findIndex(b => b.getAttribute('aria-pressed') === 'true');
  choose(group.parentElement.dataset.place, what, words[(at + 1) % words.length].dataset.word);
}
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state) return;
  const moves = {ArrowLeft: ['turn_deg', -1], ArrowRight: ['turn_deg', 1], ArrowUp: ['tilt_deg', 1], ArrowDown: ['tilt_deg', -1],
    '+': ['deeper', 1], '-': ['deeper', -1]}, what = Object.keys(keys).find(name => keys[name] === event.key);
  if (moves[event.key]) turn(...moves[event.key]); else if (what) cycle(what);
  else if (event.key === 'k') { if (!$('keep').disabled) keep(); } else if (event.key === 'z') ask({zoom: true});
  else if (event.key === 'Delete') remove(); else if (steps[Number(event.key) - 1]) go(steps[Number(event.key) - 1].dataset.step);
  else if (event.key === 'Enter' && step === 'object' && event.target === document.body) go(next(step)); else return;
  event.preventDefault(); });
ask(undefined, hint);
</script>
</body>
</html>
"""
