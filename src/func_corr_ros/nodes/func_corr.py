# SPDX-License-Identifier: Apache-2.0
"""The three nodes in one process, around one model: images go in, poses come out, and nothing is converted twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.nodes.correspondence_node import CorrespondenceNode, CorrespondenceNodeSettings, load_model
from func_corr_ros.nodes.inference_thread import InferenceThread
from func_corr_ros.nodes.process import run
from func_corr_ros.nodes.segmentation_node import SegmentationNode
from func_corr_ros.nodes.stage_node import StageNode
from func_corr_ros.nodes.transfer_node import TransferNode
from func_corr_ros.segmentation import make_segmenter
from func_corr_ros.segmentation.segmenter import Segmenter


def composed(
    load: Callable[[CorrespondenceNodeSettings], FunctionalCorrespondence] = load_model,
    make: Callable[[str, Any], Segmenter] = make_segmenter,
    **options: Any,
) -> list[StageNode[Any]]:
    """Returns segmentation_node, correspondence_node and transfer_node, linked by values and sharing one inference thread."""
    errors: list[StageNode[Any]] = []
    worker = InferenceThread(lambda stage, error: [node.known(error, stage) for node in errors[:1]])
    segmentation = SegmentationNode(worker, make, **options)
    errors.append(segmentation)
    correspondence = CorrespondenceNode(worker, segmentation, load, **options)
    transfer = TransferNode(worker, correspondence, **options)
    segmentation.listeners.append(lambda seen: correspondence.take(lambda: seen))
    correspondence.listeners.append(lambda matches: transfer.take(lambda: matches))
    return [segmentation, correspondence, transfer]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the composed process."""
    return run(composed, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
