# SPDX-License-Identifier: Apache-2.0
"""What a head adds to its backbone, and what our order of evaluation saves over the paper's dense one.

    python benchmarks/head.py            about two minutes on one core; 8 GB of memory

Heads are untrained: time and memory do not depend on weights. First: two rendered pictures of 448 px, a context head of default
settings on DINOv2-S; backbone (both objects in one pass), head (grids, and descriptors on both lattices) and matching (one way,
and the way back of what was found), at crops of 224 px, which ship, and of 448 px. The head is made to see as large a part of
both objects as the functional part is in functional-v1, since part is matched with part.

Second: the paper's head (arXiv 2509.03893) on crops of 224 px of a picture and of the same picture turned, shrunk and shifted,
whose true matches are known; of an object that fills as much of its crop as the median one of functional-v1 does (11 %), and of
one that fills more than 95 % of them do. Dense: features at every pixel, joined with the text, the whole perceptron, then all
similarities of the object's pixels with the other picture, and their maximum over its object. Ours: the linear half on the patch
grid, the rest at the objects' pixels, similarities in blocks. Each order runs in a process of its own; memory is what it holds
at its peak beyond features and weights. Ratios are of one run on one machine.
"""
from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from functional_loss import added_mib, machine, system_seconds
from torch import Tensor
from torch.nn.functional import linear, normalize

from func_corr_ros.correspondence.backbone import Backbone, BackboneSettings, load_backbone
from func_corr_ros.correspondence.embedding import ANCHORS, HeadGrid, embedding_of, pixel_lattice, read_grids
from func_corr_ros.correspondence.head import ContextHead, PaperHead
from func_corr_ros.correspondence.matching import nearest_neighbours
from func_corr_ros.correspondence.model import FunctionalCorrespondence, headed
from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow, crop_object, cut, cut_mask, patch_coverage
from func_corr_ros.correspondence.patch_grid import sample_grid
from func_corr_ros.correspondence.trained_head import HeadSpec, TrainedHead
from func_corr_ros.evaluation.label_transfer import THRESHOLDS, frame_scale, score_label_transfer
from func_corr_ros.provenance import code_revision, write_json

