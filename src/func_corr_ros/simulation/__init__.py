# SPDX-License-Identifier: Apache-2.0
"""A transferred pose put to the test: what it says is done in a physics engine, which judges what came of it."""
import lazy_loader

# name -> what makes the suite; a new suite is one file and one line here
SUITES = {
    "pour": "func_corr_ros.simulation.pour:suite",
    "grasp": "func_corr_ros.simulation.grasp:suite",
    "pound": "func_corr_ros.simulation.pound:suite",
    "hang": "func_corr_ros.simulation.hang:suite",
    "scoop": "func_corr_ros.simulation.scoop:suite",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "convex_parts": ["convex_parts"],
        "judgement": ["Judgement"],
        "physical_world": ["PhysicalWorld", "Recording"],
        "simulate": ["SimulationSettings", "simulate"],
        "staging": ["StagingSettings", "Trial", "staged"],
        "suite": ["Suite", "load_suite"],
    },
)
__all__ = [*_lazy, "SUITES"]
