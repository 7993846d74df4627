"""What the detectors are for, as one page of documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.page import page_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.report.page import Page

_HEAD = """\
# Detectors

What `ctxkit audit` and `ctxkit check` look for. `ctxkit explain ID` prints the same text; a threshold is changed by
`detectors.<id>.<name>` in `.ctxkit.yaml` or `[tool.ctxkit]`."""


def pages_markdown(pages: Sequence[Page]) -> str:
    """An index, then each of ``pages``."""
    index = [f"- [`{page.identity}`](#{page.identity}): {page.title}" for page in pages]
    parts = [f"## {page.identity}\n\n{page.title}\n\n{page_markdown(page, 3)}".rstrip() for page in pages]
    return "\n\n".join((_HEAD, "\n".join(index), *parts)) + "\n"
