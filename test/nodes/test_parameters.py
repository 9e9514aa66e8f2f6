# SPDX-License-Identifier: Apache-2.0
"""ROS parameters are the settings: every leaf with its limits, strict names, and changes that are checked."""

from dataclasses import dataclass, field

import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter

from func_corr_ros.errors import BadSettings
from func_corr_ros.nodes.parameters import NodeParameters
from func_corr_ros.settings import leaves, setting


@dataclass(frozen=True)
class Inner:
    slop: float = setting(0.02, "largest difference", unit="s", at_least=0.0, at_most=1.0, live=True)
    layers: tuple[int, ...] = setting((-1, 2), "blocks")


@dataclass(frozen=True)
class Outer:
    mode: str = setting("fast", "how", choices=("fast", "slow"))
    count: int = setting(3, "how many", at_least=1)
    enabled: bool = setting(True, "whether", live=True)
    names: tuple[str, ...] = setting((), "nothing yet")
    sync: Inner = field(default_factory=Inner)


class Fixture:
    def __init__(self, overrides: dict, locked: bool = True) -> None:
        given = [Parameter(name, value=value) for name, value in overrides.items()]
        self.node = Node("settings_test", parameter_overrides=given, automatically_declare_parameters_from_overrides=True)
        self.changes: list[Outer] = []
        self.locked = locked
        self.parameters = NodeParameters(self.node, Outer(), self.changes.append, lambda: self.locked)


@pytest.fixture
def made(ros):
    nodes: list[Node] = []

    def make(overrides: dict, locked: bool = True) -> Fixture:
        found = Fixture(overrides, locked)
        nodes.append(found.node)
        return found

    yield make
    for node in nodes:
        node.destroy_node()


def test_every_leaf_is_a_parameter_with_its_default(made) -> None:
    node = made({}).node
    for info in leaves(Outer):
        value = node.get_parameter(info.name).value
        assert (list(value) if info.kind is tuple else value) == (list(info.default) if info.kind is tuple else info.default)


def test_overrides_count_and_whole_numbers_are_numbers(made) -> None:
    values = made({"mode": "slow", "sync.slop": 1, "sync.layers": [4, 8]}).parameters.values
    assert (values.mode, values.sync.slop, values.sync.layers) == ("slow", 1.0, (4, 8))
    assert isinstance(values.sync.slop, float)


def test_an_unknown_name_is_refused_with_the_nearest(made) -> None:
    with pytest.raises(BadSettings, match="parameters of settings_test: unknown key 'sync.slopp'; did you mean 'sync.slop'"):
        made({"sync.slopp": 0.1})


def test_ros_own_parameters_are_left_alone(made) -> None:
    found = made({"use_sim_time": True})
    assert found.node.get_parameter("use_sim_time").value is True


@pytest.mark.parametrize("overrides", [{"mode": "medium"}, {"sync.slop": 2.0}, {"count": 0}, {"count": "three"}, {"enabled": 1}])
def test_values_out_of_range_are_refused(made, overrides: dict) -> None:
    with pytest.raises(BadSettings, match=next(iter(overrides))):
        made(overrides)


def test_descriptors_say_what_is_valid(made) -> None:
    node = made({}).node
    slop = node.describe_parameter("sync.slop")
    assert slop.description == "largest difference [s]"
    assert (slop.floating_point_range[0].from_value, slop.floating_point_range[0].to_value) == (0.0, 1.0)
    assert node.describe_parameter("count").integer_range[0].from_value == 1
    assert node.describe_parameter("mode").additional_constraints == "one of: fast, slow; read when the node is configured"


def test_live_settings_change_while_locked_and_others_do_not(made) -> None:
    found = made({}, locked=True)
    assert found.node.set_parameters([Parameter("sync.slop", value=0.5)])[0].successful
    refused = found.node.set_parameters([Parameter("mode", value="slow")])[0]
    assert not refused.successful and "configured" in refused.reason
    assert (found.parameters.values.sync.slop, found.parameters.values.mode) == (0.5, "fast")
    found.locked = False
    assert found.node.set_parameters([Parameter("mode", value="slow")])[0].successful
    assert found.parameters.values.mode == "slow" and len(found.changes) == 2


def test_a_bad_live_change_is_refused_with_its_reason(made) -> None:
    found = made({}, locked=False)
    refused = found.node.set_parameters([Parameter("mode", value="medium")])[0]
    assert not refused.successful and "valid: fast, slow" in refused.reason
    assert found.parameters.values == Outer()


def test_a_change_that_the_node_refuses_does_not_count(ros) -> None:
    def refuse(values: Outer) -> None:
        raise BadSettings("not now")

    node = Node("settings_test", automatically_declare_parameters_from_overrides=True)
    parameters = NodeParameters(node, Outer(), refuse, lambda: False)
    result = node.set_parameters([Parameter("enabled", value=False)])[0]
    node.destroy_node()
    assert not result.successful and result.reason == "not now" and parameters.values.enabled
