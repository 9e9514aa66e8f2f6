# SPDX-License-Identifier: Apache-2.0
"""``func-corr``: picks the verb; a mistake that has a name becomes one line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from func_corr_ros.errors import FuncCorrError

# Each verb is a module of this room with add_arguments(parser) and run(arguments) -> exit code; "_" is typed as "-".
VERBS = {
    "match": "draw the matches between an object in one picture and an object in another",
    "transfer": "carry a demonstration over to an RGB-D frame and print the poses",
    "demonstration": "record a demonstration by clicks, from files or from the library of objects, or list those there are",
    "replay": "run a recording (rosbag2 or ROS 1 bag) through the pipeline and score it",
    "recover": "save what is whole of a recording that was broken off or is damaged",
    "annotate": "click the truth on some frames of a recording, in a browser on this machine",
    "compare": "two replays, or two evaluations, of the same thing: better, worse or the same",
    "objects": "the library of objects that know their functions: list, render, contact sheets",
    "benchmark": "build a benchmark of dense functional truth from them, or check one of another maker",
    "evaluate": "score a method on a benchmark: predictions, scores, report.html",
    "match_pairs": "where the true points of a benchmark's pairs go, both ways, as one JSON file",
    "label": "labels of functional parts for anyone's 3D assets, from boxes that a vision-language model draws",
    "train": "train a head that knows function, from nothing but the library of objects",
    "ablate": "what each ingredient of the recipes is worth: trained and scored row by row",
    "export": "a trained head as ONNX graphs, for TensorRT and other runtimes without torch",
    "simulate": "transferred poses carried out in a physics engine: pour, grasp, success rates, films",
    "demo": "the main job end to end: bags, running nodes, report.html",
    "doctor": "what is installed, what is missing and what to do about it",
}


def main(words: Sequence[str] | None = None) -> int:
    """Returns the exit code of ``func-corr`` called with ``words`` (of this process when None): 0 good, 1 refused or
    unhealthy, 2 a mistake of the caller, 130 interrupted."""
    words = list(sys.argv[1:] if words is None else words)
    arguments = _parser(words).parse_args(words)
    try:
        return _verb(arguments.verb).run(arguments)
    except FuncCorrError as error:
        print(f"func-corr {arguments.verb}: {type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


class _Version(argparse.Action):
    """Reads the version only when it is asked for: --help stays quick."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from func_corr_ros.provenance import package_version

        print(package_version())
        parser.exit()


def _verb(name: str) -> ModuleType:
    return import_module(f"func_corr_ros.cli.{name.replace('-', '_')}")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="func-corr",
        description="One demonstration, carried over to objects never seen before.",
        epilog="func-corr <verb> --help tells more.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    verbs = parser.add_subparsers(dest="verb", metavar="<verb>", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, purpose in ((verb.replace("_", "-"), purpose) for verb, purpose in VERBS.items()):
        one = verbs.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        if name == chosen:
            _verb(name).add_arguments(one)
    return parser


if __name__ == "__main__":
    sys.exit(main())
