# SPDX-License-Identifier: Apache-2.0
"""Every shell command that README and the pages show, and what the code has to say to it before anyone runs it."""
from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from func_corr_ros.cli import pipeline_arguments, reference
from func_corr_ros.nodes.api_page import INPUTS, OUTPUTS, SERVICES

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("models/*.md"), *(ROOT / "docs").rglob("*.md"),
])  # fmt: skip
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.M | re.S)
INDENTED = re.compile(r"(?:^    (?:func-corr|make|ros2|python) .*\n)+", re.M)
INLINE = re.compile(r"`((?:func-corr|make|python|ros2) [^`\n]+)`")
SHELL = ("bash", "sh")
# What of the repository a command may name; everything else is the reader's own.
OURS = ("test/", "docs/", "config/", "models/", "examples/", "benchmarks/", "launch/", "src/", "tools/", "deploy/")
DECLARE = "DeclareLaunchArgument"
# Programs that are not this project's; nothing but their name is looked at.
FOREIGN = {"source", ".", "export", "sudo", "pip", "trtexec", "torchrun", "docker", "rerun", "systemctl", "rosdep",
           "bloom-generate", "colcon", "python3"}


verb_parser = lru_cache(reference.verb_parser)


class Command(NamedTuple):
    """One command, its words, and the page and line it stands on; ``whole`` is False where text only mentions it."""

    page: str
    line: int
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return shlex.join(self.words)


def documented() -> list[Command]:
    """Returns every command of every page, fenced, indented or in the text."""
    return [command for page in PAGES for command in commands_of(page.read_text(), str(page.relative_to(ROOT)))]


def commands_of(text: str, page: str) -> Iterator[Command]:
    """Yields the commands of one page."""
    for block in FENCE.finditer(text):
        untagged = block[2] == "" and re.search(r"^ *(func-corr|make|ros2|python|pip) ", block[3], re.M)
        assert not untagged, f"{page}: a block of commands needs ```bash"
        if block[2] in SHELL:
            yield from _block(block[3], page, text[: block.start(3)].count("\n") + 1)
    bare = FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    for block in INDENTED.finditer(bare):
        yield from _block(block[0], page, bare[: block.start()].count("\n") + 1)
    for found in INLINE.finditer(bare):
        words = found[1].replace("[", "").replace("]", "").replace("\\|", "|")
        try:
            yield Command(page, bare[: found.start()].count("\n") + 1, tuple(shlex.split(words)), False)
        except ValueError as error:
            raise AssertionError(f"{page}: `{found[1]}` is no command: {error}") from error


def _block(text: str, page: str, line: int) -> Iterator[Command]:
    joined = ""
    for number, row in enumerate(text.splitlines()):
        joined += row.strip().removesuffix("\\")
        if row.rstrip().endswith("\\"):
            joined += " "
            continue
        optional = joined if joined.startswith(("pip", "ros2")) else joined.replace("[", "").replace("]", "")
        try:
            words = shlex.split(optional, comments=True)
        except ValueError:  # a quotation that goes on
            joined += " "
            continue
        joined = ""
        if words:
            yield Command(page, line + number, tuple(words), True)
    assert not joined.strip(), f"{page}:{line}: a quotation that nobody closes: {joined}"


def trouble(command: Command) -> str:
    """Returns what is wrong with a command, nothing where the code agrees: verb, options, settings, targets, topics and files."""
    words = [word.replace("$PWD/", "") for word in command.words]
    missing = [word for part in words for word in part.split(":=")[-1:] if word.startswith(OURS) and not _exists(word)]
    if missing:
        return f"not in the repository: {missing}"
    checks = {"func-corr": _verb, "make": _make, "python": _python, "ros2": _ros2, "pip": _pip}
    if words[0] in checks:
        return checks[words[0]](words[1:], command.whole)
    return "" if words[0] in FOREIGN else f"who is {words[0]}? Name it in test/documented_commands.py"


def _exists(path: str) -> bool:
    return bool(list(ROOT.glob(path))) if "*" in path else (ROOT / path.rstrip(".,:")).exists()


