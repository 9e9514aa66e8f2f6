# SPDX-License-Identifier: Apache-2.0
"""Documented commands as they are run by tests: which are not, and why; how the others are made short; what they work on."""
from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from http.server import HTTPServer
from pathlib import Path
from urllib.request import urlopen

import cv2
import pytest
from data.pseudo_label.bricks import SMALL, bricks
from documented_commands import ROOT, Command
from evaluation.painted_benchmark import write_painted_benchmark

from func_corr_ros.cli.main import main

# Why a command is held to the code only, as docs/checked_commands.md says it -> the commands of which that is so.
ONLY_CHECKED = {
    "needs the command line of an installed ROS 2 (`ros2`), a camera or a robot": r"ros2 |func-corr doctor --live",
    "asks running nodes; `test/test_examples.py` runs it against a server": r"python examples/call_from_a_planner",
    "changes the machine or the shell, or is somebody else's program":
        r"\. |(source|sudo|pip|export|trtexec|docker|systemctl|torchrun|rosdep|bloom-generate|colcon|python3 -m venv) ",
    "needs a server of a model, a download or a machine with many cores":
        r"func-corr label run .*(annotator=endpoint|--objaverse)|func-corr label phrases|func-corr train .*--same-views",
    "is run by `.ci/run`, there or with fewer pairs":
        r"make (setup|test|demo|gallery|benchmark-table) |func-corr benchmark build ",
}  # fmt: skip
_FEW_LABELS = ["--processes", "1", *(
    word for name, value in {**SMALL, "labels.views": 2}.items() for word in ("--set", f"{name}={value}")
)]  # fmt: skip
_FEW_STEPS = ["--processes", "1", *(word for setting in (
    "views.objects=2", "held_out_objects=1", "views.views=2", "train.steps=2", "train.batch.pairs=4", "train.batch.pixels=16",
    "train.validate_every=2",
) for word in ("--set", setting))]  # fmt: skip
# A command that is run -> how it is made short: words added, the last of which count.
SHORTER = {
    r"func-corr objects sheet ": ["--draws", "1", "--size", "48"],
    r"func-corr objects render ": ["--views", "1", "--size", "48"],
    r"func-corr (evaluate|match-pairs) ": ["--limit", "1"],
    r"func-corr demo ": ["--case", "rendered_mug_to_mug"],
    r"func-corr simulate ": ["--trials", "1", "--instances", "1", "--films", "0"],
    r"func-corr label demo ": ["--few", *_FEW_LABELS],
    r"func-corr label run ": ["--objects", "1", *_FEW_LABELS],
    r"func-corr train ": _FEW_STEPS,
    r"func-corr (annotate|label review|demonstration click) ": ["--port", "0"],
}
# Words that stand for those a reader fills in, and for models that are not here: an annotator is simulated.
STANDS_FOR = {
    "NAME": "chance", "dino-448": "chance", "chance,dino-448": "chance", "chance,dino-448,func-corr-s": "func-corr-s",
    "oracle,func-corr-s,dino-448,chance": "oracle", "1,0": "0", "0,2": "0", "all": "pour,grasp",
}  # fmt: skip
NOT_HERE = r"--set annotator=[\w-]+ |--option weights=\S+ "
# Targets of the Makefile that are run: the command that each of them is.
TARGETS = r"make (pseudo-demo|train)( |$)"
FEW_CATEGORIES = ("cup", "hammer", "kettle", "ladle", "mug", "wrench")
EXIT_CODES = {"compare": (0, 1), "doctor": (0, 1), "transfer": (0, 1), "replay": (0, 1)}  # 1 is an answer of these


def why_not(command: Command) -> str:
    """Returns why a command is not run, nothing for one that is."""
    if command.words[0] == "make":
        reason = next(reason for reason, kind in ONLY_CHECKED.items() if "make" in kind)
        return "" if re.match(TARGETS, str(command)) else reason
    return next((reason for reason, kind in ONLY_CHECKED.items() if re.match(kind, f"{command} ")), "")


def shortened(command: Command) -> list[str]:
    """Returns the words that are run for a command."""
    text = str(command)
    if re.match(TARGETS, text):
        told = subprocess.run(["make", "-n", "-C", str(ROOT), *command.words[1:]], capture_output=True, text=True, check=True)
        text = re.findall(r"func-corr [^&|;\n]+", told.stdout)[-1]
    words = [STANDS_FOR.get(word, word) for word in shlex.split(re.sub(NOT_HERE, "", f"{text} "))]
    return words + [word for kind, added in SHORTER.items() if re.match(kind, text) for word in added]


