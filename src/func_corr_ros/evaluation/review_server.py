# SPDX-License-Identifier: Apache-2.0
"""The server of :mod:`review_page` for one :mod:`review_session`."""
from __future__ import annotations

from http.server import HTTPServer

from func_corr_ros.data.pseudo_label.matching import CHOICES
from func_corr_ros.evaluation.local_page import local_server
from func_corr_ros.evaluation.review_page import PAGE
from func_corr_ros.evaluation.review_session import ReviewSession


def review_server(session: ReviewSession, port: int = 0) -> HTTPServer:
    """Returns a local server (see :func:`local_server`) of ``session``; what a person says is {number, accepted, object}."""
    told = {"title": "What these assets are", "path": session.path, "choices": CHOICES}
    return local_server(
        PAGE, told, session, lambda said: session.decide(int(said["number"]), said["accepted"], said.get("object")), port
    )
