# SPDX-License-Identifier: Apache-2.0
"""The stages one after the other, each from files to files: what is there already is not made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from func_corr_ros.data.annotators.annotator import Annotator, load_annotator
from func_corr_ros.data.annotators.simulated import AnnotatorNoise
from func_corr_ros.data.pseudo_label.answers import Interview, read_answers, write_answers
from func_corr_ros.data.pseudo_label.asking import AskSettings, asked_all, calls_in
from func_corr_ros.data.pseudo_label.engine import Engine, LocalEngine
from func_corr_ros.data.pseudo_label.label_views import LabelViewSettings, label_views, read_label_views, write_label_views
from func_corr_ros.data.pseudo_label.neighbourhood import neighbourhood
from func_corr_ros.data.pseudo_label.part_labels import (
    CleaningSettings,
    part_labels,
    read_part_labels,
    rejected,
    write_part_labels,
)
from func_corr_ros.data.pseudo_label.part_phrases import (
    PartPhrase,
    Phrases,
    all_phrases,
    parts_by_function,
    phrases_for,
    read_phrases,
    write_phrases,
)
from func_corr_ros.data.pseudo_label.shape import Shape, ShapeSettings, notes_of, read_shape, write_shape
from func_corr_ros.data.pseudo_label.sources import AssetSource, shape_of, write_sources
from func_corr_ros.data.pseudo_label.stage import Skipped, StageResult, file_of, guarded, only, run_stage
from func_corr_ros.data.pseudo_label.training_labels import TrainingLabelSettings, write_shards, write_training_labels
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadAsset
from func_corr_ros.provenance import provenance, settings_hash, sha256_of_file, write_json
from func_corr_ros.settings import as_dict, setting


@dataclass(frozen=True)
class PseudoLabelSettings:
    """Everything that decides what the labels are; annotators' own options beside it are in the provenance of their answers."""

    annotator: str = setting("simulated", "who is asked (func_corr_ros.data.annotators.ANNOTATORS)")
    shape: ShapeSettings = field(default_factory=ShapeSettings)
    views: LabelViewSettings = field(default_factory=LabelViewSettings)
    ask: AskSettings = field(default_factory=AskSettings)
    noise: AnnotatorNoise = field(default_factory=AnnotatorNoise)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)
    labels: TrainingLabelSettings = field(default_factory=TrainingLabelSettings)


@dataclass(frozen=True)
class PseudoLabels:
    """What a run brought below ``folder``: assets with labels, what was left out at which stage, questions asked in all, and
    what is ``noted`` about assets that were labelled all the same.
    """

    folder: Path
    sources: tuple[AssetSource, ...]
    labelled: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    rejected: Mapping[tuple[str, str], str]
    calls: int
    noted: tuple[Skipped, ...] = ()

    def file_of_asset(self, asset: str) -> str:
        """Returns the name of the file that the asset of this id is, "" where it is none."""
        return next((Path(one.path).name for one in self.sources if one.id == asset), "")


