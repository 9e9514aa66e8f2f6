# SPDX-License-Identifier: Apache-2.0
"""What a frame costs on a GPU, stage by stage, what a head adds to its backbone there, and the dense order against ours. No ROS.

    python benchmarks/gpu_stages.py                                     a minute on a GPU; --device cpu for a machine without
    python benchmarks/gpu_stages.py --write-weights DIR                 DINOv2-S in half precision (44 MB), to be taken along
    python benchmarks/gpu_stages.py --weights DIR                       ... and read there; without any, weights are drawn

It needs torch, transformers, numpy, scipy, opencv, safetensors, jaxtyping, array-api-compat; no renderer. Drawn weights take as
long, but find nothing: then accuracies and whether a transfer is accepted mean nothing, and the last lines say so. Pictures are
the recorded red mug, and in pairs its turned copy. Stages and orders are those of benchmarks/head.py, which explains them;
times are medians on the wall, the device waited for after each stage. *All three* waits once, after the last: what a head and
matching add to a backbone is that less the backbone. Exit code 1 where what is asked (ASKED) does not hold.
"""
from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import head as heads
import numpy as np
import torch
from functional_loss import MIB, RESULTS, added_mib, machine
from torch import Tensor
from torch.nn.functional import normalize

from func_corr_ros import pretrained
from func_corr_ros.correspondence.backbone import BackboneSettings, Dinov2Backbone, load_backbone
from func_corr_ros.correspondence.head import PaperHead
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.object_crop import CropSettings
from func_corr_ros.correspondence.trained_head import find_head
from func_corr_ros.correspondence.weights import load_manifest
from func_corr_ros.errors import BadWeights
from func_corr_ros.evaluation.label_transfer import frame_scale, score_label_transfer
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.segmentation import make_segmenter
from func_corr_ros.transfer.demonstration_store import DemonstrationStore
from func_corr_ros.transfer.pipeline import Pipeline

DEMONSTRATIONS, DEMONSTRATION = Path(__file__).resolve().parents[1] / "test/data/demonstrations", "red_mug_pour"
SHOWN = DemonstrationStore(DEMONSTRATIONS).load(DEMONSTRATION)
BACKBONE, HEAD, SIZE = "dinov2-small", "func-corr-s", 448
BAND_PX = 11.0
ASKED = {"frames a second": 30.0, "added to the backbone": 0.25, "times faster": 5.0, "times less memory": 10.0}


class Device:
    """Where torch computes, and what a call took there."""

    def __init__(self, name: str, weights: Path | None) -> None:
        self.name, self.weights, self.drawn = name, weights, False

    def wait(self) -> None:
        if self.name != "cpu":
            torch.cuda.synchronize()

    def taken(self, calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
        """Returns the median milliseconds of each, run in turns."""
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for turn in range(repeats + 2):
            for name, call in calls.items():
                self.wait()
                start = time.perf_counter()
                call()
                self.wait()
                seconds[name] += [time.perf_counter() - start] * (turn > 1)  # the first two load and choose kernels
        return {name: 1e3 * statistics.median(some) for name, some in seconds.items()}

    def added_mib(self, call: Callable[[], Any]) -> float:
        """Returns the MiB that ``call`` holds at its peak beyond what was held before."""
        if self.name == "cpu":
            return added_mib(call)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return float(torch.cuda.max_memory_allocated() - before) / MIB

    def backbone(self, settings: BackboneSettings = BackboneSettings(), dtype: str = "fp32") -> Any:
        """Returns DINOv2-S: from ``weights``, as installed, or drawn where neither is there."""
        if self.weights is not None:
            return load_backbone(str(self.weights), self.name, dtype, settings)
        try:
            return load_backbone(BACKBONE, self.name, dtype, settings)
        except BadWeights:
            self.drawn = True
        torch.manual_seed(0)
        transformers = pretrained.transformers()
        model = transformers.Dinov2Model(transformers.Dinov2Config(**load_manifest()[BACKBONE].config))
        kind = {"fp32": torch.float32, "fp16": torch.float16}[dtype]
        return Dinov2Backbone(model.to(self.name, kind), "drawn", "0" * 64, settings).to(self.name)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="cuda is left out where there is no GPU")
    arguments.add_argument("--weights", type=Path, help="folder that --write-weights wrote")
    arguments.add_argument("--write-weights", type=Path, metavar="DIR")
    arguments.add_argument("--repeats", type=int, default=30)
    asked = arguments.parse_args()
    if asked.write_weights:
        load_backbone(BACKBONE, "cpu").model.half().save_pretrained(asked.write_weights)  # type: ignore[attr-defined]
        return 0
    if asked.device == "cuda" and not torch.cuda.is_available():
        print("no GPU here: nothing is measured (--device cpu for what there is)")
        return 0
    device = Device(asked.device, asked.weights)
    where = torch.cuda.get_device_name() if asked.device == "cuda" else "CPU"
    print(f"{where}; {machine()}")
    parts: dict[str, list[dict[str, Any]]] = {}
    file = RESULTS / f"gpu_stages_{time.strftime('%Y%m%d_%H%M%S')}.json"
    for name, measure in (("frames", frame_rows), ("pairs", pair_rows), ("orders", order_rows)):
        parts[name] = measure(device, asked.repeats)
        print_table(parts[name])  # and written: whatever stops the next part, this one is known
        write_json(file, {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "device": where, "torch": torch.__version__,
                          "drawn": device.drawn, "revision": code_revision(), **parts})
    print("weights:", "drawn" if device.drawn else asked.weights or BACKBONE)
    print("written to", file)
    missed = [missed_by(name, row[name]) for rows in parts.values() for row in rows for name in ASKED
              if name in row and row.get("order") != "dense" and missed_by(name, row[name])
              and (device.name != "cpu" or name != "frames a second")]
    print("FAILED: " + "; ".join(missed) if missed else "held")
    return 1 if missed else 0


