# SPDX-License-Identifier: Apache-2.0
"""The page of :mod:`review_server`: a grid of assets, and keys that say yes, no, or what else it is."""
from __future__ import annotations

from func_corr_ros.evaluation.local_page import HEAD

PAGE = HEAD + """
#grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .6rem; }
.card { border: 2px solid var(--line); border-radius: .4rem; padding: .4rem; text-align: left; font: inherit; color: var(--ink);
  background: none; cursor: pointer; overflow-wrap: anywhere; display: flex; flex-direction: column; gap: .2rem; }
.card:focus { outline: 3px solid var(--link); outline-offset: 1px; }
.card img { width: 100%; aspect-ratio: 2; object-fit: contain; background: #fff; border-radius: .2rem; display: block; }
.card[data-said=yes] { border-color: #2a9d55; } .card[data-said=no] { border-color: #c0392b; }
.card[data-said=no] img { opacity: .4; }
.card small { display: block; } .said { font-weight: 600; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>Is each asset what it is said to be? <b>a</b> yes, <b>r</b> no, <b>u</b> not decided; <b>1</b>–<b>{{ choices }}</b> it is that
one instead; <b>arrows</b> move, a yes or a no moves on. Every word is saved to {{ path }}.</p>
<p id="told" aria-live="polite"></p>
<div id="grid" role="listbox" aria-label="Assets"></div>
<script>
'use strict';
const $ = id => document.getElementById(id), cards = () => [...document.querySelectorAll('.card')];
let state = [], at = 0;
const make = (kind, text, more) => Object.assign(document.createElement(kind), {textContent: text}, more || {});
const said = one => one.accepted === null ? '' : one.accepted ? 'yes' : 'no';
function fill(card, one, number) {
  card.dataset.said = said(one);
  card.replaceChildren();
  if (one.pictured) card.append(make('img', '', {src: '/picture/' + number, alt: one.asset, loading: 'lazy'}));
  const mark = {yes: '✓ ', no: '✗ ', '': ''}[said(one)];
  const seen = one.seen === null ? '' : `, a model ${one.seen ? 'sees' : 'does not see'} it`;
  card.append(make('span', mark + one.object, {className: 'said'}), make('small', one.caption + ' (' + one.asset + ')'),
    make('small', one.objects.map((name, k) => `${k + 1} ${name} ${one.scores[k].toFixed(2)}`).join(', ') + seen));
  card.setAttribute('aria-label', `${one.object}: ${said(one) || 'not decided'}`);
}
function draw() {
  while (cards().length < state.length) {
    const number = cards().length;
    $('grid').append(make('button', '', {className: 'card', onfocus: () => { at = number; }}));
  }
  cards().forEach((card, number) => fill(card, state[number], number));
  const open = state.filter(one => one.accepted === null).length, yes = state.filter(one => one.accepted).length;
  $('told').textContent = `${state.length} assets: ${yes} accepted, ${state.length - open - yes} rejected, ${open} open`;
}
async function ask(body) {
  const answer = await fetch('/state', body === undefined ? {} : {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body)});
  if (!answer.ok) { $('told').textContent = await answer.text(); return false; }
  state = await answer.json(); draw(); return true;
}
const go = step => { at = Math.max(0, Math.min(state.length - 1, at + step)); cards()[at].focus(); };
const columns = () => getComputedStyle($('grid')).gridTemplateColumns.split(' ').length;
document.addEventListener('keydown', async event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.length) return;
  const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -state.length, End: state.length};
  const words = {a: true, r: false, u: null}, chosen = state[at].objects[Number(event.key) - 1], number = at;
  if (event.key in moves) { event.preventDefault(); go(moves[event.key]); return; }
  if (event.key in words) { event.preventDefault();
    if (await ask({number, accepted: words[event.key]}) && words[event.key] !== null) go(1); return; }
  if (chosen) { event.preventDefault(); if (await ask({number, accepted: true, object: chosen})) go(1); }
});
ask().then(() => { document.documentElement.dataset.ready = 'yes'; if (state.length) cards()[0].focus(); });
</script>
</body>
</html>
"""