def make_pseudo_labels(
    folder: Path,
    sources: Sequence[AssetSource],
    settings: PseudoLabelSettings,
    *,
    left_out: Sequence[Skipped] = (),
    options: Mapping[str, Any] | None = None,
    processes: int = 1,
    engine: Engine | None = None,
) -> PseudoLabels:
    """Runs all stages for ``sources`` and returns what they brought; ``left_out`` is what had no source. phrases.yaml is written
    once and then read: a person may mend it in between. ``options`` go to the annotator. ``engine`` does the work, ``processes``
    of this machine if none is given. ``summary.json`` lists every skip.
    Raises BadSettings where a folder was filled with other settings.
    """
    given, sources = sources, list({one.id: one for one in reversed(sources)}.values())[::-1]
    twice = [one for index, one in enumerate(given) if one.id in {before.id for before in given[:index]}]
    left_out = [*left_out, *(Skipped(one.id, "assets", "BadAsset: an asset of this id was given already") for one in twice)]
    guarded(folder, lambda: write_sources(folder / "sources.json", sources))
    phrases, asked_with = _phrases(folder / "phrases.yaml", sources), dict(options or {})
    every, stages = {one.id: one for one in sources}, _Stages(folder, engine or LocalEngine(processes))
    shapes = stages.run("shapes", every, partial(_make_shape, settings.shape), settings.shape)
    views = stages.run("views", only(every, shapes.done), partial(_make_views, folder, settings.views), settings.views)
    answers = stages.run(
        "answers",
        only(every, views.done),
        partial(_make_answers, folder, settings, phrases, asked_with),
        _asking(folder, settings, asked_with, sha256_of_file(folder / "phrases.yaml")),
        keeps=True,
    )
    votes = stages.run("votes", only(every, answers.done), partial(_make_votes, folder, settings.ask, phrases), settings.ask.vote)
    held = {one: read_part_labels(file_of(votes.out, one)) for one in votes.done}
    bad = rejected(held, {one.id: one.object for one in sources}, settings.cleaning)
    # Cleaning looks at other assets too, so that what is left of one may change: its file is named by what is left.
    kept = {one: [part for part in labels.parts if (one, part) not in bad] for one, labels in held.items()}
    named = {f"{one}.{settings_hash({'parts': parts})[:8]}": (every[one], parts) for one, parts in kept.items()}
    labels = stages.run("labels", named, partial(_make_labels, folder, settings.labels, phrases), settings.labels)
    packed = [(named[name][0].id, file_of(labels.out, name), _about(named[name][0])) for name in labels.done]
    guarded(folder, lambda: write_shards(folder / "shards", packed, settings.labels))
    skipped = [one for result in (shapes, views, answers, votes) for one in result.skipped]
    skipped += [replace(one, asset=named[one.asset][0].id) for one in labels.skipped]
    calls = sum(calls_in(read_answers(file_of(answers.out, one)), settings.ask) for one in answers.done)
    labelled, every_skip = tuple(one for one, *_ in packed), (*left_out, *skipped)
    found = PseudoLabels(folder, tuple(sources), labelled, every_skip, bad, calls, _noted(shapes))
    _summarise(found, settings, (shapes, views, answers, votes, labels))
    return found


class _Stages:
    """Runs stages in folders of their own. What each was made with holds what those before it were: a change upstream is never
    overlooked downstream.
    """

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._folder, self._engine, self._before = folder, engine, ""

    def run(
        self, name: str, items: Mapping[str, Any], work: Callable[[Any, Path], None], settings: Any, *, keeps: bool = False
    ) -> StageResult:
        made = provenance(settings, {"stages before": self._before} if self._before else {})
        self._before = settings_hash({"stage": name, "settings": made["settings"], "before": self._before})
        return run_stage(name, self._folder / name, items, work, made, engine=self._engine, keeps=keeps)


def _phrases(path: Path, sources: Sequence[AssetSource]) -> Phrases:
    """Returns the phrases of the file; those of objects that it lacks are added to it."""
    there = all_phrases(path) if path.exists() else {}
    wanted = phrases_for(sources, load_taxonomy())
    if set(wanted) - set(there):
        write_phrases(path, {**wanted, **there})
    return read_phrases(path)


def _asking(folder: Path, settings: PseudoLabelSettings, options: Mapping[str, Any], phrases: str) -> dict[str, Any]:
    identity = dict(_annotator(folder, settings, dict(options)).identity)
    return {"annotator": settings.annotator, "identity": identity, "ask": as_dict(settings.ask), "phrases": phrases}


def _annotator(folder: Path, settings: PseudoLabelSettings, options: dict[str, Any]) -> Annotator:
    return _loaded(folder, settings.annotator, settings.noise, tuple(sorted(options.items())))


@lru_cache(maxsize=1)
def _loaded(folder: Path, name: str, noise: AnnotatorNoise, options: tuple[tuple[str, Any], ...]) -> Annotator:
    views = partial(_views_of, folder)
    return load_annotator(name, views_of=views, noise=noise, **dict(options))


