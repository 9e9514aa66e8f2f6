# SPDX-License-Identifier: Apache-2.0
"""Messages as nobody means them: any field of a good one replaced by a value that its type allows and sense does not."""

import array
import copy
import math

import numpy as np
from hypothesis import strategies as st

WORDS = ["", "a", "../../etc/passwd", "/", "\\..\\", "rgb8", "16UC1", "32FC1", "mono8", "bgra8", "32FC2", "jpeg", "png", "16UC1",
         "16UC1; compressedDepth png", "\x00", "pour-with", "ü" * 40, "x" * 5000, "{{7*7}}",
         "!!python/object:os.system"]  # fmt: skip
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e9, -1e9, 1e38, math.nan, math.inf, -math.inf]
LIMITS = {"int8": (-(2**7), 2**7 - 1), "uint8": (0, 2**8 - 1), "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1),
          "int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "int64": (-(2**63), 2**63 - 1),
          "uint64": (0, 2**64 - 1)}  # fmt: skip


@st.composite
def mutated(draw, message):
    """Returns a copy of ``message`` with one to four of its fields changed."""
    made = copy.deepcopy(message)
    for _ in range(draw(st.integers(1, 4))):
        owner, name, kind = draw(st.sampled_from(_fields(made)))
        setattr(owner, name, draw(_value(kind, getattr(owner, name))))
    return made


def _fields(message) -> list[tuple[object, str, str]]:
    """Every field of a message and of the messages in it: (owner, name, type)."""
    found = []
    for name, kind in message.get_fields_and_field_types().items():
        value = getattr(message, name)
        parts = value if isinstance(value, list) else [value]
        inner = [part for part in parts if hasattr(part, "get_fields_and_field_types")]
        for part in inner[:3]:
            found += _fields(part)
        if not inner or isinstance(value, list):
            found.append((message, name, kind))
    return found


def _value(kind: str, now):
    if kind in LIMITS:
        low, high = LIMITS[kind]
        return st.one_of(st.sampled_from([low, high, 0, 1]), st.integers(max(low, -1000), min(high, 1000)))
    if kind in ("float", "double"):
        return st.sampled_from(FLOATS)
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        return st.sampled_from(WORDS)
    if isinstance(now, np.ndarray):  # a fixed number of them
        return st.sampled_from(FLOATS).map(lambda value: np.full_like(now, value))
    if isinstance(now, array.array):
        return _data(now)
    if isinstance(now, (list, tuple)):
        return st.sampled_from([[], list(now)[:1], list(now)[1:], list(now) * 2, list(now) * 50])
    raise AssertionError(f"no mutation for {kind}")


@st.composite
def _data(draw, now: array.array):
    """Bytes or numbers: fewer, more, other ones."""
    how = draw(st.sampled_from(["cut", "more", "none", "zeros", "noise", "floats"]))
    made = array.array(now.typecode, now)
    if how == "none" or (how == "cut" and not len(made)):
        return array.array(now.typecode)
    if how == "cut":
        return made[: draw(st.integers(0, len(made) - 1))]
    if how == "more":
        made.extend(made[:1000] if len(made) else array.array(now.typecode, [0] * 7))
        return made
    if how == "floats" and now.typecode in "fd":
        return array.array(now.typecode, [draw(st.sampled_from(FLOATS)) for _ in range(min(len(made) + 1, 20))])
    size = len(made) * made.itemsize
    noise = np.random.default_rng(draw(st.integers(0, 2**16))).bytes(size) if how == "noise" else bytes(size)
    return array.array(now.typecode, noise)
