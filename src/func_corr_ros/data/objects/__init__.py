# SPDX-License-Identifier: Apache-2.0
"""The parametric library: solids in metres whose parts, functional frames and grasps are known exactly."""
import lazy_loader

# category -> the dataclass of its parameters; its build() makes one object
CATEGORIES = {
    "can": "func_corr_ros.data.objects.household:Can",
    "carton": "func_corr_ros.data.objects.household:Carton",
    "mug": "func_corr_ros.data.objects.vessels:Mug",
    "pitcher": "func_corr_ros.data.objects.vessels:Pitcher",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "functional_object": ["FunctionalObject", "draw"],
        "household": ["Can", "Carton"],
        "solids": ["Solid", "extrude", "loft", "revolve", "sweep"],
        "vessels": ["Mug", "Pitcher"],
    },
)
__all__ = [*_lazy, "CATEGORIES"]
