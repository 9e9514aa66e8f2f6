# SPDX-License-Identifier: Apache-2.0
"""One process: nodes are made, brought up in order, spun in one thread, and taken down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.nodes.stage_node import StageNode


def run(make_nodes: Callable[[], Sequence[StageNode]], arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code of a process that spins ``make_nodes()``: 0 after a shutdown, 1 where a node that starts by
    itself could not, 2 for parameters that are refused.
    """
    rclpy.init(args=None if arguments is None else list(arguments))
    nodes: Sequence[StageNode] = ()
    try:
        nodes = make_nodes()
        if not bring_up(nodes):
            return 1
        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        executor.spin()
    except FuncCorrError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        take_down(nodes)
        rclpy.try_shutdown()
    return 0


def bring_up(nodes: Sequence[StageNode]) -> bool:
    """Configures and activates the nodes that start by themselves, upstream first; returns whether all of them did."""
    starting = [node for node in nodes if node.settings.autostart]
    done = TransitionCallbackReturn.SUCCESS
    return all(node.trigger_configure() == done for node in starting) and all(
        node.trigger_activate() == done for node in starting
    )


def take_down(nodes: Sequence[StageNode]) -> None:
    """Ends work under way and destroys the nodes, downstream first."""
    for node in reversed(nodes):
        node.close()
    # Nodes that share an inference thread leave it to the process: one inside of torch when Python ends aborts the process.
    for worker in {node.worker for node in nodes}:
        worker.stop()
    for node in reversed(nodes):
        node.destroy_node()
