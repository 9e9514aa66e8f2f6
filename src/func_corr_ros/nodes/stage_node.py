# SPDX-License-Identifier: Apache-2.0
"""What the three nodes have in common: lifecycle, parameters, services that answer errors, staleness, diagnostics."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent import futures
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile, qos_policy_name_from_kind
from rclpy.task import Future

from func_corr_ros.errors import ErrorCode, FuncCorrError, NotActive, OutOfMemory, StaleInput
from func_corr_ros.nodes.diagnostics import device_megabytes, diagnostic_message, memory_megabytes, timing_values
from func_corr_ros.nodes.inference_thread import InferenceThread, Stage
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.parameters import NodeParameters
from func_corr_ros.nodes.rgbd_input import SERVICE
from func_corr_ros.settings import setting
from func_corr_ros.streams.stage_timer import StageTimer

S = TypeVar("S", bound="StageSettings")
T = TypeVar("T")
MAX_TIMEOUT = 600.0


@dataclass(frozen=True)
class StageSettings:
    """What every node of this package can be told."""

    autostart: bool = setting(True, "configure and activate at start; otherwise a lifecycle manager does")
    max_input_age: float = setting(
        2.0, "images older than this are refused as stale; 0 accepts any age", unit="s", at_least=0.0, live=True
    )
    service_timeout: float = setting(
        30.0, "deadline of a service request that names none", unit="s", at_least=0.1, at_most=MAX_TIMEOUT, live=True
    )
    watchdog: float = setting(
        30.0, "model work that takes longer is reported as stuck, an error in the diagnostics; 0 never", unit="s", at_least=0.0,
        live=True,
    )


def give_back_memory() -> None:
    """Gives what models had back to the device: torch keeps it otherwise, and no other process can have it."""
    gc.collect()
    torch = sys.modules.get("torch")  # not imported for that
    if torch is not None:
        torch.cuda.empty_cache()


class StageNode(LifecycleNode, Generic[S]):
    """A lifecycle node around one stage of the stream.

    Subclasses fill in ``configure``, ``activate``, ``deactivate`` and ``cleanup``; what these raise fails the transition
    with its reason in the log. ``unknown`` is the code of errors that nobody foresaw.
    """

    unknown = ErrorCode.CORRESPONDENCE_UNKNOWN

    def __init__(self, name: str, defaults: S, worker: InferenceThread | None = None, **options: Any) -> None:
        super().__init__(name, automatically_declare_parameters_from_overrides=True, **options)
        self.active = self.configured = False
        self._settings = NodeParameters(self, defaults, self.settings_changed, lambda: self.configured)
        self._own_worker = worker is None
        self.worker = worker or InferenceThread(lambda stage, error: self.known(error, stage))
        self.timer = StageTimer()
        self.unheard: dict[str, str] = {}  # topic -> the policy by which a subscriber's wish differs
        self.stage: Stage | None = None
        self.last_error, self._last_error_at = "", 0.0
        self._service_group = ReentrantCallbackGroup()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(1.0, self._tick)

    @property
    def settings(self) -> S:
        """The settings as they are now."""
        return self._settings.values

    def settings_changed(self, settings: S) -> None:
        """Called with new live settings before they count; raising BadSettings refuses them."""

    def configure(self) -> None:
        """Loads what the stage needs."""

    def activate(self) -> None:
        """Subscribes, or links to the stage before."""

    def deactivate(self) -> None:
        """Unsubscribes."""

    def cleanup(self) -> None:
        """Frees what configure loaded."""

    def warning(self) -> str | None:
        """Returns what is wrong with the stage's input, for diagnostics and the log."""
        return None

    def diagnostic_values(self) -> dict[str, object]:
        """Returns what the stage adds to the diagnostics."""
        return {}

    def close(self) -> None:
        """Ends the stream and, where it is this node's own, the inference thread."""
        self._leave_stage()
        if self.active:
            self.deactivate()
            self.active = False
        if self._own_worker:
            self.worker.stop()

    def destroy_node(self) -> None:  # noqa: D102
        super().destroy_node()
        # rclpy leaves the services of the state machine in the graph until the node's memory is collected.
        self._state_machine.destroy_when_not_in_use()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: D102
        return self._transition("configure", self.configure, super().on_configure, state, configured=True)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: D102
        return self._transition("activate", self.activate, super().on_activate, state, active=True)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: D102
        self._leave_stage()
        return self._transition("deactivate", self.deactivate, super().on_deactivate, state, active=False)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: D102
        result = self._transition("cleanup", self.cleanup, super().on_cleanup, state, configured=False)
        give_back_memory()
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: D102
        return self._transition("shutdown", self.close, super().on_shutdown, state, active=False, configured=False)

    def enter_stage(self, name: str, rank: int, work: Callable[[Any], None]) -> None:
        """Starts taking values into this stage's mailbox."""
        self.stage = self.worker.add_stage(name, rank, work)

    def publisher(self, kind: type, topic: str, qos: QoSProfile | int = 1) -> Any:
        """Returns a publisher that is silent while the node is not active and reports incompatible subscribers."""

        def incompatible(event: Any) -> None:
            policy = qos_policy_name_from_kind(event.last_policy_kind)
            self.unheard[topic] = policy
            self.get_logger().error(f"a subscriber of {topic} asks for another {policy} than is offered; it gets nothing")

        events = PublisherEventCallbacks(incompatible_qos=incompatible)
        return self.create_lifecycle_publisher(kind, topic, qos, event_callbacks=events)

    def serve(self, kind: type, name: str, handler: Callable[[Any, Any], Awaitable[None]]) -> None:
        """Serves ``~/name`` by an async ``handler(request, response)``; what it raises becomes error_code and error_msg."""

        async def answer(request: Any, response: Any) -> Any:
            try:
                if not self.active:
                    raise NotActive(f"{self.get_fully_qualified_name()} is not active; activate it (lifecycle), or set autostart")
                with self.worker.serving():
                    await handler(request, response)
            except Exception as error:
                known = self.known(error, name)
                response.error_code, response.error_msg = int(known.code), str(known)
            return response

        self.create_service(kind, f"~/{name}", answer, qos_profile=SERVICE, callback_group=self._service_group)

    def seconds(self, requested: float) -> float:
        """Returns the deadline that a request asks for, within reason."""
        return min(requested, MAX_TIMEOUT) if requested > 0.0 else self.settings.service_timeout

    async def on_worker(self, name: str, work: Callable[[], T], timeout: float) -> T:
        """Returns the result of ``work`` on the inference thread; the executor goes on serving meanwhile. Raises Timeout."""
        return await self.awaited(self.worker.request(name, work, timeout))

    async def awaited(self, answer: futures.Future[T]) -> T:
        """Returns the result of another thread's future. An executor looks again at what it waits for only when it is woken."""
        done: Future[None] = Future()

        def wake(_: Any) -> None:
            done.set_result(None)
            if self.executor is not None:
                self.executor.wake()

        answer.add_done_callback(wake)
        await done
        return answer.result()

    def age(self, moment: Moment) -> float:
        """Returns the seconds from a moment's stamp until now, by the node's clock."""
        return (self.get_clock().now().nanoseconds - moment.stamp_ns) / 1e9

    def check_age(self, moment: Moment) -> None:
        """Raises StaleInput where a moment lies further from now than ``max_input_age``."""
        limit, age = self.settings.max_input_age, self.age(moment)
        if limit > 0.0 and age > limit:
            raise StaleInput(f"the image is {age:.2f} s old, max_input_age is {limit:g} s; check camera and use_sim_time")
        if limit > 0.0 and age < -limit:
            raise StaleInput(
                f"the image is from {-age:.2f} s in the future; the clocks of camera and node differ (use_sim_time?)"
            )

    def known(self, error: Exception, where: str) -> FuncCorrError:
        """Returns ``error`` as one that has a code; those that nobody foresaw are logged with where they came from."""
        if isinstance(error, (MemoryError, RuntimeError)) and (isinstance(error, MemoryError) or "out of memory" in str(error)):
            error = OutOfMemory(f"{where}: {error}; use a smaller model, fewer max_pixels or another device")
        if not isinstance(error, FuncCorrError):
            self.get_logger().error(f"{where}: {type(error).__name__}: {error}", throttle_duration_sec=5.0)
            error, cause = FuncCorrError(f"{where}: {type(error).__name__}: {error}"), error
            error.code, error.__cause__ = self.unknown, cause
        self.last_error, self._last_error_at = f"{error.code.name}: {error}", time.monotonic()
        return error

    def _transition(
        self,
        name: str,
        work: Callable[[], None],
        then: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
        **flags: bool,
    ) -> TransitionCallbackReturn:
        try:
            work()
            result = then(state)
        except Exception as error:
            self.get_logger().error(f"cannot {name}: {type(error).__name__}: {error}")
            return TransitionCallbackReturn.FAILURE
        for flag, value in flags.items():
            setattr(self, flag, value)
        return result

    def _leave_stage(self) -> None:
        if self.stage is not None:
            self.worker.remove_stage(self.stage)
            self.stage = None

    def _tick(self) -> None:
        warning, stuck = self.warning() if self.active else "not active", self._stuck()
        if stuck:
            self.get_logger().error(stuck, throttle_duration_sec=10.0)
        elif warning and self.active:
            self.get_logger().warning(warning, throttle_duration_sec=10.0)
        values = {
            **self.diagnostic_values(),
            **timing_values(self.timer),
            "memory_mb": memory_megabytes(),
            "device_memory_mb": device_megabytes(),
            "outputs.unheard": ", ".join(f"{topic} ({policy})" for topic, policy in self.unheard.items()),
            "last_error": self.last_error,
            "last_error_age_s": f"{time.monotonic() - self._last_error_at:.1f}" if self.last_error else "",
        }
        if self.stage is not None:
            values["mailbox.received"], values["mailbox.dropped"] = self.stage.mailbox.puts, self.stage.mailbox.drops
        busy = self.worker.busy()
        values["busy"] = "" if busy is None else f"{busy[0]} for {busy[1]:.1f} s"
        stamp, name = self.get_clock().now().to_msg(), self.get_fully_qualified_name()
        self._diagnostics.publish(diagnostic_message(name, "func_corr_ros", stamp, warning, values, error=stuck))

    def _stuck(self) -> str | None:
        """Returns what the inference thread has not come back from. A thread cannot be ended from outside: whoever supervises the
        process restarts it.
        """
        busy, limit = self.worker.busy(), self.settings.watchdog
        if busy is None or limit == 0.0 or busy[1] <= limit:
            return None
        return (f"stuck in {busy[0]} for {busy[1]:.0f} s (watchdog: {limit:g} s); nothing comes out and requests time out until "
                "it ends; restart the node if it does not")
