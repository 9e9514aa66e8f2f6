# SPDX-License-Identifier: Apache-2.0
"""What came back over topics during a replay, as plain values, arrays and pictures in one folder."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from func_corr_ros.encodings import decode_field
from func_corr_ros.errors import ErrorCode
from func_corr_ros.msg import FunctionalKeypointArray, TransferPhase, TransferResult
from func_corr_ros.nodes.messages import color_of, points_of, raw_image, stamp_ns, transform_of
from func_corr_ros.nodes.result_messages import segmentation_of
from func_corr_ros.provenance import write_json
from func_corr_ros.segmentation.segmenter import Segmentation

KEPT_MOMENTS = 16
# Topics that carry arrays of one moment; the last moment that has all of them is written. The second line is published
# only where matches were found, inliers only where one motion was.
ALWAYS = ("objects", "points", "keypoints", "transfer")
WHERE_MATCHED = ("flow", "confidence")


class ReplayRecord:
    """Collects messages by stamp: all transfer results, the newest moments' arrays, counts, and the nodes' timings."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.results: list[dict[str, Any]] = []
        self.unknown_stamps: Counter[str] = Counter()
        self.sent: dict[int, tuple[int, int]] = {}  # stamp -> (frame of the bag, the bag's own stamp)
        self.diagnostics: dict[str, dict[str, str]] = {}
        self.info: dict[str, Any] = {}
        self.matched = False
        self._moments: dict[int, dict[str, Any]] = {}

    def take(self, topic: str, message: Any, now_ns: int) -> None:
        """Keeps one message; those whose stamp was never sent are counted by topic."""
        self.counts[topic] += 1
        stamp = stamp_ns(message.header.stamp)
        if stamp not in self.sent:
            self.unknown_stamps[topic] += 1
            return
        self._moments.setdefault(stamp, {})[topic] = message
        while len(self._moments) > KEPT_MOMENTS:
            del self._moments[min(self._moments)]
        if topic == "transfer":
            frame, bag_stamp = self.sent[stamp]
            latency = {"frame": frame, "bag_stamp_ns": bag_stamp, "latency_s": (now_ns - stamp) / 1e9}
            self.results.append({**result_record(message), **latency})
        if topic == "info":
            self.info = {"model": message.model_id, "sha256": message.weights_sha256, "conditioned": message.conditioned}
            self.info |= {"matches": message.matches, "stride_px": message.lattice_stride, "age_s": message.age}
            self.matched |= message.matches > 0

    def take_diagnostics(self, message: Any) -> None:
        """Keeps the newest values of every node."""
        for status in message.status:
            self.diagnostics[status.name] = {pair.key: pair.value for pair in status.values}

    def timings_ms(self) -> dict[str, dict[str, float]]:
        """Returns p50 and p95 of every stage as the nodes report them."""
        found: dict[str, dict[str, float]] = {}
        for values in self.diagnostics.values():
            for key, value in values.items():
                stage, _, kind = key.rpartition(".")
                if kind in ("p50_ms", "p95_ms"):
                    found.setdefault(stage, {})[kind[:3]] = float(value)
        return found

    def last_complete(self) -> dict[str, Any] | None:
        """Returns the messages of the newest moment that lacks none of its arrays, or None."""
        whole = [stamp for stamp, messages in self._moments.items() if _is_whole(messages)]
        return self._moments[max(whole)] if whole else None

    def write(self, folder: Path, asked: Mapping[str, Any], missing: list[str]) -> Path:
        """Writes ``result.json``, ``arrays.npz``, ``overlay.png`` and ``flow_color.png`` into ``folder``, whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        made.chmod(0o755)
        try:
            write_json(made / "result.json", self._summary(asked, missing))
            moment = self.last_complete()
            if moment is not None:
                np.savez_compressed(made / "arrays.npz", **arrays(moment))  # type: ignore[arg-type]
                for name in ("overlay", "flow_color"):
                    if name in moment:
                        cv2.imwrite(str(made / f"{name}.png"), color_of(moment[name])[..., ::-1])
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return folder

    def _summary(self, asked: Mapping[str, Any], missing: list[str]) -> dict[str, Any]:
        latency = [1e3 * result["latency_s"] for result in self.results]
        percentiles = dict(zip(("p50", "p95"), np.percentile(latency, (50, 95)).tolist(), strict=True)) if latency else {}
        return {
            **asked,
            "frames_sent": len(self.sent),
            "received": dict(self.counts),
            "missing_topics": missing,
            "unknown_stamps": dict(self.unknown_stamps),
            "accepted": sum(result["accepted"] for result in self.results),
            "info": self.info,
            "latency_ms": percentiles,
            "timings_ms": self.timings_ms(),
            "diagnostics": self.diagnostics,
            "results": self.results,
        }


def result_record(message: TransferResult) -> dict[str, Any]:
    """Returns a transfer result as plain values."""
    names = (
        "function",
        "demonstration_id",
        "object_id",
        "accepted",
        "score",
        "inlier_ratio",
        "inliers",
        "scale",
        "mirrored",
        "age",
    )
    known = message.error_code in set(ErrorCode)
    return {
        "stamp_ns": stamp_ns(message.header.stamp),
        "frame_id": message.header.frame_id,
        "code": message.error_code,
        "error": ErrorCode(message.error_code).name if known else "UNKNOWN",
        "reason": message.error_msg,
        "residual_m": message.rms_residual,
        **{name: getattr(message, name) for name in names},
        "phases": [phase_record(phase) for phase in message.phases],
    }


def phase_record(phase: TransferPhase) -> dict[str, Any]:
    """Returns a phase as plain values: position in metres, quaternion (x, y, z, w)."""
    p, q = phase.pose.pose.position, phase.pose.pose.orientation
    made = {"name": phase.name, "tool_link": phase.tool_link, "relative_to": phase.relative_to}
    return {**made, "position": [p.x, p.y, p.z], "quaternion_xyzw": [q.x, q.y, q.z, q.w]}


def keypoint_arrays(message: FunctionalKeypointArray) -> dict[str, np.ndarray]:
    """Returns names, live pixels, reference pixels, points and confidence of the keypoints."""
    items = message.keypoints
    return {
        "keypoint_names": np.array([item.name for item in items], dtype=np.str_),
        "keypoint_uv": np.array([(item.u, item.v) for item in items]).reshape(-1, 2),
        "keypoint_uv_reference": np.array([(item.u_ref, item.v_ref) for item in items]).reshape(-1, 2),
        "keypoint_points": np.array([(item.point.x, item.point.y, item.point.z) for item in items]).reshape(-1, 3),
        "keypoint_confidence": np.array([item.confidence for item in items]),
    }


def arrays(moment: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the arrays of one moment's messages, named as in the documentation of replay_client."""
    points, found = points_of(moment["points"]), segmentation_of(moment["objects"])
    object_id = moment["keypoints"].object_id
    seen = object_id and isinstance(found, Segmentation)
    mask = found.labels == object_id if seen else np.zeros((0, 0), dtype=bool)
    inliers = points_of(moment["inliers"]) if "inliers" in moment else None
    phases = [transform_of(phase.pose.pose) for phase in moment["transfer"].phases]
    return {
        "stamp_ns": np.array(stamp_ns(moment["transfer"].header.stamp)),
        "mask": mask,
        "flow": decode_field(*raw_image(moment["flow"])) if "flow" in moment else np.zeros((0, 0, 2), dtype=np.float32),
        "confidence": decode_field(*raw_image(moment["confidence"]))[..., 0] if "confidence" in moment else np.zeros((0, 0)),
        "points": points.points,
        "points_uv": points.uv,
        "points_uv_reference": points.uv_reference,
        "points_confidence": points.confidence,
        "inliers_uv": inliers.uv if inliers is not None else np.zeros((0, 2), dtype=np.float32),
        "inliers_uv_reference": inliers.uv_reference if inliers is not None else np.zeros((0, 2), dtype=np.float32),
        "frame_from_tool": np.stack(phases) if phases else np.zeros((0, 4, 4)),
        **keypoint_arrays(moment["keypoints"]),
    }


def _is_whole(messages: Mapping[str, Any]) -> bool:
    if not all(topic in messages for topic in ALWAYS):
        return False
    wanted = [*(WHERE_MATCHED if messages["points"].width else ())]
    wanted += ["inliers"] if math.isfinite(messages["transfer"].rms_residual) else []
    return all(topic in messages for topic in wanted)
