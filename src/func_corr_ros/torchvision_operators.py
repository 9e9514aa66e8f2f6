# SPDX-License-Identifier: Apache-2.0
"""Makes ``import torchvision`` work beside a torch without CUDA.

The registry's torchvision wheels are CUDA builds. Beside a CPU torch their compiled library cannot be loaded, and the
import dies on "operator torchvision::nms does not exist", which takes transformers and segment_anything with it.
Nothing here calls the two missing operators; declaring them is enough.
"""
from __future__ import annotations

import importlib.util
import sys
from typing import Any

_SIGNATURE = "{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
# A torch.library.Library takes its declarations back when it is collected.
_declared: list[Any] = []


def import_torchvision() -> None:
    """Imports torchvision where it is installed, declaring the operators that its CPU-less build lacks; safe to call again."""
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is None:
        return
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if torch.version.cuda is not None or "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # half-imported
        library = torch.library.Library("torchvision", "FRAGMENT")
        _declared.append(library)
        for name in ("nms", "qnms"):
            library.define(_SIGNATURE.format(name=name))
        import torchvision  # noqa: F401
