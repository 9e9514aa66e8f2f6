# SPDX-License-Identifier: Apache-2.0
"""Between the correspondence room's values and what nodes tell each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from func_corr_ros.correspondence.correspond import Correspondence
from func_corr_ros.correspondence.reference import Reference
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.nodes.observations import MatchesSeen, ObjectsSeen, PointMatches, ReferencePicture, SeenKeypoint


def is_of(picture: ReferencePicture, reference: Reference) -> bool:
    """Returns whether ``reference`` was made from this very picture."""
    asked, made = (picture.id, picture.function, picture.keypoints), (reference.id, reference.function, dict(reference.keypoints))
    same_pixels = picture.image is reference.image or np.array_equal(picture.image, reference.image)
    return asked == made and same_pixels and np.array_equal(picture.mask, reference.mask)


def matches_seen(seen: ObjectsSeen, reference: Reference, found: Correspondence) -> MatchesSeen:
    """Returns the correspondence ``found`` in what was ``seen``, its pixels lifted with the frame's depth."""
    frame, segmentation = seen.checked()
    points, _ = frame.points_at(found.matches.uv_query)
    return MatchesSeen(
        moment=seen.moment,
        reference_id=reference.id,
        function=reference.function,
        object_id=found.object_id,
        points=PointMatches(points, found.matches.uv_query, found.matches.uv_target, found.confidence, found.matches.part),
        keypoints=_seen_keypoints(frame, found, reference.keypoints),
        mirrored=found.mirrored,
        support=segmentation.support,
        stride=found.stride,
        frame=frame,
        mask=segmentation.mask(found.object_id),
    )


def _seen_keypoints(
    frame: RgbdFrame, found: Correspondence, uv_reference: Mapping[str, tuple[float, float]]
) -> tuple[SeenKeypoint, ...]:
    names = list(found.keypoints)
    uv = np.array([found.keypoints[name].uv for name in names], dtype=np.float32).reshape(-1, 2)
    points, _ = frame.points_at(uv)
    return tuple(
        SeenKeypoint(name, found.keypoints[name].uv, uv_reference[name], found.keypoints[name].confidence, point)
        for name, point in zip(names, points, strict=True)
    )
