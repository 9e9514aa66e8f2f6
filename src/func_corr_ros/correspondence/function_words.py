# SPDX-License-Identifier: Apache-2.0
"""What the caller calls a function, as the vector that a trained head reads."""
from __future__ import annotations

import difflib
import re

from jaxtyping import Float32
from torch import Tensor

from func_corr_ros.correspondence.text_encoder import TextEncoder, load_text_encoder, phrase
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.correspondence.weights import verify
from func_corr_ros.errors import UnknownFunction

# A name of the taxonomy ("pour-with", "pick up-with"), or plain words ("the spout that pours").
_NAME = re.compile(r"[a-z]+([- ][a-z]+)*")
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9 ,'\-]{0,119}")


def check_function(function: str) -> None:
    """Raises UnknownFunction unless ``function`` is a lower-case name as in the taxonomy."""
    if not _NAME.fullmatch(function):
        raise UnknownFunction(f"function is {function!r}; a lower-case name such as 'pour-with' or 'hang-onto' is needed")


class FunctionWords:
    """The functions that a head was trained on, by name; any other words through its text encoder, loaded when first needed."""

    def __init__(self, head: TrainedHead, strict: bool) -> None:
        self._head, self._strict = head, strict
        self._vectors = dict(head.functions)
        self._encoder: TextEncoder | None = None

    def vector(self, function: str) -> Float32[Tensor, " t"]:
        """Returns the vector of ``function``, a name or words in English.

        Raises UnknownFunction for what is neither, and where only trained functions are allowed; BadWeights where the text
        encoder is missing or not the one that the head was trained with.
        """
        if function not in self._vectors:
            if self._strict:
                near = difflib.get_close_matches(function, self._head.functions, n=1, cutoff=0.0)
                raise UnknownFunction(f"{self._head.name} was not trained on {function!r}, and strict_functions is set; did you "
                                      f"mean {near[0]!r}? valid: {', '.join(sorted(self._head.functions))}")
            if not _WORDS.fullmatch(function):
                raise UnknownFunction(f"function is {function!r}; a name such as 'pour-with', or up to 120 letters of plain "
                                      "English, is needed")
            self._vectors[function] = self._loaded().encode([phrase(function)])[0]
        return self._vectors[function]

    def _loaded(self) -> TextEncoder:
        if self._encoder is None:
            spec = self._head.spec
            encoder = load_text_encoder(spec.text_encoder)
            verify(f"text encoder {spec.text_encoder}", encoder.weights_sha256, spec.text_encoder_sha256, of=self._head.name)
            self._encoder = encoder
        return self._encoder
