# SPDX-License-Identifier: Apache-2.0
"""``func-corr label phrases``: which parts serve functions that the taxonomy does not have, asked of a language model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from func_corr_ros.cli.pipeline_arguments import assignment


def add_action(actions: Any) -> None:
    """Adds the action to those of ``func-corr label``."""
    one = actions.add_parser("phrases", help="a language model proposes parts for functions or objects of your own: phrases.yaml")
    one.add_argument("--objects", nargs="+", required=True, metavar="NAME", help="what there is, in plain words: 'watering can'")
    one.add_argument("--functions", nargs="+", required=True, metavar="NAME", help="what is done with it: stir-with")
    one.add_argument(
        "--endpoint", action="append", default=[], metavar="NAME=VALUE", help="the model: url=http://host:8000/v1, model=NAME"
    )
    one.add_argument("--out", type=Path, required=True, help="folder of the labels to come; phrases.yaml there is added to")


def phrases(arguments: argparse.Namespace) -> int:
    """Writes phrases.yaml, prints what waits for a person; returns 0, or 1 where nothing was proposed."""
    from func_corr_ros.data.annotators.endpoint import EndpointAnnotator
    from func_corr_ros.data.pseudo_label.part_phrases import all_phrases, write_phrases
    from func_corr_ros.data.pseudo_label.part_proposals import added, proposed, waiting
    from func_corr_ros.data.taxonomy import load_taxonomy

    path = arguments.out / "phrases.yaml"
    there = all_phrases(path) if path.exists() else {}
    model = EndpointAnnotator.load("endpoint", **dict(assignment(text) for text in arguments.endpoint))
    found, left_out = proposed(arguments.objects, arguments.functions, load_taxonomy(), model.say)
    for (name, function), why in left_out.items():
        print(f"left out: {function} of {name}: {why}")
    if found:
        write_phrases(path, both := added(there, found))
        print(f"{path}: set accepted: true for those that are right: {', '.join(waiting(both)) or 'none waits'}")
    return 0 if found else 1
