# SPDX-License-Identifier: Apache-2.0
"""A page of evaluation/local_page.py served beside a test, and what one asks of it."""
from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer


@contextmanager
def served(server: HTTPServer) -> Iterator[str]:
    """Serves until the block ends; gives the address."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked(url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """Returns status and answer of a GET, or of a POST of ``body``."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
