# SPDX-License-Identifier: Apache-2.0
"""torchvision and what stands on it can be imported beside a torch without CUDA, in a fresh interpreter, any number of times."""
from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed")
def test_torchvision_can_be_imported():
    code = (
        "from func_corr_ros.torchvision_operators import import_torchvision as f; f(); f(); "
        "import torch, torchvision.transforms; torch.ops.torchvision.nms; print('ready')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "ready", done.stderr


def test_importing_the_module_does_nothing():
    code = "import sys, func_corr_ros.torchvision_operators; print({'torch', 'torchvision'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "set()", done.stderr
