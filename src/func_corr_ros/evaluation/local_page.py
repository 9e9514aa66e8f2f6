# SPDX-License-Identifier: Apache-2.0
"""A web page on this machine alone, where a person looks and says what is so; nothing is fetched from or sent elsewhere."""
from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined

from func_corr_ros.errors import BadAnnotations, FuncCorrError
from func_corr_ros.evaluation.report_page import STYLE

LOCAL = "127.0.0.1"
# How every such page begins, up to where its own styles follow; it is told a ``title``.
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>""" + STYLE
# What a person says, a click or a word, is some 60 bytes.
MOST_BYTES = 4096


@runtime_checkable
class Session(Protocol):
    """What a page is about."""

    def picture(self, number: int) -> bytes | None:
        """Returns a JPEG, None where there is no such picture."""
        ...

    def state(self) -> object:
        """Returns all that is known, as JSON has it."""
        ...


def local_server(
    template: str, told: Mapping[str, Any], session: Session, say: Callable[[Any], None], port: int = 0
) -> HTTPServer:
    """Returns a server of ``session`` that listens on 127.0.0.1 (any free port for 0), one request at a time.

    ``GET /`` is the Jinja ``template`` filled with what is ``told``, ``/picture/N`` a JPEG, ``/state`` what is known as JSON;
    ``POST /state`` goes to ``say``, decoded, whose FuncCorrError, ValueError, KeyError, TypeError and AttributeError are
    answered with their words. A page of another host is refused, also one whose name leads here.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(template).render(told).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._is_local():
                return
            kind, _, number = self.path.strip("/").partition("/")
            picture = session.picture(int(number)) if kind == "picture" and number.isdecimal() else None
            if self.path == "/":
                self._send("text/html; charset=utf-8", page)
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
                    raise BadAnnotations(f"what is said goes to /state and has at most {MOST_BYTES} bytes")
                say(json.loads(self.rfile.read(length)))
            except (FuncCorrError, ValueError, KeyError, TypeError, AttributeError) as error:
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


def serve(server: HTTPServer, what: str) -> None:
    """Says where the page is and ``what`` it shows, and serves until interrupted."""
    print(f"http://{LOCAL}:{server.server_port} {what}; Ctrl-C ends", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
