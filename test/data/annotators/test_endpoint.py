# SPDX-License-Identifier: Apache-2.0
"""Against a server of our own: boxes come back in pixels, failures are tried again, nonsense and silence have their errors."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.annotators.annotator import Annotator, Question, load_annotator
from func_corr_ros.errors import BadAnswer, BadSettings, EndpointUnavailable

Reply = Callable[[dict], tuple[int, str]]


class Server:
    """Answers every question with what ``reply`` returns; counts them."""

    def __init__(self) -> None:
        self.reply: Reply = lambda body: said('[{"bbox_2d": [100, 200, 500, 600], "label": "spout"}]')
        self.bodies: list[dict] = []
        self.headers: list[dict] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append(body)
                outer.headers.append(dict(self.headers))
                code, text = outer.reply(body)
                self.send_response(code)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


def said(text: str) -> tuple[int, str]:
    return 200, json.dumps(
        {"choices": [{"message": {"content": text}}], "usage": {"prompt_tokens": 1000, "completion_tokens": 20}}
    )


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


def raw(content: bytes) -> str:
    """A server that is none: it sends ``content`` to whoever connects, and hangs up."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(1 << 16)
                connection.sendall(content)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def annotator(url: str, folder: Path, **options: object) -> Annotator:
    return load_annotator("endpoint", url=url, cache=str(folder), first_wait=0.0, per_minute=1e6, **options)


def question(number: int = 0, sample: int = 0) -> Question:
    return Question("a", "spout", f"spout {number}", 0, sample, (0, 0, 50), np.full((50, 50, 3), 7, np.uint8))


def test_a_server_that_is_away_is_waited_for_once(server: Server, tmp_path: Path) -> None:
    asked = annotator(server.url, tmp_path, retries=2)
    server.reply = lambda body: (503, "later")
    for tries in ("3 tries", "1 try"):
        with pytest.raises(EndpointUnavailable, match=f"did not answer in {tries}"):
            asked.ask([question()])
    assert len(server.bodies) == 4
    server.reply = lambda body: said("[]")
    asked.ask([question()])
    server.reply = lambda body: (503, "later")
    with pytest.raises(EndpointUnavailable, match="did not answer in 3 tries"):
        asked.ask([question(1)])


def test_boxes_come_back_in_pixels_and_the_second_time_from_disk(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "hush")
    one = annotator(server.url, tmp_path, price_in=1.0, price_out=100.0)
    (boxes,) = one.ask([question()])
    np.testing.assert_allclose(boxes.corners, [[4.5, 9.5, 24.5, 29.5]])
    assert annotator(server.url, tmp_path).ask([question()])[0].corners.shape == (1, 4) and len(server.bodies) == 1
    assert server.headers[0]["Authorization"] == "Bearer hush"
    assert not any("hush" in path.read_text() for path in tmp_path.rglob("*.json")) and "hush" not in str(one.identity)
    assert (one.meter.calls, one.meter.tokens_in) == (1, 1000) and one.meter.cost == pytest.approx(0.003)
    kept = json.loads((tmp_path / "meter.json").read_text())
    assert (kept["calls"], kept["cached"], kept["tokens_in"]) == (1, 1, 1000)  # the meter goes on
    one.ask([question(1)])
    assert len(server.bodies) == 2


def test_samples_differ_only_where_the_model_draws(server: Server, tmp_path: Path) -> None:
    annotator(server.url, tmp_path / "cold").ask([question(sample=0), question(sample=1)])
    assert len(server.bodies) == 1
    annotator(server.url, tmp_path / "warm", temperature=0.9).ask([question(sample=0), question(sample=1)])
    assert len(server.bodies) == 3


def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    answers = iter([(503, "busy"), (429, "slower"), (200, "no json"), said("[]")])
    server.reply = lambda body: next(answers)
    one = annotator(server.url, tmp_path)
    assert len(one.ask([question()])[0].corners) == 0 and one.meter.retries == 3


def test_nobody_there_is_said_after_all_tries(tmp_path: Path) -> None:
    one = annotator("http://127.0.0.1:9/v1", tmp_path, retries=1, patience=2.0)
    with pytest.raises(EndpointUnavailable, match="did not answer in 2 tries .*is the server running"):
        one.ask([question()])


def test_nonsense_is_data_and_three_in_a_row_an_error(server: Server, tmp_path: Path) -> None:
    never = tmp_path / "never"
    words = f"__import__('pathlib').Path({str(never)!r}).touch()"
    server.reply = lambda body: said(words)
    one = annotator(server.url, tmp_path)
    assert [len(boxes.corners) for boxes in one.ask([question(0), question(1)])] == [0, 0] and one.meter.unreadable == 2
    assert not never.exists()
    with pytest.raises(BadAnswer, match="3 answers in a row"):
        one.ask([question(2)])
    server.reply = lambda body: (200, json.dumps({"choices": []}))
    with pytest.raises(BadAnswer, match="not as the protocol says"):
        annotator(server.url, tmp_path / "b").ask([question(3)])


