# SPDX-License-Identifier: Apache-2.0
"""TF as a recording holds it, read a little ahead of the images."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadRecording, TransformUnavailable
from func_corr_ros.geometry.se3 import from_quaternion_xyzw
from func_corr_ros.geometry.transform_tree import TransformTree
from func_corr_ros.replay.bag_reader import messages_of, opened
from func_corr_ros.replay.recorded_images import stamp_ns

# Transforms are broadcast with a delay; what is stamped up to here after an image is read before the image's pose is asked for.
_AHEAD_NS = 250_000_000


class RecordedTransforms:
    """Where a camera was in a frame that does not move, image by image, stamps rising; used as a context."""

    def __init__(self, path: Path, fixed_frame: str) -> None:
        self.fixed_frame, self.missing = fixed_frame, 0
        self.example = ""
        self._tree, self._newest = TransformTree(), -(1 << 62)
        self._opening = opened(Path(path))
        self._reader = self._opening.__enter__()
        try:
            for message in self._messages("tf_static"):
                self._take(message, static=True)
            self._moving = self._messages("tf")
            if not any(connection.topic.strip("/") in ("tf", "tf_static") for connection in self._reader.connections):
                raise BadRecording(f"{path} holds neither /tf nor /tf_static, so nothing is known about {fixed_frame!r}; "
                                   "record them too, or leave out --fixed-frame")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RecordedTransforms:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the recording."""
        self._opening.__exit__(None, None, None)

    def fixed_from(self, frame: str, stamp: int) -> Float64[np.ndarray, "4 4"] | None:
        """Returns ``fixed_from_frame`` at ``stamp`` [ns], or None (counted in ``missing``) where TF does not tell."""
        while self._newest < stamp + _AHEAD_NS and (message := next(self._moving, None)) is not None:
            self._take(message, static=False)
        try:
            return self._tree.lookup(self.fixed_frame, frame, stamp)
        except TransformUnavailable as error:
            self.missing += 1
            self.example = self.example or str(error)
            return None

    def _messages(self, topic: str) -> Iterator[Any]:
        names = {item.topic: topic for item in self._reader.connections if item.topic.strip("/") == topic}
        if names:
            yield from (message for _, message in messages_of(self._reader, names))

    def _take(self, message: Any, *, static: bool) -> None:
        for item in message.transforms:
            q, t = item.transform.rotation, item.transform.translation
            motion = from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))
            stamp = stamp_ns(item)
            self._newest = max(self._newest, self._newest if static else stamp)
            self._tree.add(
                item.header.frame_id.strip("/"), item.child_frame_id.strip("/"), motion, stamp, static=static
            )
