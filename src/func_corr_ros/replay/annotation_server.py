# SPDX-License-Identifier: Apache-2.0
"""The server of :mod:`annotation_page` for one :mod:`annotation_session`."""
from __future__ import annotations

from http.server import HTTPServer

from func_corr_ros.evaluation.local_page import local_server
from func_corr_ros.replay.annotation_page import PAGE
from func_corr_ros.replay.annotation_session import AnnotationSession


def annotation_server(session: AnnotationSession, port: int = 0) -> HTTPServer:
    """Returns a local server (see :func:`local_server`) of ``session``; what a person says is a click: {frame, name, uv}."""
    told = {"title": f"Where {session.function} happens", "names": session.names, "path": session.path}
    return local_server(
        PAGE, told, session, lambda said: session.click(int(said["frame"]), str(said["name"]), said["uv"]), port
    )
