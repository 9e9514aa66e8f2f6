# SPDX-License-Identifier: Apache-2.0
"""``func-corr benchmark build|check``: makes the benchmark of dense functional truth, or says whether a folder is one."""
from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    actions = parser.add_subparsers(dest="action", metavar="build|check", required=True)
    build = actions.add_parser("build", help="render views and write the truth between them")
    what = build.add_mutually_exclusive_group()
    what.add_argument("--name", choices=("functional-v1", "functional-v1-tabletop"), default="functional-v1",
                      help="single objects, or cluttered RGB-D scenes (default: %(default)s)")
    what.add_argument("--meshes", type=Path, metavar="FILE",
                      help="meshes of yours or of others, labelled in a YAML file as examples/public_meshes.yaml is, instead")
    build.add_argument("--root", type=Path, metavar="DIR",
                       help="with --meshes: folder that the meshes' paths begin in (default: that of FILE)")
    build.add_argument("--size", choices=("full", "mini"), default="full", help="mini is for trying (default: %(default)s)")
    build.add_argument("--out", type=Path, required=True, help="folder of the benchmark; it must not exist yet")
    build.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="processes that render (default: %(default)s)")
    check = actions.add_parser("check", help="read every file of a benchmark and refuse what does not fit")
    check.add_argument("folder", type=Path, metavar="DIR", help="folder of the benchmark, of any maker")


def run(arguments: argparse.Namespace) -> int:
    """Builds or checks, and prints what the benchmark has; returns 0."""
    from func_corr_ros.evaluation.benchmark import Benchmark

    if arguments.action == "build":
        folder = _build(arguments)
    else:
        folder = arguments.folder
    benchmark = Benchmark.open(folder)
    if arguments.action == "check":
        benchmark.check()
    splits = [pair.split for pair in benchmark.pairs]
    within = sum(pair.within_category for pair in benchmark.pairs)
    print(f"{folder}: {benchmark.name} {benchmark.version}, {len(benchmark.pairs)} pairs of {len(benchmark.views)} views, "
          f"{len(benchmark.functions)} functions")
    print(f"across categories: {len(splits) - within}, within: {within}; "
          + ", ".join(f"{name}: {splits.count(name)}" for name in sorted(set(splits))))
    print(f"sha256: {benchmark.sha256}")
    return 0


def _build(arguments: argparse.Namespace) -> Path:
    from func_corr_ros.errors import BadSettings
    from func_corr_ros.evaluation.benchmark_build import build, build_from_meshes

    if arguments.root and not arguments.meshes:
        raise BadSettings("--root is the folder of the meshes that --meshes FILE labels; give both, or neither")
    if arguments.meshes:
        folder, alone = build_from_meshes(arguments.out, arguments.meshes, arguments.root, arguments.size, arguments.processes)
        if alone:
            print(f"left out, for one mesh alone serves them: {', '.join(alone)}")
        return folder
    return build(arguments.out, arguments.name, arguments.size, arguments.processes)
