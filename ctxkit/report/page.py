"""What a detector's docstring says of it, in parts: for ``ctxkit explain``, SARIF help and the documentation."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect import detector
from ctxkit.detect.limits import detector_data

if TYPE_CHECKING:
    from ctxkit.detect.limits import Limit

HEADINGS = ("What it finds", "Why it costs", "What to do", "When to ignore it")
"""What the paragraphs of a docstring begin with, in this order."""


class Page(NamedTuple):
    """A detector: ``title`` is one sentence, ``parts`` are (heading, text), ``limits`` its thresholds by name."""

    identity: str
    title: str
    parts: tuple[tuple[str, str], ...]
    limits: dict[str, Limit]

    @property
    def finds(self) -> str:
        """What it finds."""
        return dict(self.parts)[HEADINGS[0]]


def page_of(identity: str) -> Page:
    """The page of the detector ``identity``. Raises ValueError where its docstring has not the four headings."""
    title, *paragraphs = (inspect.getdoc(detector(identity)) or "").split("\n\n")
    parts: list[tuple[str, str]] = []
    for paragraph in paragraphs:
        text = " ".join(paragraph.split())
        heading = next((heading for heading in HEADINGS if text.startswith(f"{heading}: ")), None)
        if heading is not None:
            text = text.removeprefix(f"{heading}: ")
            parts.append((heading, text[:1].upper() + text[1:]))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n\n{text}")
    if tuple(heading for heading, _ in parts) != HEADINGS:
        raise ValueError(f"{identity}: its docstring needs the paragraphs {', '.join(HEADINGS)}, in this order")
    return Page(identity, " ".join(title.split()), tuple(parts), detector_data().limits.get(identity, {}))


def page_markdown(page: Page, level: int = 0) -> str:
    """The page as Markdown; ``level`` is that of its headings, 0 for words in bold instead."""
    lines: list[str] = []
    for heading, text in page.parts:
        lines += [f"{'#' * level} {heading}" if level else f"**{heading}**", "", text, ""]
    if page.limits:
        lines += [f"{'#' * level} Thresholds" if level else "**Thresholds**", ""]
        lines += [f"- `{name}` = {limit.value:g} {limit.unit}: {limit.meaning}" for name, limit in page.limits.items()]
        lines.append("")
    return "\n".join(lines)
