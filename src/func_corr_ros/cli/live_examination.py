# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a running graph, in plain words, and what to do about it: judged from what nodes.live_graph heard."""
from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from func_corr_ros.errors import MissingOptional, NoInput
from func_corr_ros.replay.dds_replay import why_no_ros

LISTENER = "func_corr_ros.nodes.live_graph"
# Fewer valid pixels than this in the whole picture: the sensor is blind, not the object shiny.
LEAST_DEPTH = 0.1
# A link of TF that was told longer ago than this, or whose stamp lies so far ahead, gives nothing for the newest image [s].
STALE_LINK, FUTURE_LINK = 1.0, 0.5
LARGE_PROFILE = "FASTDDS_DEFAULT_PROFILES_FILE=.../config/fastdds_large_images.xml for driver and nodes (docs/troubleshooting.md)"
ERROR = 2  # of diagnostic_msgs/DiagnosticStatus
MESSAGES = {"color": "Image", "depth": "Image", "camera_info": "CameraInfo"}
ARGUMENTS = {"color": "rgb_topic", "depth": "depth_topic", "camera_info": "camera_info_topic"}
Problem = dict[str, Any]


def heard(seconds: float, topics: dict[str, str], *, sim_time: bool = False) -> dict[str, Any]:
    """Returns what a listener in a process of its own hears in ``seconds`` (see nodes.live_graph).

    Raises MissingOptional where there is no ROS, NoInput with its last words where the listener fails.
    """
    reason = why_no_ros()
    if reason is not None:
        raise MissingOptional(f"{reason}; source a ROS 2 (Jazzy, Kilted), or `make setup && . tools/env.sh`")
    command = [sys.executable, "-m", LISTENER, "--seconds", str(seconds), *(["--use-sim-time"] if sim_time else [])]
    for key, topic in topics.items():
        command += [f"--{key.replace('_', '-')}", topic] if topic else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=4.0 * seconds + 60.0)
    if done.returncode:
        raise NoInput(f"listening failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def judged(found: dict[str, Any]) -> list[Problem]:
    """Returns what is wrong, the causes before what follows from them: {"what", "do", "core"}; ``core`` keeps results from
    coming.
    """
    return [
        *_nodes(found), *(problem for key in MESSAGES for problem in _topic(key, found)), *_together(found), *_clock(found),
        *_transforms(found),
    ]


def as_text(found: dict[str, Any], problems: list[Problem]) -> str:
    """Returns what was heard and what is wrong as lines for a terminal."""
    lines = [f"heard in {found['seconds']:g} s (domain {os.environ.get('ROS_DOMAIN_ID', '0')})", "nodes"]
    lines += [f"  {one['name']:<40} {'ok' if one['level'] == 0 else one['message']}" for one in found["nodes"]] or ["  none"]
    lines.append("camera")
    for key, one in found["topics"].items():
        size = f"{one['size'][1]}x{one['size'][0]}" if any(one["size"]) else ""
        age = "" if one["age_s"] is None else f"{1e3 * one['age_s']:.0f} ms old"
        valid = "" if one["valid_share"] is None else f"{100 * one['valid_share']:.0f} % valid"
        told = " ".join(filter(None, [f"{one['rate_hz']:.1f} Hz", size, one["encoding"], age, valid]))
        lines.append(f"  {key:<12} {one['topic']:<44} {told}")
    if found["skew_s"] is not None:
        lines.append(f"  depth comes {1e3 * found['skew_s']:+.1f} ms from its colour image")
    for problem in problems:
        lines += [f"  {'!' if problem['core'] else '-'} {problem['what']}", f"      {problem['do']}"]
    return "\n".join([*lines, "mend the first line first: others may follow from it" if problems else "nothing is wrong here"])


def _problem(what: str, do: str, core: bool = True) -> Problem:
    return {"what": what, "do": do, "core": core}


def _nodes(found: dict[str, Any]) -> Iterator[Problem]:
    if not found["nodes"]:
        yield _problem(
            "no node of this package is heard on /diagnostics",
            "ros2 launch func_corr_ros func_corr.launch.py; same ROS_DOMAIN_ID and RMW_IMPLEMENTATION in both shells?",
        )
    for one in found["nodes"]:
        if one["message"] == "not active":
            yield _problem(f"{one['name']} is not active", f"ros2 lifecycle set {one['name']} activate, or autostart:=true")
        if one["level"] >= ERROR:
            yield _problem(f"{one['name']}: {one['message']}", "restart it, and report what it was doing")
        error, age = one["values"].get("last_error"), float(one["values"].get("last_error_age_s") or 0.0)
        if error and age <= found["seconds"]:  # what came before is over
            yield _problem(f"{one['name']} said last: {error}", "docs/troubleshooting.md lists every error code", core=False)


def _topic(key: str, found: dict[str, Any]) -> Iterator[Problem]:
    one = found["topics"][key]
    topic, kind = one["topic"], MESSAGES[key]
    if not one["publishers"]:
        there = [name for name in found["others"][kind] if not name.startswith(("/segmentation_node", "/correspondence_node"))]
        near = difflib.get_close_matches(topic, there, n=3, cutoff=0.0)
        hint = f"; there are: {', '.join(near)}" if near else f"; nobody publishes any {kind}: does the camera driver run?"
        yield _problem(f"nobody publishes {topic}", f"{ARGUMENTS[key]}:=TOPIC names another{hint}")
        return
    if not any(name.endswith((f"/{kind}", "/CompressedImage")) for name in one["types"]):
        yield _problem(f"{topic} carries {', '.join(one['types'])}, not {kind}", f"name another topic with {ARGUMENTS[key]}:=")
        return
    for pair in one["deaf"]:
        yield _problem(
            f"{pair['subscriber']} cannot hear {pair['publisher']} on {topic}: {pair['reason']}",
            f"set input.{key}_qos to BEST_EFFORT, or make the publisher reliable",
        )
    if not one["received"]:
        yield _problem(f"{', '.join(one['publishers'])} publishes {topic}, but nothing arrives", LARGE_PROFILE)
    if one["refused"]:
        yield _problem(f"{topic} cannot be read: {one['refused']}", "see docs/sensors.md for what each driver has to be told")
    if one["valid_share"] is not None and one["valid_share"] < LEAST_DEPTH:
        yield _problem(
            f"only {100 * one['valid_share']:.0f} % of {topic} have a depth",
            "is the sensor covered, nearer than its minimum, or its emitter off? is this the registered depth?",
        )


def _together(found: dict[str, Any]) -> Iterator[Problem]:
    color, depth, info = (found["topics"][key] for key in ("color", "depth", "camera_info"))
    sizes = {one["topic"]: tuple(one["size"]) for one in (color, depth, info) if any(one["size"])}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{topic} {width}x{height}" for topic, (height, width) in sizes.items())
        yield _problem(f"sizes differ: {told}", "use the depth that is registered to colour, and the camera info of colour")
    frames = {one["frame_id"] for one in (color, depth) if one["received"]}
    if len(frames) > 1:
        yield _problem(
            f"colour is in frame {color['frame_id']!r}, depth in {depth['frame_id']!r}",
            "use the depth that is registered to colour (aligned_depth_to_color, depth_registered)", core=False,
        )
    slop = found["parameters"]["sync.slop"]
    if found["skew_s"] is not None and abs(found["skew_s"]) > slop:
        yield _problem(
            f"depth and colour are {1e3 * found['skew_s']:+.1f} ms apart, sync.slop is {1e3 * slop:.0f} ms: no set is complete",
            "let the driver synchronise or align them, or raise sync.slop",
        )
    rates = sorted(one["rate_hz"] for one in (color, depth) if one["received"] > 1)
    if len(rates) == 2 and rates[0] < 0.5 * rates[1]:
        yield _problem(
            f"colour comes at {color['rate_hz']:.1f} Hz, depth at {depth['rate_hz']:.1f} Hz: images are lost, or driven apart",
            LARGE_PROFILE, core=False,
        )


def _clock(found: dict[str, Any]) -> Iterator[Problem]:
    limit, age = found["parameters"]["max_input_age"], found["topics"]["color"]["age_s"]
    sim_time, clocks = found["parameters"]["use_sim_time"], found["clock_publishers"]
    if sim_time and not clocks:
        do = "ros2 bag play --clock, or use_sim_time:=false"
        yield _problem("the nodes take their time from /clock, which nobody publishes", do)
    elif age is not None and limit > 0.0 and age > limit:
        recorded = "a recording needs `--clock` and use_sim_time:=true; two machines need chrony"
        do = "use_sim_time:=true: /clock is published" if clocks else recorded
        yield _problem(f"images are {age:.1f} s old when they arrive, max_input_age is {limit:g} s: all are refused", do)
    elif age is not None and limit > 0.0 and age < -limit:
        do = "the clocks of camera and nodes differ: chrony, or use_sim_time"
        yield _problem(f"images are from {-age:.1f} s in the future", do)


def _transforms(found: dict[str, Any]) -> Iterator[Problem]:
    links: set[str] = set()
    for told in found["transforms"]:
        yield from (() if told["link"] in links else _transform(told))
        if told["problem"] or not told["frames"]:
            return  # it is the same for all
        links |= {told["link"]} - {""}


def _transform(told: dict[str, Any]) -> Iterator[Problem]:
    target, source = told["target"], told["source"]
    if told["wanted_by"] == "target_frame":
        who = f"target_frame is {target!r}"
        start = "start the robot's state publisher, and a static_transform_publisher for the camera; or target_frame:=''"
        other = "name another target_frame"
    else:
        who = f"the demonstration follows {target!r}"
        start = "start whoever finds that object, such as a tag detector or a pose estimator"
        other = "name another frame by transfer_node's anchor_frames"
    if told["problem"]:
        yield _problem(f"{who}, but TF cannot be looked at here", told["problem"], core=False)
    elif not told["frames"]:
        yield _problem(f"{who}, but nobody publishes /tf or /tf_static", start)
    elif not told["joined"] and source:
        missing = [name for name in (source, target) if name not in told["frames"]]
        near = {name: difflib.get_close_matches(name, told["frames"], n=1, cutoff=0.0)[0] for name in missing}
        hint = "; ".join(f"nearest to {name!r}: {frame!r}" for name, frame in near.items())
        why = f"nobody knows {' and '.join(map(repr, missing))}" if missing else "they are of two trees"
        do = f"publish what is between them{f' ({hint})' if hint else ''}, or {other}"
        yield _problem(f"TF does not join {source!r} to {target!r}: {why}", do)
    elif told["link"] and told["age_s"] < -FUTURE_LINK:
        do = "the clocks of its broadcaster and of the nodes differ: chrony, or use_sim_time on both"
        yield _problem(f"TF's {told['link']} is from {-told['age_s']:.1f} s in the future", do)
    elif told["link"] and told["silence_s"] + told["age_s"] > STALE_LINK:
        old = told["silence_s"] + told["age_s"]
        do = "does its broadcaster still run? a link that never moves belongs on /tf_static"
        yield _problem(f"TF's {told['link']} is {old:.1f} s old: images of now cannot be transformed", do)
