# SPDX-License-Identifier: Apache-2.0
"""A demonstration whose every number is known: a fronto-parallel board one metre away, an object in its middle."""

from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import make
from func_corr_ros.transfer.demonstration import Demonstration, Keypoint, Phase

CAMERA = PinholeCamera(fx=300.0, fy=300.0, cx=79.5, cy=59.5, width=160, height=120)
UP = np.array([0.0, -1.0, 0.0])


@pytest.fixture
def demonstration() -> Demonstration:
    depth = np.ones((120, 160), dtype=np.float32)
    color = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    mask = np.zeros((120, 160), dtype=bool)
    mask[40:80, 50:110] = True
    outlet = CAMERA.unproject(np.array([100.0, 45.0]), np.array(1.0))
    handle = CAMERA.unproject(np.array([55.0, 60.0]), np.array(1.0))
    grasp = make(np.eye(3), handle + np.array([0.0, 0.0, -0.05]))
    action = make(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), outlet)
    return Demonstration(
        id="board_pour",
        function="pour-with",
        object="board",
        frame=RgbdFrame(color, depth, CAMERA, stamp_ns=5, frame_id="camera"),
        mask=mask,
        keypoints=(Keypoint("outlet", (100.0, 45.0), outlet), Keypoint("handle", (55.0, 60.0), handle)),
        phases=(Phase("grasp", "gripper_tcp", "handle", grasp), Phase("action", "outlet", "outlet", action)),
        support=Plane(UP, 0.2),
    )
