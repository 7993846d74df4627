"""A progress bar on stderr, for people only and only when there is something to wait for."""

from __future__ import annotations

import os
import sys
import time

from ctxkit.cli.terminal import is_terminal, screen_of
from ctxkit.report.layout import bar, clean, columns_of, cut_end

PATIENCE = 1.0
"""Seconds before the bar appears."""
_REDRAW = 0.1
_BAR = 24


class ProgressBar:
    """Call it with (done, total, what); use it as a context manager, so that it is gone when results are printed."""

    def __init__(self) -> None:
        self._shows = is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
        self._screen = screen_of(sys.stderr)
        self._next = time.monotonic() + PATIENCE
        self._drawn = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Draw that ``done`` of ``total`` are finished (``total`` 0: nobody knows how many)."""
        if not self._shows or (now := time.monotonic()) < self._next:
            return
        self._next = now + _REDRAW
        text = f"{clean(what)}  {done:,}"
        if total:
            drawn = bar(done / total, _BAR, self._screen)
            text = f"{clean(what)}  {drawn:{self._screen.glyphs.empty}<{_BAR}}  {done:,} of {total:,}"
        self._draw(cut_end(text, self._screen.width - 1, self._screen.glyphs.cut))

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._draw("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _draw(self, text: str) -> None:
        width = columns_of(text)
        sys.stderr.write("\r" + text + " " * max(0, self._drawn - width))
        sys.stderr.flush()
        self._drawn = width
