# SPDX-License-Identifier: Apache-2.0
"""Writes docs/cli.md and docs/error_codes.md from the code: ``python -m func_corr_ros.cli.reference docs``."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from func_corr_ros import errors
from func_corr_ros.cli.main import VERBS, _parser

CLI_HEAD = """# Command line

Written by `python -m func_corr_ros.cli.reference docs` from the code; a test holds the two together. Exit codes: 0 good, 1
refused
or unhealthy, 2 a mistake of the caller (one line says which, and what is valid), 130 interrupted. `func-corr --version` prints
the
version.

"""
ERROR_HEAD = """# Error codes

Written by `python -m func_corr_ros.cli.reference docs` from `errors.py`; a test holds the two together. Every ROS result and
service
answer carries such a code and a message with the numbers; Python raises the class, and the command line prints its name. What
to do
about each: [troubleshooting](troubleshooting.md#by-error-code).

| code | name | raised as | meaning |
| ---: | --- | --- | --- |
"""


def verb_parser(verb: str) -> argparse.ArgumentParser:
    """Returns the parser of one verb, as it is typed (``match-pairs``)."""
    return dict(_branches(_parser([verb])))[verb]


def cli_page() -> str:
    """Returns the page of all verbs with their arguments as Markdown."""
    typed = [verb.replace("_", "-") for verb in VERBS]
    index = "\n".join(f"- [`func-corr {verb}`](#func-corr-{verb}): {VERBS[verb.replace('-', '_')]}" for verb in typed)
    return CLI_HEAD + index + "\n" + "".join(_section(f"func-corr {verb}", verb_parser(verb), 2) for verb in typed)


def error_page() -> str:
    """Returns the page of every code and class of ``errors.py`` as Markdown."""
    classes = [
        one for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, errors.FuncCorrError) and one is not errors.FuncCorrError
    ]
    rows = []
    for code in errors.ErrorCode:
        own = [one for one in classes if one.code == code]
        named = [(f"`{one.__name__}`", " ".join(str(one.__doc__).split())) for one in own] or [("", "")]
        if code == errors.ErrorCode.NONE:
            named = [("", "All is well.")]
        elif not own:
            named = [("", "What nobody foresaw; the message has the exception.")]
        rows += [f"| {int(code)} | {code.name} | {name} | {words} |" for name, words in named]
    return ERROR_HEAD + "\n".join(rows) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Writes both pages into the folder given."""
    folder = Path((sys.argv[1:] if words is None else list(words))[0])
    for name, text in (("cli.md", cli_page()), ("error_codes.md", error_page())):
        (folder / name).write_text(text)
    return 0


def _branches(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _section(title: str, parser: argparse.ArgumentParser, level: int) -> str:
    branches = list(_branches(parser))
    rows = [_row(action) for action in parser._actions
            if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)]
    table = "| argument | what |\n| --- | --- |\n" + "\n".join(rows) + "\n" if rows else ""
    words = f"{parser.description}\n" if parser.description else ""
    inside = "".join(_section(f"{title} {name}", branch, level + 1) for name, branch in branches)
    return "\n".join(part for part in (f"\n{'#' * level} {title}\n", words, table, inside) if part)


def _row(action: argparse.Action) -> str:
    name = str(action.metavar or (action.dest if not action.option_strings else action.dest.upper()))
    if action.choices is not None:
        name = ", ".join(map(str, action.choices))
    typed = ", ".join(action.option_strings)
    if action.nargs != 0:
        value = {"?": f"[{name}]", "+": f"{name} ..."}.get(str(action.nargs), name)
        typed = f"{typed} {value}".strip()
    needed = " (needed)" if action.required and action.option_strings else ""
    # The page is the same on every machine.
    default = "one a core" if action.dest == "processes" else action.default
    words = " ".join((action.help or "").split()) % {"default": default}
    return f"| `{typed}`{needed} | {words} |".replace("<", "&lt;")


if __name__ == "__main__":
    raise SystemExit(main())
