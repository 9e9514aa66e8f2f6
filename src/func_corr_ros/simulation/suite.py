# SPDX-License-Identifier: Apache-2.0
"""What a suite of trials is: a task, the objects it is done with, the frame that is carried over, and who judges it."""
from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import BadSettings
from func_corr_ros.simulation.judgement import Judgement


@dataclass(frozen=True)
class Suite:
    """One task. What is carried over is one frame of the object: its functional frame for ``function``, its grasp frame called
    ``grasp`` where that is given, or what ``tool`` says of it. ``judge`` is handed an object and where that frame is believed
    (object_from_tool), carries the task out accordingly and says what came of it.

    ``categories`` are those demonstrated and those acted with. A pose counts as good within ``near_m`` and ``near_deg`` of the
    truth: where such a pose fails, the cause is physics. Turns in ``free_about`` ("x", "y" or "z" of the frame) do not count.
    """

    name: str
    words: str
    function: str
    categories: tuple[str, ...]
    judge: Callable[[FunctionalObject, Float64[np.ndarray, "4 4"]], Judgement]
    near_m: float
    near_deg: float
    grasp: str = ""
    free_about: str = ""
    tool: Callable[[FunctionalObject], Float64[np.ndarray, "4 4"]] | None = None

    @property
    def tool_link(self) -> str:
        """What the carried frame is of."""
        return "gripper" if self.grasp else "tool"

    def object_from_tool(self, thing: FunctionalObject) -> Float64[np.ndarray, "4 4"]:
        """Returns the true frame that is carried over."""
        if self.tool is not None:
            return self.tool(thing)
        return thing.grasp_frames[self.grasp] if self.grasp else thing.object_from_function(self.function)


def load_suite(name: str) -> Suite:
    """Returns the suite called ``name`` in ``SUITES``; raises BadSettings that lists the names for any other."""
    from func_corr_ros.simulation import SUITES

    if name not in SUITES:
        raise BadSettings(f"suite is {name!r}; valid: {', '.join(SUITES)}")
    suite: Suite = pkgutil.resolve_name(SUITES[name])()
    return suite
