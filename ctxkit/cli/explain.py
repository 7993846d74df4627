"""``ctxkit explain``: what a detector looks for, from its own docstring."""

from __future__ import annotations

import sys

from ctxkit.cli.names import known
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines
from ctxkit.detect import DETECTORS

FORMATS = ("text", "json", "markdown")


def run_explain(identity: str | None, format_name: str, output: str | None) -> None:
    """Write all detectors, or one. Raises UnknownNameError for one that there is not, with the nearest."""
    known(format_name, FORMATS, "format")
    chosen = DETECTORS if identity is None else (known(identity.replace("_", "-"), DETECTORS, "detector"),)
    from ctxkit.report.page import page_of

    if format_name == "json":
        from ctxkit.report.explain_json import pages_json

        write_bytes([pages_json(map(page_of, chosen))], output)
        return
    if format_name == "markdown":
        from ctxkit.report.explain_markdown import pages_markdown

        write_bytes([pages_markdown([page_of(name) for name in chosen]).encode()], output)
        return
    from ctxkit.report.explain_text import page_text, pages_text

    screen = plain_screen() if output else screen_of(sys.stdout)
    write_lines(pages_text(chosen, screen) if identity is None else page_text(page_of(chosen[0]), screen), output)