def _verb(words: list[str], whole: bool) -> str:
    if words[0].startswith("-") or (not whole and words[0] in ("<verb>",)):
        return "" if words[0] in ("--version", "--help") or not whole else f"no verb in {words}"
    verb, *alternatives = words[0], *[word for word in words[2::2] if words[1:2] == ["|"]]
    try:
        for one in (verb, *alternatives):
            parser = verb_parser(one)
    except KeyError:
        return f"no such verb: {words[0]}"
    if not whole:
        known = {option for one in _parsers(verb_parser(verb)) for option in one._option_string_actions}
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        return f"{verb} has no {unknown}" if unknown else ""
    try:
        parsed = parser.parse_args(words[1:])
    except SystemExit:
        return "argparse refuses it (see stderr)"
    if verb in ("transfer", "match", "replay"):
        parsed.config = None  # the reader's file
        pipeline_arguments.settings_of(parsed)
    return ""


def _parsers(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for one in action.choices.values():
                yield from _parsers(one)


def _make(words: list[str], whole: bool) -> str:
    text = (ROOT / "Makefile").read_text()
    names, given = [word for word in words if "=" not in word], [word.split("=")[0] for word in words if "=" in word]
    wrong = [name for name in names if not re.search(rf"^{re.escape(name)}:", text, re.M)]
    wrong += [name for name in given if f"$({name})" not in text and f"$(if $({name})" not in text]
    return f"not in the Makefile: {wrong}" if wrong else ""


def _python(words: list[str], whole: bool) -> str:
    if words[0] == "-m":
        module = ROOT / "src" / f"{words[1].replace('.', '/')}.py"
        return "" if module.exists() or not words[1].startswith("func_corr_ros") else f"no module {words[1]}"
    if not (ROOT / words[0]).is_file():
        return f"no file {words[0]}"
    said = {node.value for node in ast.walk(ast.parse((ROOT / words[0]).read_text())) if isinstance(node, ast.Constant)}
    unknown = [word for word in words[1:] if word.startswith("--") and word.split("=")[0] not in said]
    return f"{words[0]} has no {unknown}" if unknown else ""


def _ros2(words: list[str], whole: bool) -> str:
    if words[0] == "launch" and words[1:2] == ["func_corr_ros"]:
        return _launch(words[2:])
    named = next((word for word in words[2:] if word.startswith("/")), "")
    if words[0] in ("topic", "service") and named:
        parts = named.lstrip("/").split("/")
        own = {f"{node}/{name}" for table in (SERVICES, OUTPUTS) for node in table for name in table[node]}
        known = own | {name for node in INPUTS for name in INPUTS[node]}
        return "" if any("/".join(parts[start:]) in known for start in range(len(parts))) else f"nobody has {named}"
    if words[0] == "param":
        return "" if words[1:2] == ["dump"] and named.lstrip("/") in SERVICES else f"no node for ros2 {' '.join(words)}"
    if words[:2] == ["run", "func_corr_ros"]:
        return "" if (ROOT / "src" / "func_corr_ros" / "nodes" / f"{words[2]}.py").exists() else f"no executable {words[2]}"
    known = ("bag", "pkg", "lifecycle", "topic", "service", "launch", "run", "security")
    return "" if words[0] in known else f"what is ros2 {words[0]}?"


def _launch(words: list[str]) -> str:
    if not words:
        return ""
    if not (ROOT / "launch" / words[0]).is_file():
        return f"no launch file {words[0]}"
    known: set[str] = set()
    for name in {words[0], "func_corr.launch.py"}:
        tree = ast.parse((ROOT / "launch" / name).read_text())
        assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
        tables = [node.value for node in assigned if node.targets[0].id == "ARGUMENTS"]
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == DECLARE]
        known |= {key.value for table in tables for key in table.keys}
        known |= {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    unknown = [word for word in words[1:] if word.partition(":=")[0] not in known]
    return f"{words[0]} has no {unknown}" if unknown else ""


def _pip(words: list[str], whole: bool) -> str:
    assigned = [node for node in ast.parse((ROOT / "setup.py").read_text()).body if isinstance(node, ast.Assign)]
    extras = next(ast.literal_eval(node.value) for node in assigned if node.targets[0].id == "EXTRAS")
    asked = {extra for word in words for found in re.findall(r"^func_corr_ros\[([\w,]+)\]", word) for extra in found.split(",")}
    return f"no extra {sorted(asked - set(extras))}" if asked - set(extras) else ""
