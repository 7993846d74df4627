"""What the detectors are for, as JSON (``ctxkit/detectors/1``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.report.page import Page


class ThresholdOut(Struct, frozen=True, kw_only=True):
    """A threshold that a configuration may change."""

    meaning: str
    name: str
    source: str
    unit: str
    value: float


class DetectorOut(Struct, frozen=True, kw_only=True):
    """A detector: its docstring in parts."""

    finds: str
    id: str
    ignore: str
    thresholds: tuple[ThresholdOut, ...]
    title: str
    todo: str
    why: str


class DetectorsOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit explain --format json`` writes."""

    detectors: tuple[DetectorOut, ...]
    schema: Literal["ctxkit/detectors/1"] = "ctxkit/detectors/1"


def pages_json(pages: Iterable[Page]) -> bytes:
    """``pages`` in their order."""
    out = DetectorsOut(detectors=tuple(map(_page, pages)))
    return json.format(json.encode(out, order="sorted"), indent=1) + b"\n"


def _page(page: Page) -> DetectorOut:
    finds, why, todo, ignore = (text for _, text in page.parts)
    thresholds = tuple(
        ThresholdOut(meaning=limit.meaning, name=name, source=limit.source, unit=limit.unit, value=limit.value)
        for name, limit in page.limits.items()
    )
    return DetectorOut(
        finds=finds, id=page.identity, ignore=ignore, thresholds=thresholds, title=page.title, todo=todo, why=why
    )
