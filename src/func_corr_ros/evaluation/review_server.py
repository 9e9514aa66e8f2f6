# SPDX-License-Identifier: Apache-2.0
"""A web page on this machine alone for :mod:`review_session`; nothing is fetched from or sent to anywhere else."""
from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined

from func_corr_ros.data.pseudo_label.matching import CHOICES
from func_corr_ros.errors import BadAnnotations
from func_corr_ros.evaluation.review_page import PAGE
from func_corr_ros.evaluation.review_session import ReviewSession

LOCAL = "127.0.0.1"
# A word is some 60 bytes.
MOST_BYTES = 4096


def review_server(session: ReviewSession, port: int = 0) -> HTTPServer:
    """Returns a server of ``session`` that listens on 127.0.0.1 (any free port for 0), one request at a time.

    ``GET /`` is the page, ``/picture/N`` a JPEG, ``/state`` what is known as JSON; ``POST /state`` is a person's word: {number,
    accepted, object}. A page of another host is refused, also one whose name leads here.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, number = self.path.strip("/").partition("/")
            if not self._is_local():
                return
            picture = session.picture(int(number)) if kind == "picture" and number.isdecimal() else None
            if self.path == "/":
                self._send("text/html; charset=utf-8", _page(session).encode())
            elif self.path == "/state":
                self._send("application/json", json.dumps(session.state()).encode())
            elif picture is not None:
                self._send("image/jpeg", picture)
            else:
                self._send("text/plain", b"there is no such page", HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:
            if not self._is_local():
                return
            try:
                length = int(self.headers.get("Content-Length", "0"))
                if self.path != "/state" or not 0 < length <= MOST_BYTES:
                    raise BadAnnotations(f"a word goes to /state and has at most {MOST_BYTES} bytes")
                asked = json.loads(self.rfile.read(length))
                session.decide(int(asked["number"]), asked["accepted"], asked.get("object"))
            except (BadAnnotations, ValueError, KeyError, TypeError, AttributeError) as error:
                self._send("text/plain", f"{type(error).__name__}: {error}".encode(), HTTPStatus.BAD_REQUEST)
                return
            self._send("application/json", json.dumps(session.state()).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet: the page says what happened."""

        def _is_local(self) -> bool:
            ours, origin = (LOCAL, "localhost"), self.headers.get("Origin")
            asked = urlsplit("//" + self.headers.get("Host", "")).hostname in ours
            if asked and (origin is None or urlsplit(origin).hostname in ours):
                return True
            self._send("text/plain", b"this page is for this machine only", HTTPStatus.FORBIDDEN)
            return False

        def _send(self, kind: str, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return HTTPServer((LOCAL, port), Handler)


def _page(session: ReviewSession) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(title="What these assets are", path=session.path, choices=CHOICES)
