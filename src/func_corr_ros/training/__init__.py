# SPDX-License-Identifier: Apache-2.0
"""How a head learns function: views of drawn objects, their features, batches with exact truth, losses, and the loop."""
import lazy_loader

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "disturbance": ["DisturbanceSettings"],
        "training_views": ["TrainingViewSettings", "make_training_views", "read_instance"],
    },
)
__all__ = [*_lazy]
