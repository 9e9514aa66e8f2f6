# SPDX-License-Identifier: Apache-2.0
"""The script of a replay report: it reads the columns that stand in the page, and decodes a picture when it is looked at."""
from __future__ import annotations

SCRIPT = r"""
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const floats = text => { const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i); return new Float32Array(bytes.buffer); };
const columns = data.columns.map(column => ({...column, values: floats(column.values)}));
const seconds = floats(data.seconds), codes = floats(data.codes), n = seconds.length;
const shown = v => Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(3)));   // never an exponent
const $ = id => document.getElementById(id);
let frame = -1;

function near(values, wanted) {          // index of the value nearest to wanted in an ascending list
  let low = 0, high = values.length - 1;
  while (low < high) { const middle = (low + high) >> 1; if (values[middle] < wanted) low = middle + 1; else high = middle; }
  return low > 0 && wanted - values[low - 1] <= values[low] - wanted ? low - 1 : low;
}
function show(wanted, remember = true) {
  const next = Math.max(0, Math.min(n - 1, Math.round(wanted)));
  if (next === frame || !n) return;
  frame = next;
  $('scrubber').value = frame;
  $('number').textContent = `${frame} of ${n - 1}, ${seconds[frame].toFixed(2)} s`;
  if (data.pictures.length) {
    const pictured = data.pictures[near(data.pictures, frame)], holder = $('p' + pictured);
    const source = 'data:image/jpeg;base64,' + holder.textContent;
    if ($('picture').src !== source) $('picture').src = source;
    const verdict = codes[pictured] ? 'refused' : 'accepted';
    $('picture').alt = `Frame ${pictured} with the object's outline, keypoints and tool poses; ${verdict}`;
    $('caption').textContent = pictured === frame ? `Frame ${frame}: ${verdict}`
      : `The nearest picture is of frame ${pictured}: ${verdict}`;
  }
  const rows = [['outcome', codes[frame] ? `refused: ${data.code_names[codes[frame]] || codes[frame]}` : 'accepted'],
    ['stamp', data.stamps[frame] + ' ns'],
    ...columns.filter(c => !Number.isNaN(c.values[frame])).map(c => [c.name, `${shown(c.values[frame])} ${c.unit}`])];
  $('state').tBodies[0].replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement('tr'), head = document.createElement('th'), cell = document.createElement('td');
    head.textContent = name; head.scope = 'row'; cell.textContent = value; row.append(head, cell); return row; }));
  for (const button of document.querySelectorAll('[data-frame]'))
    button.toggleAttribute('aria-current', Number(button.dataset.frame) === frame);
  if (remember) history.replaceState(null, '', '#frame=' + frame);
  for (const plot of plots) plot.mark();
}
function canvas_of(element) {            // a canvas as sharp as the screen
  const scale = window.devicePixelRatio || 1, box = element.getBoundingClientRect();
  element.width = Math.max(1, Math.round(box.width * scale)); element.height = Math.max(1, Math.round(box.height * scale));
  const pen = element.getContext('2d'); pen.scale(scale, scale);
  return {pen, width: box.width, height: box.height};
}
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const span = n > 1 ? seconds[n - 1] - seconds[0] || 1 : 1;
const at = (box, event, left) => show(near(seconds, seconds[0] + (event.clientX - box.left - left) / (box.width - left) * span));
function plot_of(column) {
  const holder = document.createElement('div'), title = document.createElement('h3'), canvas = document.createElement('canvas');
  title.textContent = `${column.name} [${column.unit}]: ${column.words}`;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', title.textContent + '; the figures are in the table below');
  holder.append(title, canvas); $('plots').append(holder);
  const left = 46; let base = null;
  const known = column.values.filter(v => !Number.isNaN(v)).sort(), top = (known[known.length - 1] || 1) * 1.05 || 1;
  function draw() {
    const {pen, width, height} = canvas_of(canvas), bottom = height - 18;
    const x = i => left + (seconds[i] - seconds[0]) / span * (width - left - 4), y = v => bottom - v / top * (bottom - 6);
    pen.font = '11px system-ui'; pen.fillStyle = color('--ink'); pen.strokeStyle = color('--line');
    for (const share of [0, .5, 1]) { const v = share * top / 1.05; pen.beginPath(); pen.moveTo(left, y(v));
      pen.lineTo(width, y(v)); pen.stroke(); pen.fillText(shown(v), 2, y(v) + 4); }
    pen.fillText('0 s', left, height - 4); const end = span.toFixed(1) + ' s';
    pen.fillText(end, width - 4 - pen.measureText(end).width, height - 4);
    pen.strokeStyle = color('--link'); pen.lineWidth = 1.3; pen.beginPath();
    let column_at = -1, low = 0, high = 0, drawn = false;      // of many frames in one pixel, lowest and highest are drawn
    const flush = () => { if (column_at < 0) return; drawn ? pen.lineTo(column_at, y(low)) : pen.moveTo(column_at, y(low));
      pen.lineTo(column_at, y(high) - (high === low ? .5 : 0)); drawn = true; };
    for (let i = 0; i < n; i++) {
      const v = column.values[i];
      if (Number.isNaN(v)) { if (!column.sparse) { flush(); column_at = -1; drawn = false; } continue; }
      const pixel = Math.round(x(i));
      if (column.sparse) { pen.moveTo(pixel + 2, y(v)); pen.arc(pixel, y(v), 2, 0, 7); continue; }
      if (pixel !== column_at) { flush(); column_at = pixel; low = high = v; }
      else { low = Math.min(low, v); high = Math.max(high, v); }
    }
    flush(); pen.stroke();
    base = pen.getImageData(0, 0, canvas.width, canvas.height); mark();
  }
  function mark() {
    if (!base || frame < 0) return;
    const pen = canvas.getContext('2d'), scale = canvas.width / canvas.getBoundingClientRect().width;
    pen.putImageData(base, 0, 0);
    const x = (left + (seconds[frame] - seconds[0]) / span * (canvas.width / scale - left - 4));
    pen.strokeStyle = color('--bad'); pen.lineWidth = 1.5; pen.beginPath();
    pen.moveTo(x, 0); pen.lineTo(x, canvas.height / scale - 18); pen.stroke();
  }
  canvas.addEventListener('click', event => at(canvas.getBoundingClientRect(), event, left));
  return {draw, mark};
}
function draw_strip() {
  const {pen, width, height} = canvas_of($('strip')), good = color('--good'), bad = color('--bad');
  pen.fillStyle = good; pen.fillRect(0, 0, width, height); pen.fillStyle = bad;
  const bars = Math.max(1, Math.min(n, Math.round(width))), all = new Float32Array(bars), refused = new Float32Array(bars);
  for (let i = 0; i < n; i++) {
    const bar = Math.min(bars - 1, Math.floor((seconds[i] - seconds[0]) / span * bars));
    all[bar]++; if (codes[i]) refused[bar]++;
  }
  for (let bar = 0; bar < bars; bar++) {         // as high as the share refused, but never too low to be seen
    const share = refused[bar] ? Math.max(.25, refused[bar] / all[bar]) : 0;
    pen.fillRect(bar * width / bars, height * (1 - share), width / bars, height * share);
  }
}
const plots = columns.filter(column => column.plotted).map(plot_of);
const worst = [...document.querySelectorAll('#moments button')].map(button => Number(button.dataset.frame));
let turn = -1;
const refused_after = i => { for (let k = 1; k <= n; k++) if (codes[(i + k) % n]) return (i + k) % n; return i; };
const second = Math.max(1, Math.round(n / span));
const next_worst = () => { if (worst.length) show(worst[turn = (turn + 1) % worst.length]); };
$('scrubber').addEventListener('input', event => show(Number(event.target.value)));
$('previous').onclick = () => show(frame - 1); $('next').onclick = () => show(frame + 1);
$('refused').onclick = () => show(refused_after(frame)); $('bad').onclick = next_worst;
$('strip').addEventListener('click', event => at($('strip').getBoundingClientRect(), event, 0));
$('moments').addEventListener('click', event => { const button = event.target.closest('button');
  if (button) show(Number(button.dataset.frame)); });
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('pre, [tabindex="0"]')) return;
  const step = event.shiftKey ? second : 1;
  const go = {ArrowLeft: () => show(frame - step), ArrowRight: () => show(frame + step),
    Home: () => show(0), End: () => show(n - 1), r: () => show(refused_after(frame)), w: next_worst}[event.key];
  if (go) { event.preventDefault(); go(); }
});
function from_address(first) {
  const asked = /^#frame=(\d+)$/.exec(location.hash);
  if (asked) { show(Number(asked[1]), false); if (!first) $('picture').scrollIntoView({block: 'nearest'}); }
  else if (first) show(0, false);
}
window.addEventListener('hashchange', () => from_address(false));
let waiting = 0;
const redraw = () => { draw_strip(); for (const plot of plots) plot.draw(); };
window.addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(redraw, 100); });
redraw(); from_address(true);
document.documentElement.dataset.ready = 'yes';
"""