def print_table(rows: list[dict[str, Any]]) -> None:
    print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        told = (f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values())
        print("| " + " | ".join(told) + " |", flush=True)


def missed_by(name: str, value: float) -> str:
    """Returns what is said of a figure that is not as asked, "" of one that is."""
    held = value <= ASKED[name] if name.startswith("added") else value >= ASKED[name]
    return "" if held else f"{name}: {value:.3g}, {ASKED[name]:g} asked"


def frame_rows(device: Device, repeats: int) -> list[dict[str, Any]]:
    """Returns milliseconds of each stage of the whole way of a frame, one after the other; ``embedding`` is within the next."""
    crop = CorrespondenceSettings(crop=CropSettings(size=SIZE))
    plain = [FunctionalCorrespondence(device.backbone(dtype=dtype), crop) for dtype in ("fp32", "fp16")]
    head = find_head(HEAD)
    assert head is not None
    backbone = device.backbone(head.spec.features)
    head.spec = replace(head.spec, backbone_sha256=backbone.weights_sha256)  # half precision has a hash of its own
    named = (f"{BACKBONE} {SIZE} px fp32", plain[0]), (f"{BACKBONE} {SIZE} px fp16", plain[1]), (
        f"{HEAD} {head.spec.crop.size} px fp32", FunctionalCorrespondence(backbone, head=head))
    return [frame_row(device, name, model, repeats) for name, model in named]


def frame_row(device: Device, name: str, model: FunctionalCorrespondence, repeats: int) -> dict[str, Any]:
    pipeline = Pipeline(make_segmenter("tabletop"), model, SHOWN)
    masks = list(pipeline.segmenter.segment(SHOWN.frame).masks().values())
    embedding = device.taken({"": lambda: model.embed(SHOWN.frame.color, masks, SHOWN.function)}, repeats)[""]
    runs = [pipeline.run(SHOWN.frame) for _ in range(repeats + 2)][2:]
    stages = {stage: 1e3 * statistics.median(run.timings.get(stage, 0.0) for run in runs)
              for stage in ("segmentation", "correspondence", "lift", "transfer")}
    return {"ms of a frame": name, "objects": len(masks), "embedding": embedding, **stages, "sum": sum(stages.values()),
            "frames a second": 1e3 / sum(stages.values()), "outcome": type(runs[-1].outcome).__name__}


def pair_rows(device: Device, repeats: int) -> list[dict[str, Any]]:
    """Returns milliseconds of the stages of one pair at SIZE with an untrained context head."""
    images, masks = ([some, np.ascontiguousarray(some[:, ::-1])] for some in (SHOWN.frame.color, SHOWN.mask))
    rows = []
    for dtype in ("fp32", "fp16"):
        model = heads.untrained(SIZE, device.backbone(heads.OUR_FEATURES, dtype))
        ms = device.taken(heads.stages_at(model, images, masks), repeats)
        rows.append({"ms of a pair": f"{SIZE} px {dtype}", **ms, "added to the backbone": ms["all three"] / ms["backbone"] - 1.0})
    return rows


def order_rows(device: Device, repeats: int) -> list[dict[str, Any]]:
    """Returns time, memory and answers of the paper's head in the dense order and in ours, of the mug and of a band of it that
    fills as much of its crop as the median object of functional-v1 does.
    """
    mask, (v, u) = SHOWN.mask, np.mgrid[: SHOWN.mask.shape[0], : SHOWN.mask.shape[1]]
    across = np.abs((u - u[mask].mean()) - (v - v[mask].mean()))
    backbone = device.backbone(heads.PAPER_FEATURES)
    return [row for name, some in (("a band of the mug", mask & (across < BAND_PX)), ("mug", mask))
            for row in orders_of(device, name, heads.turned_pair(SHOWN.frame.color, some, backbone), max(repeats // 10, 1))]


@torch.inference_mode()
def orders_of(device: Device, name: str, pair: tuple[Tensor, np.ndarray, np.ndarray], repeats: int) -> list[dict[str, Any]]:
    features, masks, truth = pair
    torch.manual_seed(0)
    head = PaperHead(len(heads.PAPER_LAYERS), heads.LAYER_CHANNELS, heads.TEXT_CHANNELS).eval().to(device.name)
    text = normalize(torch.randn(1, heads.TEXT_CHANNELS), dim=1).to(device.name)
    calls = {order: lambda call=call: call(head, features, masks, text) for order, call in heads.ORDERS.items()}
    ms, answers = device.taken(calls, repeats), {order: call() for order, call in calls.items()}
    mib, rows = {order: device.added_mib(call) for order, call in calls.items()}, []
    for order, found in answers.items():
        dense = answers["dense"][found[:, 0]]
        asked = truth[found[:, 0]]
        pck, same = (score_label_transfer(some[:, 1:], asked, frame_scale(masks[1])).pck(23) for some in (found, dense))
        rows.append({"object": name, "fills": float(masks[0].mean()), "order": order, "queries": len(found), "ms": ms[order],
                     "MiB": mib[order], "times faster": ms["dense"] / ms[order], "times less memory": mib["dense"] / mib[order],
                     "answers as dense": float((found == dense).all(axis=1).mean()), "PCK@23": pck, "PCK@23 of dense": same})
    return rows


if __name__ == "__main__":
    sys.exit(main())
