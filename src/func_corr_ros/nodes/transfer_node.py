# SPDX-License-Identifier: Apache-2.0
"""Corresponding points in, the demonstrated tool poses on the live object out, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from sensor_msgs.msg import PointCloud2

from func_corr_ros.errors import ErrorCode, FuncCorrError, NoReference, StaleInput
from func_corr_ros.msg import FunctionalKeypointArray
from func_corr_ros.nodes.anchor_frames import AnchorFrames
from func_corr_ros.nodes.diagnostics import stream_values
from func_corr_ros.nodes.inference_thread import InferenceThread
from func_corr_ros.nodes.observations import MatchesSeen, Moment, ReferencePicture, Transferred, lifted
from func_corr_ros.nodes.process import run
from func_corr_ros.nodes.result_messages import matches_of
from func_corr_ros.nodes.rgbd_input import SynchronizedInput, SyncSettings, Topic
from func_corr_ros.nodes.stage_node import StageNode, StageSettings
from func_corr_ros.nodes.standing_pose import StandingPose
from func_corr_ros.nodes.transfer_outputs import TransferOutputs
from func_corr_ros.nodes.transfer_services import serve_transfer
from func_corr_ros.nodes.transform_lookup import TransformLookup
from func_corr_ros.nodes.upstream import Matcher, RemoteCorrespondence
from func_corr_ros.settings import setting
from func_corr_ros.transfer.acceptance import StabilitySettings
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.demonstration_store import DemonstrationStore
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.transfer import Refusal, Transfer, TransferSettings, transfer_demonstration

NOTHING_LOADED = "no demonstration is loaded; call ~/load_demonstration, or set the parameter demonstration"


@dataclass(frozen=True)
class TransferNodeSettings(StageSettings):
    """Parameters of transfer_node."""

    demonstrations: str = setting("~/.ros/func_corr_ros/demonstrations", "folder that holds the demonstrations")
    demonstration: str = setting("", "demonstration that is loaded at start; empty: none")
    target_frame: str = setting("", "frame of the poses, reached by TF at the image's stamp; empty: the camera's own, without TF")
    anchor_frames: tuple[str, ...] = setting(
        (), "TF frames of what phases are relative to, such as receiver=cup_1; an anchor that is not named here is the frame "
        "of its name", live=True,
    )
    tf_timeout: float = setting(
        0.1, "how long an image's transforms are waited for, all together", unit="s", at_least=0.0, at_most=10.0
    )
    phase: str = setting("action", "phase whose pose must settle and is published; the last one where it is not there", live=True)
    pose_expiry: float = setting(
        3.0, "a pose is withdrawn when none follows it for so long, and not accepted where its image is older by then (and older "
        "than max_input_age, unless that is 0)", unit="s", at_least=0.0, live=True,
    )
    correspondence_node: str = setting("correspondence_node", "who matches, where it is another process")
    transfer: TransferSettings = field(default_factory=TransferSettings)
    stability: StabilitySettings = field(default_factory=StabilitySettings)
    sync: SyncSettings = field(default_factory=SyncSettings)


class TransferNode(StageNode[TransferNodeSettings]):
    """Publishes the loaded demonstration's poses on the live object.

    ``upstream`` is the correspondence node of the same process; without it, matches come over topics.
    """

    unknown = ErrorCode.TRANSFER_UNKNOWN

    def __init__(self, worker: InferenceThread | None = None, upstream: Matcher | None = None, **options: Any) -> None:
        super().__init__("transfer_node", TransferNodeSettings(), worker, **options)
        self._linked = upstream is not None
        remote = RemoteCorrespondence(self, self.settings.correspondence_node)
        self.upstream: Matcher = remote if upstream is None else upstream
        self.demonstration: Demonstration | None = None
        self.anchor_frames = AnchorFrames(())
        self._input: SynchronizedInput | None = None
        self._standing = StandingPose(self.settings.stability)
        self._outputs = TransferOutputs(self)
        serve_transfer(self)
        self._announcing = False
        self.create_timer(0.2, self._withdraw_expired)
        self.create_timer(0.2, self._announce, callback_group=self._service_group)

    def configure(self) -> None:
        """Opens the store and loads the demonstration that the parameters name."""
        self.store = DemonstrationStore(FilePath(self.settings.demonstrations).expanduser())
        if self.settings.demonstration:
            self.demonstration = self.store.load(self.settings.demonstration)
        self.anchor_frames = AnchorFrames(self.settings.anchor_frames)
        self.transforms = TransformLookup(self, self.settings.target_frame, self.settings.tf_timeout)

    def activate(self) -> None:
        """Takes matches from the linked node, or subscribes to them."""
        self._announced: Demonstration | None = None
        self.enter_stage("transfer", 2, self._transfer_newest)
        if not self._linked:
            qos = "RELIABLE"
            topics = {"keypoints": Topic(FunctionalKeypointArray, "keypoints", qos), "points": Topic(PointCloud2, "points", qos)}
            self._input = SynchronizedInput(self, topics, {}, self.settings.sync, self._take_messages)

    def deactivate(self) -> None:
        """Unsubscribes and withdraws the pose."""
        if self._input is not None:
            self._input.close()
        self._input = None
        self._standing.forget()

    def cleanup(self) -> None:
        """Forgets the demonstration."""
        self.demonstration = None
        self.transforms.close()

    def settings_changed(self, settings: TransferNodeSettings) -> None:
        """Lets poses settle anew by the new limits and anchors' frames."""
        self.anchor_frames = AnchorFrames(settings.anchor_frames)
        self._standing.limit(settings.stability)

    def warning(self) -> str | None:
        """Returns what keeps results from coming."""
        complaint = self._input.complaint() if self._input is not None else None
        return complaint or (None if self.demonstration is not None else NOTHING_LOADED)

    def diagnostic_values(self) -> dict[str, object]:
        """Returns the demonstration in use, and what must be in TF for it."""
        stream = stream_values(self._input.synchronizer, self._input.names) if self._input is not None else {}
        demonstration = self.demonstration.id if self.demonstration is not None else ""
        followed = " ".join(self.anchor_frames.frames(self.demonstration))
        return {"demonstration": demonstration, "target_frame": self.settings.target_frame, "anchor_frames": followed, **stream}

    def take(self, matches: Callable[[], MatchesSeen]) -> None:
        """Puts matches into the mailbox; ``matches`` is called on the inference thread."""
        if self.stage is not None:
            self.stage.mailbox.put(matches)

    def _take_messages(self, messages: dict[str, Any]) -> None:
        self.take(partial(matches_of, **messages))

    async def load(self, demonstration_id: str, timeout: float) -> Demonstration:
        """Makes a stored demonstration the one that is transferred, here and upstream; returns it."""
        demonstration = await self.on_worker("load_demonstration", lambda: self.store.load(demonstration_id), timeout)
        await self.upstream.set_reference(ReferencePicture.of(demonstration), timeout)
        self.demonstration = self._announced = demonstration
        self._standing.settle_anew()
        return demonstration

    def transfer(self, demonstration: Demonstration | None, matches: MatchesSeen) -> tuple[Transferred, LiftedMatches | None]:
        """Returns what becomes of ``demonstration`` with ``matches``, accepted by the image itself, and the lifted matches."""
        at, pairs = matches.moment, None
        seen = Transferred(at, demonstration, matches.object_id, support=matches.support)
        try:
            if demonstration is None:
                raise NoReference(NOTHING_LOADED)
            with self.timer.time("lift"):
                pairs = lifted(demonstration, matches)
            transforms = self.transforms.at(at)
            anchors, unknown = self.anchor_frames.motions(demonstration, transforms)
            with self.timer.time("transfer"):
                outcome = transfer_demonstration(demonstration, pairs, matches.support, self.settings.transfer, anchors)
            seen = replace(seen, outcome=outcome)
            if unknown and isinstance(outcome, Refusal):
                raise NoReference("; ".join([str(outcome.error), *unknown]))
            target = Moment(at.stamp_ns, self.settings.target_frame or at.frame_id)
            seen = replace(seen, moment=target, target_from_camera=transforms.target_from_camera())
            if isinstance(outcome, Refusal):
                raise outcome.error
            return replace(seen, accepted=True), pairs
        except Exception as error:
            return replace(seen, error=self.known(error, "transfer")), pairs

    def _transfer_newest(self, make: Callable[[], MatchesSeen]) -> None:
        matches = make()
        seen, pairs = self.transfer(self.demonstration, matches)
        if isinstance(seen.error, NoReference) and seen.outcome is None:  # a refusal with an outcome is about an anchor
            self._announced = None  # upstream has lost the reference, perhaps with its process
        seen = self._standing.settled(self._in_time(seen), self._phase_index(seen))
        self._outputs.publish(seen, self._phase_index(seen))
        self._outputs.publish_inliers(seen, matches, pairs)

    def _in_time(self, seen: Transferred) -> Transferred:
        """Returns ``seen``, refused where the work took so long that its pose would have expired by now."""
        limit, age = max(self.settings.pose_expiry, self.settings.max_input_age), self.age(seen.moment)
        if not seen.accepted or self.settings.max_input_age == 0.0 or age <= limit:
            return seen
        late = StaleInput(f"the image was {age:.2f} s old when its pose was ready, {limit:g} s are allowed (pose_expiry); is the "
                          "machine busy, or the model too large for it?")
        return replace(seen, accepted=False, error=self.known(late, "transfer"))

    def _phase_index(self, seen: Transferred) -> int:
        names = [phase.name for phase in seen.outcome.phases] if isinstance(seen.outcome, Transfer) else []
        return names.index(self.settings.phase) if self.settings.phase in names else len(names) - 1

    def _withdraw_expired(self) -> None:
        gone = self._standing.expired(self.settings.pose_expiry)
        if gone is not None:
            self._outputs.publish(gone, 0)

    async def _announce(self) -> None:
        demonstration = self.demonstration
        if not self.active or self._announcing or demonstration is None or demonstration is self._announced:
            return
        self._announcing = True
        try:
            await self.upstream.set_reference(ReferencePicture.of(demonstration), self.settings.service_timeout)
            self._announced = demonstration
        except FuncCorrError as error:
            self.get_logger().warning(f"cannot set the reference yet: {error}", throttle_duration_sec=10.0)
        finally:
            self._announcing = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs transfer_node in a process of its own."""
    return run(lambda: [TransferNode()], arguments)


if __name__ == "__main__":
    raise SystemExit(main())
