# SPDX-License-Identifier: Apache-2.0
"""Every mistake a user can make has its own class here, and every class has the code that ROS messages carry.

A message says what was given, what is valid, and what to do. Nodes turn an error into ``(error_code, error_msg)``,
the command line prints it as one line; nobody else catches it.
"""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """Codes of ``func_corr_ros/msg/ErrorCode``: 300s correspondence, 400s transfer (a test holds the two together)."""

    NONE = 0
    NO_INPUT = 300
    STALE_INPUT = 301
    NO_MASK = 302
    LOW_CONFIDENCE = 303
    NO_DEPTH = 304
    OUT_OF_MEMORY = 305
    TIMEOUT = 306
    UNKNOWN_FUNCTION = 307
    BAD_IMAGE = 308
    SIZE_MISMATCH = 309
    NO_REFERENCE = 310
    NOT_ACTIVE = 311
    BAD_CAMERA = 312
    BAD_PROMPT = 313
    CORRESPONDENCE_UNKNOWN = 399
    UNKNOWN_DEMONSTRATION = 400
    TOO_FEW_POINTS = 401
    DEGENERATE_GEOMETRY = 402
    HIGH_RESIDUAL = 403
    TF_ERROR = 404
    PREEMPTED = 405
    BAD_DEMONSTRATION = 406
    TRANSFER_UNKNOWN = 499


class FuncCorrError(Exception):
    """Base of every error this package raises on purpose; ``code`` is what ROS messages carry."""

    code = ErrorCode.CORRESPONDENCE_UNKNOWN


class NoInput(FuncCorrError):
    """No complete RGB-D set has arrived yet."""

    code = ErrorCode.NO_INPUT


class StaleInput(FuncCorrError):
    """The newest input is older than ``max_input_age``."""

    code = ErrorCode.STALE_INPUT


class NoMask(FuncCorrError):
    """No object was found, or the mask given is empty."""

    code = ErrorCode.NO_MASK


class LowConfidence(FuncCorrError):
    """Matches exist, but none that may be trusted."""

    code = ErrorCode.LOW_CONFIDENCE


class NoDepth(FuncCorrError):
    """Too few pixels of the object have a valid depth."""

    code = ErrorCode.NO_DEPTH


class ImplausibleDepth(NoDepth):
    """Depth in another unit than metres, by all appearances: nothing that a depth camera sees is that near, far or large."""


class OutOfMemory(FuncCorrError):
    """The device ran out of memory; the message names the settings that need less."""

    code = ErrorCode.OUT_OF_MEMORY


class Timeout(FuncCorrError):
    """A request was not served before its deadline, or so many wait that it cannot be."""

    code = ErrorCode.TIMEOUT


class UnknownFunction(FuncCorrError):
    """A function name that the model or the demonstration does not know."""

    code = ErrorCode.UNKNOWN_FUNCTION


class BadImage(FuncCorrError):
    """An image that is empty, truncated, or of an encoding that is not supported."""

    code = ErrorCode.BAD_IMAGE


class SizeMismatch(FuncCorrError):
    """Colour, depth, mask and camera do not describe the same pixels."""

    code = ErrorCode.SIZE_MISMATCH


class NoReference(FuncCorrError):
    """Live frames arrive, but no reference or demonstration has been set, or where an anchor of it is now is not known."""

    code = ErrorCode.NO_REFERENCE


class NotActive(FuncCorrError):
    """The node is configured but not active."""

    code = ErrorCode.NOT_ACTIVE


class BadCamera(FuncCorrError):
    """Intrinsics that no pinhole camera can have (a focal length of zero, a principal point far outside)."""

    code = ErrorCode.BAD_CAMERA


class BadPrompt(FuncCorrError):
    """A hint where an object is that nobody here can use: words without a model that knows them, or too many."""

    code = ErrorCode.BAD_PROMPT


class UnknownDemonstration(FuncCorrError):
    """A demonstration id that the store does not hold; the message lists those it does."""

    code = ErrorCode.UNKNOWN_DEMONSTRATION


class BadDemonstration(FuncCorrError):
    """A demonstration folder whose content does not hold together; the message names file and field."""

    code = ErrorCode.BAD_DEMONSTRATION


class TooFewPoints(FuncCorrError):
    """Fewer point pairs than a fit needs."""

    code = ErrorCode.TOO_FEW_POINTS


class DegenerateGeometry(FuncCorrError):
    """Points that do not determine the transform (collinear, coincident, without spread)."""

    code = ErrorCode.DEGENERATE_GEOMETRY


class HighResidual(FuncCorrError):
    """A fit exists, but its residual or its share of inliers is not acceptable."""

    code = ErrorCode.HIGH_RESIDUAL


class TransformUnavailable(FuncCorrError):
    """TF has no transform between the frames asked for at the time asked for."""

    code = ErrorCode.TF_ERROR


class Preempted(FuncCorrError):
    """A newer request took this one's place."""

    code = ErrorCode.PREEMPTED


class BadSettings(FuncCorrError):
    """A setting that does not exist or is out of range; the message names the nearest valid one."""


class MissingOptional(FuncCorrError):
    """An optional dependency is not installed; the message holds the command that installs it."""


class BadWeights(FuncCorrError):
    """Weights that are missing, of another architecture, or whose hash is not the manifest's."""


class BadRecording(FuncCorrError):
    """A rosbag that cannot be read or lacks the topics a replay needs."""


class BadAnnotations(FuncCorrError):
    """A file of annotations that does not hold together or does not fit the recording; the message names file and field."""


class BadInstallation(FuncCorrError):
    """The package's own files (models, config, launch) are not where an installation puts them."""


class BadBenchmark(FuncCorrError):
    """A benchmark folder whose files do not hold together; the message names file and field."""


class BadAsset(FuncCorrError):
    """A mesh that cannot be labelled: nothing of it is left after cleaning, or nobody knows what object it is."""


class BadAnswer(FuncCorrError):
    """An annotator that answers, but with nothing that could be read as boxes."""


class EndpointUnavailable(FuncCorrError):
    """An annotator that could not be reached; the same question may well be answered later."""


class NoSpace(FuncCorrError):
    """The disk is full; what is finished is whole, and the same command goes on from there."""
