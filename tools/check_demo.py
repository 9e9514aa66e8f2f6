# SPDX-License-Identifier: Apache-2.0
"""Fails when something that `make demo` promises is missing from its folder: a case, a pose, a topic, a picture, the page."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

CASE_KEYS = {
    "name",
    "function",
    "real",
    "segmenter",
    "method",
    "matches",
    "residual_m",
    "refused",
    "reason",
    "translation_error_m",
    "rotation_error_deg",
    "pictures",
}
# What plain features must reach on the rendered scene, for at least one case.
TRANSLATION_M, ROTATION_DEG = 0.020, 15.0
PNG, GIF, EMPTY_PNG = b"\x89PNG\r\n\x1a\n", b"GIF8", 2000  # an empty canvas compresses to less bytes than this


def problems(folder: Path) -> list[str]:
    """Returns one line for everything that is missing or out of bounds; nothing when the demo kept its promises."""
    try:
        result = json.loads((folder / "result.json").read_text())
        details = json.loads((folder / "details.json").read_text())
    except (OSError, ValueError) as error:
        return [f"result.json or details.json: {error}"]
    cases = result.get("cases") or []
    found = [] if (folder / "report.html").is_file() else ["report.html is missing"]
    found += [f"result.json has no {key}" for key in ("cases", "timings_ms", "weights") if not result.get(key)]
    for case in cases:
        name = case.get("name", "?")
        lines = [*case_problems(case, folder), *topic_problems(details.get(name) or {}, bool(case.get("refused")))]
        found += [f"case {name}: {line}" for line in lines]
    if cases and not any(is_exact(case) for case in cases):
        found.append(f"no rendered case within {1e3 * TRANSLATION_M:.0f} mm and {ROTATION_DEG:.0f} deg of the truth")
    return found


def case_problems(case: dict[str, Any], folder: Path) -> list[str]:
    """Returns what is wrong with a case of result.json and its pictures."""
    missing = sorted(CASE_KEYS - set(case))
    if missing:
        return [f"no {', '.join(missing)}"]
    found = [] if case["pictures"] else ["no picture"]
    found += [f"{name} is no picture" for name in case["pictures"] if not is_picture(folder / name)]
    if case["refused"] and not case["reason"]:
        found.append("refused without a reason")
    if not case["refused"] and not (isinstance(case["residual_m"], float) and case["matches"]):
        found.append("accepted without a residual or without matches")
    return found


def topic_problems(details: dict[str, Any], refused: bool) -> list[str]:
    """Returns what is wrong with what came back over the nodes' topics: silence, foreign stamps, no pose or a broken one."""
    if not details.get("received"):
        return ["nothing came back over topics"]
    found = [f"nothing came from topic {topic}" for topic in details.get("missing_topics", [])]
    found += [f"{count} messages of {topic} carry no input's stamp" for topic, count in details.get("unknown_stamps", {}).items()]
    phases = details.get("phases") or []
    if not refused and not phases:
        found.append("accepted without a pose")
    for phase in phases:
        numbers = [*phase["position"], *phase["quaternion_xyzw"]]
        if len(numbers) != 7 or not all(isinstance(number, float | int) and math.isfinite(number) for number in numbers):
            found.append(f"the pose of phase {phase['name']} is {numbers}")
    return found


def is_picture(path: Path) -> bool:
    """Returns whether ``path`` is a PNG or a GIF with something on it."""
    return path.is_file() and path.stat().st_size > EMPTY_PNG and path.read_bytes().startswith((PNG, GIF))


def is_exact(case: dict[str, Any]) -> bool:
    """Returns whether a case of known truth was accepted and is as close as it must be."""
    errors = case.get("translation_error_m"), case.get("rotation_error_deg")
    return None not in errors and not case.get("refused") and errors[0] <= TRANSLATION_M and errors[1] <= ROTATION_DEG


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")
    found = problems(folder)
    for line in found:
        print(f"demo: {line}", file=sys.stderr)
    print(
        f"demo: {len(found)} problems in {folder}" if found else f"demo: every case, pose, topic and picture of {folder} is there"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
