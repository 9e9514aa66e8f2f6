# SPDX-License-Identifier: Apache-2.0
"""The server of :mod:`annotation_page` for one :mod:`annotation_session`."""
from __future__ import annotations

from http.server import HTTPServer
from typing import Any

from func_corr_ros.evaluation.local_page import local_server
from func_corr_ros.replay.annotation_page import PAGE
from func_corr_ros.replay.annotation_session import REGIONS, AnnotationSession


def annotation_server(session: AnnotationSession, port: int = 0) -> HTTPServer:
    """Returns a local server (see :func:`local_server`) of ``session``; what a person says is a click, {frame, name, uv},
    or an outline, {frame, region, corners}.
    """
    told = {"title": f"Where {session.function} happens", "names": session.names, "regions": REGIONS, "path": session.path}

    def say(said: Any) -> None:
        if "region" in said:
            session.draw(int(said["frame"]), str(said["region"]), said["corners"])
        else:
            session.click(int(said["frame"]), str(said["name"]), said["uv"])

    return local_server(PAGE, told, session, say, port)
