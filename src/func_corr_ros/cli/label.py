# SPDX-License-Identifier: Apache-2.0
"""``func-corr label run | demo | match | review | phrases``: functional parts of 3D assets; goes on where it was stopped."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from func_corr_ros.cli import label_phrases, label_review
from func_corr_ros.cli.pipeline_arguments import assignment
from func_corr_ros.errors import BadSettings

# The demo: these categories of the library, and the sample files of pseudo_label.sample_files.
DEMO_CATEGORIES = (
    "axe",
    "bottle",
    "bowl",
    "bucket",
    "crowbar",
    "fork",
    "glass",
    "hammer",
    "hook",
    "jar",
    "kettle",
    "knife",
    "ladle",
    "mug",
    "pan",
    "paintbrush",
    "pitcher",
    "pliers",
    "saw",
    "scissors",
    "screwdriver",
    "shovel",
    "spoon",
    "teapot",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="<action>")
    run_ = actions.add_parser("run", help="label assets: --library, --assets, --objaverse or several of them")
    run_.add_argument("--library", nargs="+", metavar="CATEGORY", default=[], help="categories of the parametric library")
    run_.add_argument("--objects", type=int, default=1, help="objects of each category (default: %(default)s)")
    run_.add_argument("--first-seed", type=int, default=0, help="seed of the first object (default: %(default)s)")
    run_.add_argument("--assets", type=Path, metavar="FOLDER", help="mesh files; objects.yaml there says what each shows")
    run_.add_argument(
        "--objaverse", type=Path, metavar="FILE", help="YAML, Objaverse uid: object; downloads those of open licence"
    )
    run_.add_argument("--licences", nargs="+", metavar="NAME", help="licences of Objaverse to take (default: cc0 by)")
    demo = actions.add_parser("demo", help="24 objects of the library and 6 strangers' files, simulated annotator, report.html")
    demo.add_argument("--few", action="store_true", help="4 objects and 2 files instead")
    label_review.add_actions(actions)
    label_phrases.add_action(actions)
    for one in (run_, demo):
        one.add_argument("--out", type=Path, default=Path("build/pseudo"), help="folder for all stages (default: %(default)s)")
        one.add_argument(
            "--config", type=Path, metavar="FILE", help="YAML with settings (pseudo_label.pipeline.PseudoLabelSettings)"
        )
        one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting: ask.most=12")
        one.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an option of the annotator: weights=DIR, url=http://host:8000/v1",
        )
        one.add_argument("--engine", choices=("local", "ray"), default="local", help="local (default) or ray")
        one.add_argument(
            "--ray-address", default="", metavar="ADDRESS", help="a cluster; auto: this machine's; without, one is started here"
        )
        one.add_argument("--gpus", type=float, default=0.0, help="share of a GPU that each of Ray's annotators takes")
        one.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="processes, or workers of Ray (default: %(default)s)"
        )


def run(arguments: argparse.Namespace) -> int:
    """Labels, writes the report, prints what it brought; returns 0, or 1 where no asset was labelled."""
    if arguments.action in ("match", "review"):
        return label_review.match(arguments) if arguments.action == "match" else label_review.review(arguments)
    if arguments.action == "phrases":
        return label_phrases.phrases(arguments)
    from func_corr_ros.data.pseudo_label.pipeline import make_pseudo_labels
    from func_corr_ros.evaluation.pseudo_report import label_scores, listed, write_pseudo_report

    settings = _settings(arguments)
    sources, left_out = _demo_sources(arguments) if arguments.action == "demo" else _sources(arguments)
    if not sources:
        raise BadSettings(
            "no asset to label: "
            + ("; ".join(f"{one.asset}: {one.reason}" for one in left_out[:5]) or "give --library, --assets or --objaverse")
        )
    options = dict(assignment(text) for text in arguments.option)
    with _engine(arguments) as engine:
        made = make_pseudo_labels(arguments.out, sources, settings, left_out=left_out, options=options, engine=engine)
    scores = label_scores(made)
    page = write_pseudo_report(made, scores)
    for one in (*made.skipped, *made.noted):
        file = made.file_of_asset(one.asset)
        what = "noted" if one in made.noted else f"left out at {one.stage}"
        print(f"{what}: {one.asset}{f' ({file})' if file else ''}: {one.reason}")
    if scores:
        print("all:  " + listed(list(scores.values())))
        print("kept: " + listed([one for key, one in scores.items() if key not in made.rejected]))
    print(
        f"{len(made.labelled)} of {len(sources)} assets have labels, {made.calls} questions; shards in {arguments.out}/shards, "
        f"report: {page}"
    )
    return 0 if made.labelled else 1


def _engine(arguments: argparse.Namespace) -> Any:
    from contextlib import nullcontext

    from func_corr_ros.data.pseudo_label.engine import LocalEngine, ray_engine

    if arguments.engine == "local":
        return nullcontext(LocalEngine(arguments.processes))
    return ray_engine(arguments.processes, arguments.ray_address, arguments.gpus)


def _settings(arguments: argparse.Namespace) -> Any:
    from func_corr_ros.data.pseudo_label.pipeline import PseudoLabelSettings
    from func_corr_ros.settings import load_yaml, override

    settings = PseudoLabelSettings()
    if arguments.config is not None:
        if not arguments.config.is_file():
            raise BadSettings(f"--config {arguments.config} is no file")
        settings = load_yaml(settings, arguments.config)
    return override(settings, dict(assignment(text) for text in arguments.set), source="--set")


def _demo_sources(arguments: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    from func_corr_ros.data.pseudo_label.sample_files import write_sample_files
    from func_corr_ros.data.pseudo_label.sources import folder_sources, library_sources
    from func_corr_ros.data.taxonomy import load_taxonomy

    folder = arguments.out / "strangers"
    write_sample_files(folder)
    files, left_out = folder_sources(folder, load_taxonomy())
    categories = DEMO_CATEGORIES[::6] if arguments.few else DEMO_CATEGORIES
    return library_sources(categories, 1, 2_000) + (files[:2] if arguments.few else files), left_out


def _sources(arguments: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    import yaml

    from func_corr_ros.data.pseudo_label.part_phrases import read_phrases
    from func_corr_ros.data.pseudo_label.sources import OPEN_LICENCES, folder_sources, library_sources, objaverse_sources
    from func_corr_ros.data.taxonomy import load_taxonomy

    sources, left_out = library_sources(arguments.library, arguments.objects, arguments.first_seed), []
    if arguments.assets is not None:
        phrases = arguments.out / "phrases.yaml"
        found, bad = folder_sources(arguments.assets, load_taxonomy(), tuple(read_phrases(phrases)) if phrases.is_file() else ())
        sources, left_out = sources + found, left_out + bad
    if arguments.objaverse is not None:
        wanted = yaml.safe_load(arguments.objaverse.read_text()) if arguments.objaverse.is_file() else None
        if not isinstance(wanted, dict):
            raise BadSettings(f"--objaverse {arguments.objaverse}: a YAML file with uid: object is needed")
        found, bad = objaverse_sources(wanted, arguments.licences or OPEN_LICENCES, arguments.processes)
        sources, left_out = sources + found, left_out + bad
    return sources, left_out
