"""The text of a rule segment, read again from its file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.agents.disk import Disk
    from ctxkit.model import Segment


def rule_texts(disk: Disk) -> Callable[[Segment], str]:
    """A function from a segment to its text: of its file, what its span covers; empty where that cannot be read."""
    kept: dict[str, bytes] = {}

    def text_of(segment: Segment) -> str:
        if segment.path is None:
            return ""
        if segment.path not in kept:
            kept[segment.path] = disk.read(_absolute(segment.path, disk)) or b""
        data = kept[segment.path]
        if segment.span is not None:
            data = data[segment.span.start : segment.span.end]
        return data.decode("utf-8", "replace")

    return text_of


def _absolute(shown: str, disk: Disk) -> str:
    """The path that ``disk.show`` shows so."""
    if shown.startswith("~/"):
        return os.path.join(disk.home, *shown[2:].split("/"))
    return os.path.normpath(os.path.join(disk.root, *shown.split("/"))) if not os.path.isabs(shown) else shown