def run(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a command in this process; asserts that it ends as it should and leaves what it says."""
    words = shortened(command)
    if words[0] == "python":
        monkeypatch.setattr(sys, "argv", words[1:])
        try:
            runpy.run_path(words[1], run_name="__main__")
        except SystemExit as left:
            assert left.code in (0, None), str(command)
        return
    if words[1] == "compare" and not Path(words[2]).exists():
        shutil.copytree(words[3], words[2])  # last week's
    assert words[0] == "func-corr", words
    assert main(words[1:]) in EXIT_CODES.get(words[1], (0,)), str(command)
    out = words[words.index("--out") + 1] if "--out" in words else "."
    assert Path(out).exists() or words[1] == "annotate", f"{command} left no {out}"


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets what takes minutes take seconds: few categories to learn from, rough pictures, a reader who looks and leaves."""
    from func_corr_ros.data.objects import CATEGORIES
    from func_corr_ros.evaluation import local_page
    from func_corr_ros.replay import demo_cases
    from func_corr_ros.training import train_head

    monkeypatch.setattr(train_head, "CATEGORIES", {name: CATEGORIES[name] for name in FEW_CATEGORIES})
    monkeypatch.setattr(train_head, "VALIDATION_PAIRS", 4)
    monkeypatch.setattr(train_head, "calibrated", partial(train_head.calibrated, pairs=4))
    monkeypatch.setattr(demo_cases, "demo_scenes", partial(demo_cases.demo_scenes, supersampling=1))
    monkeypatch.setattr(local_page, "serve", _looked_at)


def _looked_at(server: HTTPServer, what: str) -> None:
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.append(urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=20).read()))
    reader.start()
    server.handle_request()
    reader.join()
    assert b"</html>" in seen[0], what


def named_block(page: Path, name: str) -> str:
    """The block of a page that begins with the comment ``# name``: a file that the reader is told to write."""
    return re.search(rf"^```\w+\n# {re.escape(name)}\n(.*?)^```", page.read_text(), re.M | re.S)[1]


def furnish(folder: Path) -> None:
    """Gives ``folder`` what a reader has: the repository's files, pictures, a frame, a short recording, a head, marks, meshes."""
    from func_corr_ros.replay.rgbd_bag import write_bag
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    for name in ("test", "config", "docs", "examples", "models"):
        (folder / name).symlink_to(ROOT / name)
    shown = ROOT / "test" / "data" / "demonstrations" / "red_mug_pour"
    demonstration = read_demonstration(shown)
    camera = demonstration.frame.camera
    frame = {"K": camera.matrix.tolist(), "width": camera.width, "height": camera.height, "depth_scale_m_per_count": 1e-4}
    (folder / "my_frame").mkdir()
    for place in (folder, folder / "my_frame"):
        for name in ("color", "depth", "mask"):
            shutil.copyfile(shown / f"{name}.png", place / f"{name}.png")
        (place / "frame.json").write_text(json.dumps(frame))
    color, mask = cv2.imread(str(shown / "color.png")), cv2.imread(str(shown / "mask.png"))
    for name, flipped in (("A", False), ("B", True)):
        for ending, picture in (("", color), ("_mask", mask)):
            cv2.imwrite(str(folder / f"{name}{ending}.png"), picture[:, ::-1] if flipped else picture)
    (folder / "points.json").write_text("[[405, 214], [248, 259]]")
    frames = [replace(demonstration.frame, stamp_ns=(number + 1) * 33_333_333) for number in range(6)]
    write_bag(folder / "my_bag", frames)
    truth = {"function": "pour-with", "frames": [{"stamp_ns": frames[0].stamp_ns, "points": {"outlet": [405, 214]}}]}
    (folder / "truth.yaml").write_text(json.dumps(truth))
    (folder / "marks.yaml").write_text(named_block(ROOT / "docs" / "tutorials" / "record_a_demonstration.md", "marks.yaml"))
    (folder / "mine.yaml").write_text("train: {rate: 0.0005}\n")
    (folder / "demonstrations").symlink_to(shown.parent)
    (folder / "build" / "training" / "longer").mkdir(parents=True)
    for head in ("head.safetensors", "build/training/longer/head.safetensors"):
        (folder / head).symlink_to(ROOT / "models" / "func-corr-s.safetensors")
    bricks(folder / "my_meshes", 2)
    for name in ("mini", "functional-v1"):
        write_painted_benchmark(folder / "build" / name)