FUNCTION = "pour-with"
OBJECTS = ("mug", "pitcher")
TURNED_OBJECTS = ("pan", "mug")
SIZES = (224, 448)
# The functional part's share of an object's pixels, mean of functional-v1.
PART_SHARE = 0.24
# Blocks of DINOv2-S that our head reads and the paper's does; channels of one; of the paper's text vectors.
OUR_LAYERS, PAPER_LAYERS, LAYER_CHANNELS, TEXT_CHANNELS = (5, 8, 9, 10, 11), (9, 10, 11), 384, 512
OUR_FEATURES = BackboneSettings(layers=OUR_LAYERS, aggregate="concat", final_norm=False)
PAPER_FEATURES = BackboneSettings(layers=PAPER_LAYERS, aggregate="concat", final_norm=False)
SIZE = 224
PRINTED = (23, 10)
RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=1, help="of torch; with 1, CPU time counts, else time on the wall")
    arguments.add_argument("--repeats", type=int, default=7, help="runs of each stage, in turns; the median counts")
    arguments.add_argument("--order-repeats", type=int, default=1, help="runs of each order of evaluation, in turns")
    arguments.add_argument("--order", nargs=2, metavar=("ORDER", "FILE"), help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    torch.set_num_threads(asked.threads)
    clock = time.process_time if asked.threads == 1 else time.perf_counter
    if asked.order:
        print(json.dumps(measured(asked.order[0], Path(asked.order[1]), clock)))
        return
    print(f"{machine()}; {'CPU time' if asked.threads == 1 else 'time on the wall'}\n")
    stages = stage_times(asked.repeats, clock)
    print_stages(stages)
    orders = [row for name in TURNED_OBJECTS for row in order_figures(name, asked.order_repeats, asked.threads)]
    print_orders(orders)
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "threads": asked.threads,
              "torch": torch.__version__, "revision": code_revision(), "stages": stages, "orders": orders}
    print("written to", write_json(RESULTS / f"head_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def stage_times(repeats: int, clock: Callable[[], float]) -> list[dict[str, Any]]:
    """Returns milliseconds of each stage of a pair at each of SIZES, the median of ``repeats`` in turns."""
    images, masks = (list(some) for some in zip(*(pictured(category) for category in OBJECTS), strict=True))
    backbone = load_backbone("dinov2-small", "cpu", settings=OUR_FEATURES)
    stages = {size: stages_at(untrained(size, backbone), images, masks) for size in SIZES}
    taken: dict[int, dict[str, list[float]]] = {size: {name: [] for name in stages[size]} for size in SIZES}
    for _ in range(repeats):
        for size in SIZES:
            for name, stage in stages[size].items():
                start = clock()
                stage()
                taken[size][name].append(1e3 * (clock() - start))
    return [{"size_px": size, "ms": {name: statistics.median(some) for name, some in taken[size].items()}} for size in SIZES]


def pictured(category: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns a rendered picture of an object, and its mask."""
    from func_corr_ros.data.render_job import ViewTask, rendered  # gpu_stages.py runs where there is no renderer

    view = rendered(ViewTask(category=category, azimuth=40.0, elevation=25.0))
    return view.color, view.mask


def stages_at(
    model: FunctionalCorrespondence, images: list[np.ndarray], masks: list[np.ndarray]
) -> dict[str, Callable[[], Any]]:
    """Returns the stages of one pair, as FunctionalCorrespondence has them, each once run."""
    assert model.head is not None
    head, crop, vector = model.head, model.settings.crop, model.head.functions[FUNCTION]
    pairs = [crop_object(image, mask, crop) for image, mask in zip(images, masks, strict=True)]
    crops, windows = np.stack([picture for picture, _ in pairs]), [window for _, window in pairs]
    features = model.backbone.patch_features(crops)

    @torch.inference_mode()
    def headed_lattices(features: Tensor = features) -> list[Any]:
        shown = np.stack([cut_mask(mask, window) for mask, window in zip(masks, windows, strict=True)])
        own, grids = headed(head, features, patch_coverage(shown, model.backbone.patch_size), vector, head.spec.decoding.plain)
        return [embedding_of(*one, model.settings.max_pixels) for one in zip(own, grids, windows, masks, strict=True)]

    logits = torch.cat([one.part for one in headed_lattices()]).logit()
    head.network.smooth.bias[-1] -= float(logits.quantile(1.0 - PART_SHARE))
    a, b = headed_lattices()
    model.match(a, b)
    return {
        "backbone": lambda: model.backbone.patch_features(crops), "head": headed_lattices, "matching": lambda: model.match(a, b),
        "all three": lambda: model.match(*headed_lattices(model.backbone.patch_features(crops))),
    }


def untrained(size: int, backbone: Backbone) -> FunctionalCorrespondence:
    """Returns a model with an untrained head of default settings for crops of ``size`` px; ``backbone`` gives OUR_FEATURES."""
    torch.manual_seed(0)
    words = {FUNCTION: normalize(torch.randn(LAYER_CHANNELS), dim=0)}  # as long as MiniLM's
    layers = len(OUR_LAYERS)
    spec = HeadSpec("context", backbone.name, backbone.weights_sha256, "minilm", "", layers, LAYER_CHANNELS, LAYER_CHANNELS, {},
                    OUR_FEATURES, CropSettings(size=size))
    head = TrainedHead(ContextHead(layers, LAYER_CHANNELS, LAYER_CHANNELS), spec, words)
    return FunctionalCorrespondence(backbone, head=head)


def order_figures(category: str, repeats: int, threads: int) -> list[dict[str, Any]]:
    """Returns time, memory and right answers of each order, and the share of its answers that the dense one gives."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inputs.npz"
        features, masks, truth = turned_pair(*pictured(category), load_backbone("dinov2-small", "cpu", settings=PAPER_FEATURES))
        np.savez(file, features=features.numpy(), masks=masks)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ORDERS}
        for _ in range(repeats):
            for name in ORDERS:
                command = [sys.executable, __file__, "--threads", str(threads), "--order", name, str(file)]
                runs[name].append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        answers = {name: np.load(file.with_suffix(f".{name}.npy")) for name in ORDERS}
    rows = []
    for name, found in answers.items():
        asked, dense = found[:, 0], answers["dense"][found[:, 0]]
        score, same = (score_label_transfer(some[:, 1:], truth[asked], frame_scale(masks[1])) for some in (found, dense))
        rows.append({"object": category, "filled": float(masks[0].mean()), "order": name, "queries": len(found),
                     **{what: statistics.median(run[what] for run in runs[name]) for what in runs[name][0]},
                     "agree": float((found == dense).all(axis=1).mean()),
                     "pck": {t: score.pck(t) for t in THRESHOLDS}, "pck_dense": {t: same.pck(t) for t in THRESHOLDS}})
    return rows


def turned_pair(color: np.ndarray, mask: np.ndarray, backbone: Backbone) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Returns features and masks of the crops of a picture and of its copy, turned, shrunk and shifted, and the true place in the
    second crop of each pixel of the object in the first.
    """
    height, width = mask.shape
    other_from_one = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), 20.0, 0.85)
    other_from_one += np.array([[0.0, 0.0, 12.0], [0.0, 0.0, -9.0]])
    turned = cv2.warpAffine(color, other_from_one, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    turned_mask = cv2.warpAffine(mask.astype(np.uint8), other_from_one, (width, height)) > 0
    settings = CropSettings(size=SIZE, background="white")  # the paper's
    pairs = [(crop_object(*one, settings)[1], *one) for one in ((color, mask), (turned, turned_mask))]
    crops = np.stack([cut(image, shown, window, settings.background) for window, image, shown in pairs])
    masks = np.stack([cut_mask(shown, window) for window, _, shown in pairs])
    one, other = pairs[0][0], pairs[1][0]
    image = one.image_from_crop(pixels_of(masks[0]).astype(np.float64))
    truth = other.crop_from_image(image @ other_from_one[:, :2].T + other_from_one[:, 2])
    return backbone.patch_features(crops), masks, truth


@torch.inference_mode()
def measured(order: str, file: Path, clock: Callable[[], float]) -> dict[str, float]:
    """Returns seconds and MiB of one order in this process, and writes its answers beside ``file``: rows (query, u, v)."""
    torch.manual_seed(0)
    head = PaperHead(len(PAPER_LAYERS), LAYER_CHANNELS, TEXT_CHANNELS).eval()
    text = normalize(torch.randn(1, TEXT_CHANNELS), dim=1)
    with np.load(file) as arrays:
        features, masks = torch.from_numpy(arrays["features"]), arrays["masks"]
    few = np.zeros_like(masks)
    few[:, 100:104, 100:104] = True
    ORDERS["ours"](head, features, few, text)  # loads what is loaded when first needed
    taken, found = [], []

    def run() -> None:
        start, system = clock(), system_seconds()
        found.append(ORDERS[order](head, features, masks, text))
        taken.extend((clock() - start, system_seconds() - system))

    added = added_mib(run)
    np.save(file.with_suffix(f".{order}.npy"), found[0])
    return {"seconds": taken[0], "system_seconds": taken[1], "added_mib": added}


def dense(head: PaperHead, features: Tensor, masks: np.ndarray, text: Tensor) -> np.ndarray:
    """The paper's order."""
    everywhere = torch.from_numpy(pixels_of(np.ones_like(masks[0]))).to(features.device)
    a, b = (perceptron_at(head, grid[None], everywhere, text) for grid in features)
    within_a, within_b = (torch.from_numpy(mask.reshape(-1)).to(features.device) for mask in masks)
    similarity = a[within_a] @ b.T
    best = similarity.masked_fill_(~within_b, -1.0).argmax(dim=1)
    return np.concatenate([np.arange(len(best))[:, None], everywhere[best].cpu().numpy()], axis=1).astype(np.int64)


def perceptron_at(head: PaperHead, features: Tensor, uv: Tensor, text: Tensor) -> Tensor:
    """Returns unit descriptors: projected features sampled at pixels, joined with the text, and the whole perceptron."""
    _, _, gh, gw = features.shape
    mixed = torch.einsum("l,lchw->hwc", head.layer_weights.softmax(0), features.reshape(head.layers, -1, gh, gw))
    pixels = sample_grid(normalize(head.project(mixed), dim=-1).permute(2, 0, 1), uv, SIZE / gh)
    joined = torch.cat([pixels, text.expand(len(uv), -1)], dim=1)
    first = torch.cat([head.first_image.weight, head.first_text.weight], dim=1)
    hidden = torch.relu(linear(joined, first, head.first_image.bias))
    return normalize(head.third(torch.relu(head.second(hidden))), dim=1)


def ours(head: PaperHead, features: Tensor, masks: np.ndarray, text: Tensor) -> np.ndarray:
    """Our order, for the same pixels: all of both objects."""
    return on_pixels(head, features, [pixels_of(mask) for mask in masks], np.arange(masks[0].sum()), text)


def shipped(head: PaperHead, features: Tensor, masks: np.ndarray, text: Tensor) -> np.ndarray:
    """Our order on the pixels that FunctionalCorrespondence compares: a lattice of one object, anchors of the other."""
    queries, targets = pixel_lattice(masks[0], 4096)[0], pixel_lattice(masks[1], ANCHORS)[0]
    index = np.cumsum(masks[0].reshape(-1)) - 1
    asked = index[(queries[:, 1] * SIZE + queries[:, 0]).astype(int)]
    return on_pixels(head, features, [queries, targets], asked, text)


def on_pixels(head: PaperHead, features: Tensor, pixels: list[np.ndarray], asked: np.ndarray, text: Tensor) -> np.ndarray:
    grids = head.grid(features, features[:, :1], text.expand(2, -1))
    window = CropWindow(0, 0, SIZE, SIZE)
    a, b = (read_grids(own, HeadGrid(grid, head.finish, 0.0), window, uv)[0]
            for own, grid, uv in zip(features, grids, pixels, strict=True))
    best = nearest_neighbours(a, b).index_ab.cpu().numpy()
    return np.concatenate([asked[:, None], pixels[1][best]], axis=1).astype(np.int64)


ORDERS: dict[str, Callable[[PaperHead, Tensor, np.ndarray, Tensor], np.ndarray]] = {
    "dense": dense, "ours": ours, "ours, default pixels": shipped,
}


def pixels_of(mask: np.ndarray) -> np.ndarray:
    """Returns the pixels (u, v) of ``mask`` in reading order."""
    return np.argwhere(mask)[:, ::-1].astype(np.float32)


def print_stages(rows: list[dict[str, Any]]) -> None:
    print("| crops | backbone | head | matching | head and matching over backbone |\n|---|---:|---:|---:|---:|")
    for row in rows:
        ms = row["ms"]
        print(f"| {row['size_px']} px | {ms['backbone']:.0f} ms | {ms['head']:.0f} ms | {ms['matching']:.0f} ms | "
              f"{100 * (ms['head'] + ms['matching']) / ms['backbone']:.0f} % |")


def print_orders(rows: list[dict[str, Any]]) -> None:
    print("\n| object | fills | order | queries | time | of it system | faster | memory | less | answers as dense | "
          + " | ".join(f"PCK@{t} (dense)" for t in PRINTED) + " |\n|---|---:|---|" + (7 + len(PRINTED)) * "---:|")
    for row in rows:
        reference = next(one for one in rows if one["object"] == row["object"])
        faster, less = (reference[what] / row[what] for what in ("seconds", "added_mib"))
        scores = " | ".join(f"{row['pck'][t]:.4f} ({row['pck_dense'][t]:.4f})" for t in PRINTED)
        print(f"| {row['object']} | {100 * row['filled']:.0f} % | {row['order']} | {row['queries']} | {row['seconds']:.2f} s | "
              f"{row['system_seconds']:.2f} s | {faster:.1f}x | {row['added_mib']:.0f} MiB | {less:.1f}x | "
              f"{100 * row['agree']:.1f} % | {scores} |")


if __name__ == "__main__":
    main()
