# SPDX-License-Identifier: Apache-2.0
"""ROS parameters derived from a settings dataclass: descriptors, limits, strict YAML, and changes while the node runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import SettingInfo, leaves, override

T = TypeVar("T")

# Declared by rclpy itself, not by a settings dataclass.
ROS_OWN = ("use_sim_time", "start_type_description_service")
ROS_OWN_PREFIX = "qos_overrides."


class NodeParameters(Generic[T]):
    """The settings of one node as its ROS parameters; ``values`` is always a complete, valid settings object.

    The node must be made with ``automatically_declare_parameters_from_overrides=True``, so that what a YAML file or a
    command line asks for can be checked: an unknown name raises BadSettings with the nearest one. ``live`` settings may
    change at any time, the others only while ``locked()`` is False (the node is not configured).
    """

    def __init__(self, node: Node, defaults: T, on_change: Callable[[T], None], locked: Callable[[], bool]) -> None:
        given = {name: parameter.value for name, parameter in node.get_parameters_by_prefix("").items() if not _ros_own(name)}
        self._infos = {info.name: info for info in leaves(defaults)}
        self._on_change, self._locked = on_change, locked
        asked = {name: _plain(value) for name, value in given.items()}
        self.values: T = override(defaults, asked, f"parameters of {node.get_name()}")
        for name in given:
            node.undeclare_parameter(name)
        for info in leaves(self.values):
            node.declare_parameter(info.name, _ros_value(info.default), descriptor(info), ignore_override=True)
        node.add_on_set_parameters_callback(self._set)

    def _set(self, parameters: Iterable[Parameter]) -> SetParametersResult:
        changed = {item.name: _plain(item.value) for item in parameters if not _ros_own(item.name)}
        fixed = [name for name in changed if name in self._infos and not self._infos[name].live]
        if fixed and self._locked():
            reason = f"{', '.join(fixed)}: read when the node is configured; deactivate and clean it up first"
            return SetParametersResult(successful=False, reason=reason)
        try:
            values = override(self.values, changed)
            self._on_change(values)
        except BadSettings as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.values = values
        return SetParametersResult(successful=True)


def descriptor(info: SettingInfo) -> ParameterDescriptor:
    """Returns what ``ros2 param describe`` shows of a setting: words, unit, limits, and when it may change."""
    unit = f" [{info.unit}]" if info.unit else ""
    notes = [f"one of: {', '.join(info.choices)}"] if info.choices else []
    notes += [] if info.live else ["read when the node is configured"]
    made = ParameterDescriptor(name=info.name, description=info.description + unit, additional_constraints="; ".join(notes))
    made.dynamic_typing = info.kind is tuple and not info.default  # an empty list has no element type yet
    low, high = info.at_least, info.at_most
    if info.kind is float and (low is not None or high is not None):
        bounds = (-sys.float_info.max if low is None else float(low), sys.float_info.max if high is None else float(high))
        made.floating_point_range = [FloatingPointRange(from_value=bounds[0], to_value=bounds[1])]
    elif info.kind is int and (low is not None or high is not None):
        limits = (-(2**63) if low is None else int(low), 2**63 - 1 if high is None else int(high))
        made.integer_range = [IntegerRange(from_value=limits[0], to_value=limits[1])]
    return made


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, bytes, bool, int, float)) or value is None else list(value)


def _ros_value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _ros_own(name: str) -> bool:
    return name in ROS_OWN or name.startswith(ROS_OWN_PREFIX)