def _views_of(folder: Path, asset: str) -> Any:
    return read_label_views(file_of(folder / "views", asset))


def _make_shape(settings: ShapeSettings, source: AssetSource, path: Path) -> None:
    write_shape(path, shape_of(source, settings))


def _make_views(folder: Path, settings: LabelViewSettings, source: AssetSource, path: Path) -> None:
    write_label_views(path, label_views(read_shape(file_of(folder / "shapes", source.id)), settings))


def _make_answers(
    folder: Path, settings: PseudoLabelSettings, phrases: Phrases, options: dict[str, Any], source: AssetSource, path: Path
) -> None:
    shape, views = read_shape(file_of(folder / "shapes", source.id)), _views_of(folder, source.id)
    parts = parts_of(shape, phrases[source.object])
    interview = Interview(
        source.id,
        views,
        tuple(one.part for one in parts),
        tuple(one.phrase for one in parts),
        _annotator(folder, settings, options),
        settings.ask.whole_px,
    )
    around = neighbourhood(shape.points, shape.normals)
    edges, crops = [one.edge for one in parts], [one.crop for one in parts]
    write_answers(path, asked_all(interview, around, edges, crops, settings.ask))


def parts_of(shape: Shape, phrases: Sequence[PartPhrase]) -> list[PartPhrase]:
    """Returns the parts to ask about: all of them, or those that the asset has where its true parts are known. Raises
    BadAsset for none, and for one without area.
    """
    parts = [one for one in phrases if not shape.exact or one.part in shape.thing.part_names]
    if not parts:
        raise BadAsset(f"{shape.name}: phrases.yaml has no accepted part of it")
    return parts


def _make_votes(folder: Path, settings: AskSettings, phrases: Phrases, source: AssetSource, path: Path) -> None:
    shape, answers = read_shape(file_of(folder / "shapes", source.id)), read_answers(file_of(folder / "answers", source.id))
    edges = {one.part: one.edge for one in phrases[source.object]}
    around = neighbourhood(shape.points, shape.normals)
    write_part_labels(
        path, part_labels(answers, _views_of(folder, source.id), around, [edges[part] for part in answers.parts], settings.vote)
    )


def _make_labels(
    folder: Path, settings: TrainingLabelSettings, phrases: Phrases, item: tuple[AssetSource, list[str]], path: Path
) -> None:
    source, kept = item
    shape, votes = read_shape(file_of(folder / "shapes", source.id)), read_part_labels(file_of(folder / "votes", source.id))
    rows = [votes.parts.index(part) for part in kept]
    chosen, sure = (dict(zip(kept, values[rows], strict=True)) for values in (votes.chosen, votes.confidence))
    left_out = {part for part, points in zip(votes.parts, votes.chosen, strict=True) if part not in kept and points.any()}
    write_training_labels(path, shape, chosen, sure, parts_by_function(phrases[source.object]), settings, left_out)


def _noted(shapes: StageResult) -> tuple[Skipped, ...]:
    return tuple(Skipped(one, "shapes", note) for one in shapes.done for note in notes_of(file_of(shapes.out, one)))


def _about(source: AssetSource) -> dict[str, str]:
    return {"object": source.object, "licence": source.licence, "maker": source.maker, "url": source.url}


def _summarise(found: PseudoLabels, settings: PseudoLabelSettings, stages: Sequence[StageResult]) -> None:
    write_json(
        found.folder / "summary.json",
        {
            "assets": len(found.sources),
            "labelled": len(found.labelled),
            "calls": found.calls,
            "stages": {one.out.name: len(one.done) for one in stages},
            "skipped": [vars(one) for one in found.skipped],
            "noted": [vars(one) for one in found.noted],
            "rejected": [{"asset": asset, "part": part, "reason": why} for (asset, part), why in sorted(found.rejected.items())],
        },
    )
    write_json(found.folder / "provenance.json", provenance(settings))
