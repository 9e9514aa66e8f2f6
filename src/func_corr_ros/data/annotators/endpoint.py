# SPDX-License-Identifier: Apache-2.0
"""Any server that speaks OpenAI's chat protocol (vLLM, for one) as an annotator: retries, rate limit, meter, answers on disk.

Answers are data: numbers are read out of them, nothing is evaluated, and what lies outside the picture is cut off or dropped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPException
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.errors import BadAnswer, BadSettings, EndpointUnavailable
from func_corr_ros.grounding.box_text import boxes_in_json, numbered_boxes_in_json
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.grounding.qwen_vl import QUESTION
from func_corr_ros.provenance import whole_file, write_json
from func_corr_ros.settings import override, setting

UNITS = ("thousandths", "pixels")
# So many answers in a row that hold no boxes and no empty list are no accident.
_UNREADABLE = 3
MANY = (
    "Locate each of these: {phrases}. Answer with a JSON list only, for each place one object with the keys "
    '"bbox_2d" ([left, top, right, bottom]) and "label", which is the number of what is there; leave out what is not visible.'
)
CONFIRMATION = "Does this picture show a {what}? Answer with one word: yes or no."
_RETRIED = (408, 409, 429, 500, 502, 503, 504)
_LONGEST_WAIT_S = 60.0
# No answer of 256 tokens has so many bytes.
_LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True)
class EndpointSettings:
    """Where the server is and how it is treated. The key comes from the environment and is written nowhere."""

    url: str = setting("http://localhost:8000/v1", "address of the protocol's root")
    model: str = setting("Qwen/Qwen3-VL-4B-Instruct", "model that is asked")
    units: str = setting("thousandths", "what the model's numbers are: of the picture's side, or pixels of it", choices=UNITS)
    temperature: float = setting(0.0, "0: the same answer every time; the paper sampled at 0.9", at_least=0.0, at_most=2.0)
    key_variable: str = setting("OPENAI_API_KEY", "environment variable that holds the key, if there is one")
    cache: str = setting("build/annotator-cache", "folder of the answers that were had already, and of meter.json")
    retries: int = setting(4, "further tries after one that failed", at_least=0)
    patience: float = setting(60.0, "longest wait for an answer", unit="s", at_least=0.1)
    per_minute: float = setting(600.0, "questions a minute, at most", at_least=0.1)
    price_in: float = setting(0.0, "price of a million tokens that are read", at_least=0.0)
    price_out: float = setting(0.0, "price of a million tokens that are written", at_least=0.0)
    parts_in_one: int = setting(1, "parts of a picture that one call may ask about", at_least=1, at_most=20)
    first_wait: float = setting(1.0, "wait before the second try; it doubles every time", unit="s", at_least=0.0)


@dataclass
class Meter:
    """Questions that were sent and answered, those that lay on disk, tokens read and written, and what they cost, by all who used
    one folder of answers one after the other.
    """

    calls: int = 0
    cached: int = 0
    retries: int = 0
    unreadable: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0


class EndpointAnnotator:
    """See Annotator."""

    def __init__(self, settings: EndpointSettings, name: str = "endpoint") -> None:
        self.settings, self.name, self.meter = settings, name, _meter(Path(settings.cache) / "meter.json")
        if not settings.url.startswith(("http://", "https://")):
            raise BadSettings(f"url is {settings.url!r}; an address that begins with http:// or https:// is needed")
        self._next, self._in_a_row, self._away = 0.0, 0, False

    @classmethod
    def load(cls, name: str, *, views_of: Any = None, noise: Any = None, **options: Any) -> EndpointAnnotator:
        """Returns the annotator with the settings in ``options``; raises BadSettings for an unknown one."""
        return cls(override(EndpointSettings(), options, source="options of the endpoint"), name)

    @property
    def identity(self) -> Mapping[str, Any]:
        """What answers depend on: the model and how it is asked, not where it runs."""
        return {
            "model": self.settings.model,
            "units": self.settings.units,
            "temperature": self.settings.temperature,
            "question": QUESTION,
            **({"parts in one": self.settings.parts_in_one, "many": MANY} if self.settings.parts_in_one > 1 else {}),
        }

    def ask(self, questions: Sequence[Question]) -> list[Boxes]:
        """See Annotator.ask."""
        found: list[Boxes] = []
        for _, alike in groupby(questions, lambda one: (one.asset, one.view, one.sample, one.window)):
            some = list(alike)
            for start in range(0, len(some), self.settings.parts_in_one):
                found += self._answered(some[start : start + self.settings.parts_in_one])
        write_json(Path(self.settings.cache) / "meter.json", asdict(self.meter))
        return found

    def _answered(self, questions: Sequence[Question]) -> list[Boxes]:
        """Returns the boxes of questions about one picture, from one call."""
        first, side = questions[0], questions[0].picture.shape[:2]
        if len(questions) == 1:
            text = self._text(first.picture, QUESTION.format(phrase=first.phrase), first.sample)
            one = boxes_in_json(text)
            boxes, readable = [one], bool(len(one)) or "[]" in text.replace(" ", "")
        else:
            listed = "; ".join(f"{number}. {one.phrase}" for number, one in enumerate(questions, 1))
            text = self._text(first.picture, MANY.format(phrases=listed), first.sample)
            several = numbered_boxes_in_json(text, len(questions))
            boxes, readable = several or [np.zeros((0, 4))] * len(questions), several is not None
        self._in_a_row = 0 if readable else self._in_a_row + 1
        self.meter.unreadable += not readable
        if self._in_a_row >= _UNREADABLE:
            self._in_a_row = 0
            raise BadAnswer(f"{_UNREADABLE} answers in a row of {self.settings.model} hold no boxes, the last: {text[:80]!r}")
        return [self._held(some, (side[0], side[1])) for some in boxes]

    def _held(self, boxes: np.ndarray, side: tuple[int, int]) -> Boxes:
        """Returns ``boxes`` in pixels of a picture of ``side`` (height, width), without those that are of another picture."""
        if self.settings.units == "thousandths":
            boxes = boxes / 1000.0 * np.array([side[1], side[0]] * 2)
        beyond = (np.abs(boxes) > 2.0 * max(side)).any(axis=1)  # no slip of the edge
        return Boxes.of(boxes[~beyond], np.full(int((~beyond).sum()), np.nan), side)

    def confirm(self, picture: np.ndarray, what: str) -> bool | None:
        """Returns whether the model sees ``what`` in ``picture``; None where it says neither yes nor no. Raises as ``ask``."""
        word = re.match(r"[^a-z]*(yes|no)\b", self._text(picture, CONFIRMATION.format(what=what), 0).lower())
        write_json(Path(self.settings.cache) / "meter.json", asdict(self.meter))
        return None if word is None else word[1] == "yes"

    def say(self, words: str) -> str:
        """Returns what the model answers to ``words`` alone. Raises as ``ask``."""
        text = self._text(None, words, 0)
        write_json(Path(self.settings.cache) / "meter.json", asdict(self.meter))
        return text

    def _text(self, picture: np.ndarray | None, words: str, sample: int) -> str:
        """Returns the answer as text, from disk where it was given before."""
        body = self._body(picture, words)
        key = hashlib.sha256(json.dumps([body, sample if self.settings.temperature else 0]).encode()).hexdigest()
        file = Path(self.settings.cache) / key[:2] / f"{key}.json"
        if file.exists():
            self.meter.cached += 1
            return str(json.loads(file.read_text())["text"])
        answer = self._sent(body)
        try:
            text, used = str(answer["choices"][0]["message"]["content"]), dict(answer.get("usage") or {})
            read, written = int(used.get("prompt_tokens", 0)), int(used.get("completion_tokens", 0))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise BadAnswer(f"{self.settings.url} answers, but not as the protocol says: {str(answer)[:80]!r}") from error
        self.meter.calls += 1
        self.meter.tokens_in += read
        self.meter.tokens_out += written
        self.meter.cost += (read * self.settings.price_in + written * self.settings.price_out) / 1e6
        with whole_file(file) as whole:
            whole.write(json.dumps({"text": text, "tokens": [read, written]}).encode())
        return text

    def _body(self, picture: np.ndarray | None, words: str) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": words}]
        if picture is not None:
            import cv2

            _, png = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
            url = "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
            content = [{"type": "image_url", "image_url": {"url": url}}, *content]
        return {
            "model": self.settings.model,
            "temperature": self.settings.temperature,
            "max_tokens": 256,
            "messages": [{"role": "user", "content": content}],
        }

    def _sent(self, body: dict[str, Any]) -> Any:
        """Returns the server's answer; raises EndpointUnavailable when all tries failed."""
        headers = {"Content-Type": "application/json"}
        if os.environ.get(self.settings.key_variable):
            headers["Authorization"] = f"Bearer {os.environ[self.settings.key_variable]}"
        request = urllib.request.Request(f"{self.settings.url}/chat/completions", json.dumps(body).encode(), headers)
        wait, why = self.settings.first_wait, ""
        # Nobody answered last time: one try tells whether somebody does now, long waits for each asset tell no more.
        tries = 1 if self._away else self.settings.retries + 1
        self._away = True
        for number in range(tries):
            self._hold_rate()
            try:
                with urllib.request.urlopen(request, timeout=self.settings.patience) as reply:
                    found = json.loads(reply.read(_LONGEST_ANSWER))
                self._away = False
                return found
            except urllib.error.HTTPError as error:
                if error.code not in _RETRIED:
                    # No fault of the asset: with the right key the next run asks again.
                    raise EndpointUnavailable(
                        f"{self.settings.url} refuses the question: {error.code} {error.reason}; check url, model "
                        f"and the key in {self.settings.key_variable}"
                    ) from error
                why, told = f"{error.code} {error.reason}", error.headers.get("Retry-After", "")
                wait = max(wait, float(told)) if told.replace(".", "", 1).isdigit() else wait
            except (OSError, HTTPException, ValueError, RecursionError) as error:  # nobody there, too slow, no HTTP or no JSON
                why = f"{type(error).__name__}: {error}"
            if number < tries - 1:
                self.meter.retries += 1
                time.sleep(min(wait, _LONGEST_WAIT_S))
                wait *= 2.0
        raise EndpointUnavailable(
            f"{self.settings.url} did not answer in {tries} {'try' if tries == 1 else 'tries'} ({why}); "
            "is the server running? What was answered is kept; call again"
        )

    def _hold_rate(self) -> None:
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 60.0 / self.settings.per_minute


def _meter(path: Path) -> Meter:
    """Returns what the meter of an earlier run stood at; a new one where there is none that can be read."""
    try:
        read = json.loads(path.read_text())
        return Meter(**{name: type(value)(read[name]) for name, value in asdict(Meter()).items()})
    except (OSError, ValueError, KeyError, TypeError):
        return Meter()
