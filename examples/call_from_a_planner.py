# SPDX-License-Identifier: Apache-2.0
"""What a planner does: ask the running nodes for the poses of a demonstration on what the camera sees now.

python examples/call_from_a_planner.py [DEMONSTRATION_ID]     (with func_corr running)
"""
from __future__ import annotations

import sys

import rclpy
from func_corr_ros.srv import TransferDemonstration

SERVICE = "transfer_node/transfer_demonstration"


def main(demonstration_id: str = "", wait_s: float = 10.0) -> int:
    """Prints a pose for each phase, or why there is none (then returns 1)."""
    with rclpy.init():
        node = rclpy.create_node("planner")
        client = node.create_client(TransferDemonstration, SERVICE)
        if not client.wait_for_service(wait_s):
            print(f"nobody serves {SERVICE}; start the nodes: ros2 launch func_corr_ros func_corr.launch.py")
            return 1
        answer = client.call_async(TransferDemonstration.Request(demonstration_id=demonstration_id))
        rclpy.spin_until_future_complete(node, answer, timeout_sec=wait_s)
        if not answer.done() or answer.result().error_code:
            print(f"refused: {answer.result().error_msg if answer.done() else f'no answer within {wait_s} s'}")
            return 1
        for phase in answer.result().result.phases:
            where = phase.pose.pose.position
            place = f"({where.x:.3f}, {where.y:.3f}, {where.z:.3f}) m in {phase.pose.header.frame_id}"
            print(f"{phase.name}: {phase.tool_link} to {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
