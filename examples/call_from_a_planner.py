# SPDX-License-Identifier: Apache-2.0
"""What a planner does: ask the running nodes for the poses of a demonstration on what the camera sees now.

python examples/call_from_a_planner.py [DEMONSTRATION_ID]     (with func_corr running)
"""
from __future__ import annotations

import sys

import rclpy

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.nodes.transfer_client import TransferClient


def main(demonstration_id: str = "", wait_s: float = 10.0) -> int:
    """Prints a pose for each phase, or why there is none (then returns 1)."""
    with rclpy.init():
        planner = TransferClient(rclpy.create_node("planner"))
        try:
            found = planner.transfer(demonstration_id, wait_s)
        except FuncCorrError as error:
            print(f"refused: {error}")
            return 1
        for phase in found.phases:
            where = phase.pose.pose.position
            place = f"({where.x:.3f}, {where.y:.3f}, {where.z:.3f}) m in {phase.pose.header.frame_id}"
            print(f"{phase.name}: {phase.tool_link} to {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