def test_boxes_are_held_to_the_picture(server: Server, tmp_path: Path) -> None:
    server.reply = lambda body: said(
        '[{"bbox_2d": [-100, 500, 1300, 900]}, {"bbox_2d": [1e9, 0, 5, 5]}, {"bbox_2d": [90000, 0, 95000, 10]},'
        ' {"bbox_2d": [700, 700, 700, 800]}]'
    )
    (boxes,) = annotator(server.url, tmp_path).ask([question()])
    np.testing.assert_allclose(boxes.corners, [[-0.5, 24.5, 49.5, 44.5]])


def test_a_refusal_names_what_to_check(server: Server, tmp_path: Path) -> None:
    server.reply = lambda body: (401, "who are you")
    with pytest.raises(EndpointUnavailable, match="refuses the question: 401 .*key in OPENAI_API_KEY"):
        annotator(server.url, tmp_path).ask([question()])
    with pytest.raises(BadSettings, match="did you mean 'model'"):
        annotator(server.url, tmp_path, modle="x")
    with pytest.raises(BadSettings, match="begins with http"):
        annotator("ftp://x", tmp_path)


def test_the_rate_is_held(server: Server, tmp_path: Path) -> None:
    one = load_annotator("endpoint", url=server.url, cache=str(tmp_path), per_minute=600.0)
    start = time.monotonic()
    one.ask([question(number) for number in range(4)])
    assert time.monotonic() - start >= 0.29


def test_parts_of_one_picture_go_into_one_call(server: Server, tmp_path: Path) -> None:
    answer = (
        '```json\n[{"bbox_2d": [0, 0, 500, 500], "label": "2"}, {"bbox_2d": [100, 200, 500, 600], "label": "1. spout"},'
        ' {"bbox_2d": [0, 0, 9, 9], "label": "7"}, {"bbox_2d": ["x"], "label": 1}, 3]```'
    )
    server.reply = lambda body: said(answer)
    one = annotator(server.url, tmp_path, parts_in_one=3)
    spout, handle, lid = one.ask([question(number) for number in range(3)])
    assert len(server.bodies) == 1 and one.meter.calls == 1
    assert "1. spout 0; 2. spout 1; 3. spout 2" in server.bodies[0]["messages"][0]["content"][1]["text"]
    np.testing.assert_allclose(spout.corners, [[4.5, 9.5, 24.5, 29.5]])
    np.testing.assert_allclose(handle.corners, [[-0.5, -0.5, 24.5, 24.5]])
    assert not len(lid.corners)
    one.ask([question(number) for number in range(4)])
    assert len(server.bodies) == 2  # three from disk, the fourth alone
    assert one.identity != annotator(server.url, tmp_path).identity
    server.reply = lambda body: said("no idea")
    with pytest.raises(BadAnswer, match="3 answers in a row"):
        annotator(server.url, tmp_path, parts_in_one=2).ask([question(number) for number in range(10, 16)])


def test_yes_and_no_are_read_and_nothing_else(server: Server, tmp_path: Path) -> None:
    picture = np.full((20, 20, 3), 9, np.uint8)
    for number, (text, expected) in enumerate((("Yes.", True), ("no, it is a pan", False), ("**No**", False), ("Perhaps", None),
                                               ("nothing", None), ("__import__('os')", None))):
        server.reply = lambda body, text=text: said(text)
        assert annotator(server.url, tmp_path).confirm(picture, f"mug {number}") is expected
    assert "Does this picture show a mug 0?" in server.bodies[0]["messages"][0]["content"][1]["text"]


@pytest.mark.parametrize(
    "content",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000,
        b"",
    ],
)
def test_what_is_no_answer_of_a_server_counts_as_silence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(EndpointUnavailable, match="did not answer in 2 tries"):
        annotator(raw(content), tmp_path, retries=1, patience=5.0).ask([question()])


@pytest.mark.parametrize(
    "text",
    [
        '[{"bbox_2d": ["a", "b", "c", "d"]}]',
        '[{"bbox_2d": [1e300, 0, 1, 1]}]',
        '[{"bbox_2d": [NaN, 0, 5, 5]}]',
        '[{"bbox_2d": [[1], 2, 3, 4]}]',
        "[" * 3000,
        "__import__('os').system('touch evaluated')",
        '[{"bbox_2d": {"a": 1}}]',
    ],
)
def test_boxes_that_are_none_are_no_boxes(text: str, server: Server, tmp_path: Path) -> None:
    server.reply = lambda body: said(text)
    (found,) = annotator(server.url, tmp_path).ask([question()])
    assert found.corners.shape == (0, 4)
