# SPDX-License-Identifier: Apache-2.0
"""``func-corr doctor``: what is installed, what is missing, and what to do about it; with ``--live``, what is wrong with the
graph that runs. Looks only, changes nothing.
"""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--live", action="store_true", help="listen to the running graph and say what is wrong with it")
    parser.add_argument("--seconds", type=float, default=5.0, help="with --live: how long to listen (default: 5)")
    parser.add_argument("--use-sim-time", action="store_true", help="with --live: take the time from /clock")
    for topic in ("color", "depth", "camera-info"):
        words = f"with --live: the {topic} topic, where no node of this package says which"
        parser.add_argument(f"--{topic}", default="", metavar="TOPIC", help=words)


def run(arguments: argparse.Namespace) -> int:
    """Prints the findings; returns 0 when the core works, 1 when something must be mended first."""
    from func_corr_ros.cli.examination import examine

    if arguments.live:
        return _live(arguments)
    found = examine()
    print(json.dumps(found, indent=2) if arguments.json else as_text(found))
    return 0 if found["ok"] else 1


def _live(arguments: argparse.Namespace) -> int:
    from func_corr_ros.cli import live_examination

    topics = {key: getattr(arguments, key) for key in live_examination.MESSAGES}
    found = live_examination.heard(arguments.seconds, topics, sim_time=arguments.use_sim_time)
    problems = live_examination.judged(found)
    shown = json.dumps({**found, "problems": problems}, indent=2) if arguments.json else live_examination.as_text(found, problems)
    print(shown)
    return 1 if any(problem["core"] for problem in problems) else 0


def as_text(found: dict[str, Any]) -> str:
    """Returns the findings as lines for a terminal; the problems and their cures come last."""
    package, device, ros = found["package"], found["device"], found["ros"]
    rclpy = f"rclpy {ros['rclpy'] or ''}" if ros["works"] else "not found"
    lines = [
        f"func_corr_ros  {package['version']}  {package['revision'] or 'no git revision'}",
        f"  code         {package['homes'][0]}",
        f"  share        {package['share']}",
        f"python         {found['python']['version']}  {found['python']['executable']}",
        f"torch          {device['torch']}  on {device['used']}  {', '.join(device['gpus'])}".rstrip(),
        "packages",
        *(f"  {name:<24} {version or 'MISSING'}" for name, version in found["packages"].items()),
        f"ROS 2          {rclpy}, distro {ros['distro'] or 'unset'}, rmw {ros['rmw']}, domain {ros['domain']}",
        f"  {'interfaces':<24} {'built' if ros['interfaces'] else 'not built or not sourced'}",
        *(f"  {name:<24} {'found' if there else 'not found'}" for name, there in ros["adapters"].items()),
        "weights",
        *(f"  {row['name']:<24} {_weights_line(row)}" for row in found["weights"]),
        "optional",
        *(f"  {row['name']:<24} {row['version'] or row['install']}" for row in found["optional"]),
    ]
    if found["problems"]:
        lines.append("to do")
        for problem in found["problems"]:
            lines += [f"  {'!' if problem['core'] else '-'} {problem['what']}", f"      {problem['do']}"]
    lines.append("the core works" if found["ok"] else "the core does not work: mend the lines marked ! first")
    return "\n".join(lines)


def _weights_line(row: dict[str, Any]) -> str:
    if row["path"] is None:
        return f"not here: {row['get']}"
    verdict = {True: "as in the manifest", False: "NOT as in the manifest", None: "the manifest gives none"}[row["matches"]]
    return f"sha256 {row['sha256'][:12]}, {verdict}: {row['path']}"
