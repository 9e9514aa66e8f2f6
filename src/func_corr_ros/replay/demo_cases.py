# SPDX-License-Identifier: Apache-2.0
"""The cases of the main job: a pour shown on a mug, rendered and real, and the objects it is carried to, each a recording."""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from jaxtyping import Float64

from func_corr_ros.data.demo_scenes import DemoScenes, demo_scenes
from func_corr_ros.data.sensor_noise import SensorNoiseSettings, noisy_color, noisy_depth
from func_corr_ros.data.tabletop_scene import SceneView
from func_corr_ros.errors import BadRecording
from func_corr_ros.evaluation.frame_folder import read_frame
from func_corr_ros.evaluation.outcome import phase_from_record, phase_record
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import write_json
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at
from func_corr_ros.transfer.demonstration_store import DemonstrationStore, read_demonstration
from func_corr_ros.transfer.transfer import TransferredPhase

RENDERED_ID = "rendered_mug_pour"
REAL_ID = "red_mug_pour"
# name of the case -> what the target is, its frame in the shared data, its hand-marked keypoints
REAL_TARGETS = {
    "real_mug_to_mug": ("blue mug", "tabletop_blue_mug", "blue_mug"),
    "real_mug_to_cardboard_mug": ("cardboard mug among other things", "kgn_1", "cardboard_mug"),
    "real_mug_to_pitcher": ("pitcher among other things", "ycbv_4", "pitcher"),
}
RENDERED_TARGETS = {"rendered_mug_to_mug": ("another mug", "mug"), "rendered_mug_to_pitcher": ("pitcher", "pitcher")}
# The name of the outlet among the hand-marked keypoints.
MARKED_OUTLET = "rim_opposite"
FRAMES, PERIOD_NS = 10, 100_000_000


@dataclass(frozen=True)
class DemoCase:
    """One recording with its demonstration. ``truth`` is where each phase's tool truly belongs, by phase (rendered cases only);
    ``marked`` is the outlet's pixel as a person marked it (real cases only)."""

    name: str
    target: str
    real: bool
    demonstration: Demonstration
    bag: Path
    truth: Mapping[str, Float64[np.ndarray, "4 4"]]
    marked: tuple[float, float] | None


def recorded_cases(folder: Path, repository: Path, data: Path | None, say: Callable[[str], None]) -> tuple[DemoCase, ...]:
    """Returns every case, recorded under ``folder`` unless the same recordings are there already.

    ``repository`` holds ``test/data``; ``data`` holds the shared real frames, None leaves the real cases out.
    ``folder / "demonstrations"`` is a store that the nodes can load from.
    """
    place = folder / _key(repository, data)
    if not place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            shutil.rmtree(old)
        made = Path(tempfile.mkdtemp(prefix=".recording.", dir=folder))
        try:
            say("rendering three table scenes and recording them (once; about half a minute)")
            _record_rendered(made)
            if data is not None:
                say("recording the real camera frames")
                _record_real(made, repository, data)
            made.chmod(0o755)
            os.replace(made, place)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    names = [*RENDERED_TARGETS, *(REAL_TARGETS if data is not None else ())]
    return tuple(_read_case(place / f"{name}.json") for name in names)


def demonstrations_folder(cases: tuple[DemoCase, ...]) -> Path:
    """Returns the store that holds the demonstrations of ``cases``."""
    return cases[0].bag.parent / "demonstrations"


def _record_rendered(place: Path) -> None:
    scenes = demo_scenes(noise=SensorNoiseSettings())
    DemonstrationStore(place / "demonstrations").record(shown_on_render(scenes))
    for name, (target, view) in RENDERED_TARGETS.items():
        write_bag(place / name, _noisy_frames(scenes.targets[view]))
        truth = [TransferredPhase(p.name, p.tool_link, scenes.true_tool_pose(view, p)) for p in scenes.phases]
        case = {"demonstration": RENDERED_ID, "target": target, "real": False, "truth": [phase_record(p) for p in truth]}
        write_json(place / f"{name}.json", case)


def shown_on_render(scenes: DemoScenes) -> Demonstration:
    """Returns the rendered demonstration as a person would record it: outline and keypoints are marked, the support is found."""
    frame, mask = scenes.demonstration.frame, scenes.demonstration.mask("target")
    return Demonstration(
        id=RENDERED_ID,
        function=scenes.function,
        object="mug",
        frame=frame,
        mask=mask,
        keypoints=tuple(keypoint_at(frame, name, uv, mask) for name, uv in scenes.keypoints(scenes.demonstration).items()),
        phases=tuple(Phase(p.name, p.tool_link, p.relative_to, p.camera_from_tool) for p in scenes.phases),
        support=GivenMaskSegmenter(mask).segment(frame).support,
    )


def _noisy_frames(view: SceneView) -> list[RgbdFrame]:
    """Returns what a resting camera records: the same view, the sensor's noise new in every frame."""
    exact, camera, noise, frames = view.exact, view.frame.camera, SensorNoiseSettings(), []
    for number in range(FRAMES):
        rng = np.random.default_rng([7, number])
        depth = noisy_depth(exact.depth, exact.normals, camera, noise, rng)
        color = noisy_color(exact.color, noise, rng)
        frames.append(RgbdFrame(color, depth, camera, (number + 1) * PERIOD_NS, view.frame.frame_id))
    return frames


def _record_real(place: Path, repository: Path, data: Path) -> None:
    shutil.copytree(repository / "test/data/demonstrations" / REAL_ID, place / "demonstrations" / REAL_ID)
    for name, (target, source, marked) in REAL_TARGETS.items():
        frame = read_frame(data / source)
        stamps = [(number + 1) * PERIOD_NS for number in range(FRAMES)]
        write_bag(place / name, [RgbdFrame(frame.color, frame.depth, frame.camera, s, frame.frame_id) for s in stamps])
        points = yaml.safe_load((repository / "test/data/keypoints" / f"{marked}.yaml").read_text())["points"]
        case = {"demonstration": REAL_ID, "target": target, "real": True, "truth": [], "marked": points[MARKED_OUTLET]}
        write_json(place / f"{name}.json", case)


def _read_case(path: Path) -> DemoCase:
    text = json.loads(path.read_text())
    truth = {item["name"]: phase_from_record(item).camera_from_tool for item in text["truth"]}
    marked = text.get("marked")
    return DemoCase(
        name=path.stem,
        target=text["target"],
        real=text["real"],
        demonstration=read_demonstration(path.parent / "demonstrations" / text["demonstration"]),
        bag=path.with_suffix(""),
        truth=truth,
        marked=None if marked is None else (float(marked[0]), float(marked[1])),
    )


def _key(repository: Path, data: Path | None) -> str:
    """Returns a name for the recordings that changes with everything they are made from."""
    package = Path(__file__).resolve().parents[1]
    sources = [Path(__file__), package / "encodings.py", package / "replay" / "rgbd_bag.py"]
    sources += [path for room in ("data", "segmentation") for path in sorted((package / room).rglob("*.py"))]
    if data is not None:
        for _, frame, marked in REAL_TARGETS.values():
            sources += [data / frame / name for name in ("color.png", "depth.png", "frame.json")]
            sources.append(repository / "test/data/keypoints" / f"{marked}.yaml")
        sources += sorted((repository / "test/data/demonstrations" / REAL_ID).iterdir())
    total = hashlib.sha256(b"real" if data is not None else b"rendered only")
    for path in sources:
        if not path.is_file():
            raise BadRecording(f"{path} is missing; the demo's recordings are made from it")
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
