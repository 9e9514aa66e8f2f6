# SPDX-License-Identifier: Apache-2.0
"""A pose counts once enough of them agree, is withdrawn once when none follows, and then has to settle anew."""

import types

import numpy as np
import pytest

from func_corr_ros.errors import ErrorCode, HighResidual
from func_corr_ros.geometry.se3 import make
from func_corr_ros.transfer.acceptance import StabilitySettings
from func_corr_ros.transfer.transfer import Transfer, TransferredPhase


@pytest.fixture
def made():
    """A standing pose on a clock of its own, and transfers that put the tool at x."""
    from func_corr_ros.nodes.observations import Moment, Transferred
    from func_corr_ros.nodes.standing_pose import StandingPose

    now = [100.0]
    standing = StandingPose(StabilitySettings(agreeing=2), clock=lambda: now[0])

    def transfer(x: float, accepted: bool = True):
        outcome = object.__new__(Transfer)  # only its phases count here
        places = {name: make(np.eye(3), np.array([at, 0.0, 0.0])) for name, at in (("far", 9.0), ("action", x))}
        phases = tuple(TransferredPhase(name, "tool0", place) for name, place in places.items())
        object.__setattr__(outcome, "phases", phases)
        error = None if accepted else HighResidual("no")
        return Transferred(Moment(1, "camera"), outcome=outcome, accepted=accepted, error=error)

    return types.SimpleNamespace(standing=standing, now=now, transfer=transfer)


def test_it_settles_by_the_phase_that_counts(made) -> None:
    first = made.standing.settled(made.transfer(0.500), 1)
    assert not first.accepted and first.error.code == ErrorCode.LOW_CONFIDENCE
    assert "'action' has not settled: 1 estimates held, 2 must agree" in str(first.error)
    assert made.standing.settled(made.transfer(0.505), 1).accepted
    assert not made.standing.settled(made.transfer(0.600), 1).accepted, "10 cm further is another place"
    assert not made.standing.settled(made.transfer(0.600), 0).accepted, "another phase's pose is another pose"
    assert made.standing.settled(made.transfer(0.100), 0).accepted, "this phase has not moved, whatever the other does"


def test_a_refusal_goes_through_and_makes_the_next_settle_anew(made) -> None:
    for _ in range(2):
        made.standing.settled(made.transfer(0.5), 1)
    refused = made.transfer(0.5, accepted=False)
    assert made.standing.settled(refused, 1) is refused
    assert not made.standing.settled(made.transfer(0.5), 1).accepted


def test_it_is_withdrawn_once_when_none_follows(made) -> None:
    assert made.standing.expired(3.0) is None
    for _ in range(2):
        made.standing.settled(made.transfer(0.5), 1)
    made.now[0] += 2.9
    assert made.standing.expired(3.0) is None
    made.now[0] += 0.2
    gone = made.standing.expired(3.0)
    assert gone is not None and not gone.accepted and gone.outcome is None and gone.error.code == ErrorCode.STALE_INPUT
    assert made.standing.expired(3.0) is None
    assert not made.standing.settled(made.transfer(0.5), 1).accepted


def test_other_limits_let_it_settle_anew(made) -> None:
    made.standing.settled(made.transfer(0.5), 1)
    made.standing.limit(StabilitySettings(agreeing=1))
    assert made.standing.settled(made.transfer(0.7), 1).accepted
    made.standing.forget()
    made.now[0] += 100.0
    assert made.standing.expired(3.0) is None
