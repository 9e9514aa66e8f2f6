# SPDX-License-Identifier: Apache-2.0
"""The page stands alone, is well formed, shows the worst pairs, and escapes what others wrote."""
from html.parser import HTMLParser
from pathlib import Path

import pytest
from evaluation.painted_benchmark import Perfect, Silent, Telling, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import EvaluationSettings, evaluate
from func_corr_ros.evaluation.score_charts import bars, precision_recall, reliability, risk_coverage
from func_corr_ros.evaluation.score_page import worst
from func_corr_ros.evaluation.scores import score_predictions

VOID = {"meta", "link", "img", "line", "rect", "polyline", "br"}


class Page(HTMLParser):
    """Collects what a page has, and refuses a tag that closes another."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark"))


def test_the_page_stands_alone_and_can_be_read_aloud(benchmark_: Benchmark, tmp_path: Path) -> None:
    evaluate(benchmark_, Chance(), tmp_path / "out")
    page = Page((tmp_path / "out/report.html").read_text())
    sources = [attrs["src"] for tag, attrs in page.tags if tag == "img"]
    assert len(sources) == 4 and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert all(attrs["alt"] for tag, attrs in page.tags if tag == "img")
    assert [attrs["role"] for tag, attrs in page.tags if tag == "svg"] == ["img"] * 4
    assert not any(tag == "script" or attrs.get("href", "#").startswith("http") for tag, attrs in page.tags)


def test_the_worst_come_first_once_per_pair(benchmark_: Benchmark, tmp_path: Path) -> None:
    evaluate(benchmark_, Chance(), tmp_path, EvaluationSettings())
    scores = score_predictions(benchmark_, tmp_path / "predictions", benchmark_.pairs, "compat")
    found = worst(scores, 3)
    distances = [score.transfer.normalised_distance for score in found]
    assert distances == sorted(distances, reverse=True) and len({score.pair.id for score in found}) == 3
    assert distances[0] == max(score.transfer.normalised_distance for score in scores)


def test_words_of_others_are_escaped(tmp_path: Path) -> None:
    folder = write_painted_benchmark(tmp_path / "benchmark")
    for name in ("views", "benchmark"):
        path = folder / f"{name}.json"
        path.write_text(path.read_text().replace('"board"', '"<script>x</script>"').replace('"painted"', '"<b>painted"'))
    evaluate(Benchmark.open(folder), Perfect(), tmp_path / "out")
    text = (tmp_path / "out/report.html").read_text()
    assert "<script>" not in text and "&lt;script&gt;" in text and "<b>painted" not in text


def test_charts_draw_what_they_are_given() -> None:
    part = {"pck": {"23": 0.5}, "ap": {"23": 0.25}, "ci95": {"pck": {"23": [0.4, 0.6]}, "ap": {"23": [0.2, 0.3]}}}
    page = Page(bars({"cut-with": part, "pour-with": part}, ("pck", "ap"), "23"))
    widths = [float(attrs["width"]) for tag, attrs in page.tags if tag == "rect"]
    assert len(widths) == 4 and widths[0] == pytest.approx(2 * widths[1])
    curve = {"precision": [1.0, 0.5], "recall": [0.1, 0.9]}
    page = Page(precision_recall({t: curve for t in ("23", "15", "10", "5")}))
    lines = [attrs["points"] for tag, attrs in page.tags if tag == "polyline"]
    assert len(lines) == 4 and len(lines[0].split()) == 2


def test_confidence_is_drawn_where_it_stands() -> None:
    bins = [{"share": 0.5, "mean_confidence": 0.25, "accuracy": 0.5, "ci95": [0.25, 0.75]},
            {"share": 0.5, "mean_confidence": 0.75, "accuracy": 1.0, "ci95": [1.0, 1.0]}]
    part = {"bins": bins, "ece": 0.25, "aurc": 0.1, "accuracy": 0.75, "coverage": 0.5, "risk": 0.0,
            "risk_coverage": {"coverage": [0.5, 1.0], "risk": [0.0, 0.25]}}
    page = Page(reliability(part))
    first, second = [(float(attrs["cx"]), float(attrs["cy"])) for tag, attrs in page.tags if tag == "circle"]
    assert second[0] - first[0] == pytest.approx(first[1] - second[1]), "both half of the square's side"
    whisker = next(attrs for tag, attrs in page.tags if tag == "line" and attrs["class"] == "whisker")
    assert (float(whisker["y1"]) + float(whisker["y2"])) / 2.0 == pytest.approx(first[1])
    page = Page(risk_coverage(part))
    assert sum(tag == "circle" for tag, _ in page.tags) == 1, "its own threshold"
    assert not any(tag == "circle" for tag, _ in Page(risk_coverage({**part, "risk": float("nan")})).tags)


def test_a_page_says_of_confidence_what_is_known(tmp_path: Path) -> None:
    benchmark = Benchmark.open(write_painted_benchmark(tmp_path / "benchmark", negatives=True))
    evaluate(benchmark, Telling(exists_threshold=0.5), tmp_path / "telling")
    text = (tmp_path / "telling/report.html").read_text()
    assert "(4 pairs, 3 negatives)" in text and "0.250 [0.250, 0.250]" in text and Page(text).tags
    evaluate(benchmark, Silent(), tmp_path / "silent")
    assert "Confidence" not in (tmp_path / "silent/report.html").read_text()
