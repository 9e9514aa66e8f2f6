# SPDX-License-Identifier: Apache-2.0
"""The page's script, run by node with stand-ins for what it touches of a browser: which clicks count, and for which frame."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from func_corr_ros.replay.annotation_page import PAGE

# `order` is what a person does; the picture of 80x60 px is shown as large as it is, and comes when `comes` says so.
BROWSER = """
const order = JSON.parse(process.argv[2]), sent = [], elements = {};
const made = dataset => ({dataset: dataset || {}, setAttribute() {}, getBoundingClientRect: () => ({left: 0, top: 0, width: 80}),
  naturalWidth: 0, naturalHeight: 0});
const get = id => elements[id] = elements[id] || made();
get('names').children = [made({name: 'rim'}), made({name: 'handle'}), made({region: 'outline'}), made({region: 'part'})];
const frames = [0, 1, 2].map(i => ({stamp_ns: `${i}`, points: {}, suggested: {}, regions: {}, suggested_regions: {}}));
let press, open = () => {}, gate = Promise.resolve();
globalThis.document = {getElementById: get, addEventListener: (kind, call) => press = call};
globalThis.fetch = async (url, asked) => {
  await gate;
  if (asked.method) {
    const said = JSON.parse(asked.body), frame = frames[said.frame];
    sent.push(said);
    if (said.name) frame.points[said.name] = said.uv; else frame.regions[said.region] = said.corners;
  }
  return {ok: true, json: async () => JSON.parse(JSON.stringify(frames))};
};
const does = {
  key: key => press({key, preventDefault() {}}),
  click: ([x, y]) => get('picture').onclick({clientX: x, clientY: y}),
  comes: () => { Object.assign(get('picture'), {naturalWidth: 80, naturalHeight: 60}); get('picture').onload(); },
  busy: () => { gate = new Promise(done => open = done); },
  free: () => open(),
  wait: () => new Promise(done => setTimeout(done, 20)),
};
(async () => {
  eval(SCRIPT);
  for (const [what, how] of order) await does[what](how);
  await does.wait();
  console.log(JSON.stringify(sent));
})();
"""


def said(tmp_path: Path, *order: tuple[str, Any]) -> list[dict[str, Any]]:
    """Returns what the page tells its server while a person does things in this order."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    script = PAGE.partition("<script>")[2].partition("</script>")[0]
    (tmp_path / "page.js").write_text(BROWSER.replace("SCRIPT", json.dumps(script)))
    ran = subprocess.run([node, tmp_path / "page.js", json.dumps(order)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


WAIT, COMES = ("wait", None), ("comes", None)


def test_a_click_counts_once_the_picture_has_come(tmp_path: Path) -> None:
    told = said(tmp_path, ("key", "a"), WAIT, ("click", [5, 5]), WAIT, COMES, ("click", [20, 30]))
    assert told == [{"frame": 0, "name": "rim", "uv": [20, 30]}]


def test_a_click_on_the_picture_of_another_frame_does_not_count(tmp_path: Path) -> None:
    told = said(tmp_path, WAIT, COMES, ("key", "ArrowRight"), ("click", [9, 9]), WAIT, COMES, ("click", [30, 31]))
    assert told == [{"frame": 1, "name": "rim", "uv": [30, 31]}]


def test_what_is_said_is_of_the_frame_and_the_button_of_that_moment(tmp_path: Path) -> None:
    told = said(tmp_path, WAIT, COMES, ("busy", None), ("click", [30, 30]), ("key", "4"), ("click", [1, 1]), ("click", [2, 2]),
                ("key", "ArrowRight"), ("key", "1"), ("free", None), WAIT)
    assert told == [{"frame": 0, "name": "rim", "uv": [30, 30]}, {"frame": 0, "region": "part", "corners": [[1, 1]]},
                    {"frame": 0, "region": "part", "corners": [[1, 1], [2, 2]]}]
