"""``ctxkit diff``: ask the service, render, write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ctxkit.cli.names import known
from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines
from ctxkit.model import CtxkitError, NothingToAuditError
from ctxkit.service_diff import DiffRequest
from ctxkit.service_diff import diff as diff_service

if TYPE_CHECKING:
    from ctxkit.model.diff import Diff
    from ctxkit.report.cost import Priced

FORMATS = ("text", "json", "markdown")


def run_diff(request: DiffRequest, top: int, format_name: str, output: str | None) -> None:
    """Write the report to ``output`` (None: stdout). Raises CtxkitError for what the user can mend."""
    known(format_name, FORMATS, "format")
    diff = _diff(request)
    from ctxkit.tokens.models import find_model

    models: dict[str, Priced] = {agent.model: find_model(agent.model) for agent in diff.agents}
    if format_name == "json":
        from ctxkit.report.diff_json import diff_json

        write_bytes([diff_json(diff, models)], output)
    elif format_name == "markdown":
        from ctxkit.report.diff_markdown import diff_markdown
        from ctxkit.report.markdown import fitted

        write_bytes([fitted(diff_markdown(diff, models)).encode()], output)
    else:
        from ctxkit.report.diff_text import diff_text

        screen = plain_screen() if output else screen_of(sys.stdout)
        write_lines(diff_text(diff, models, screen, top), output)


def _diff(request: DiffRequest) -> Diff:
    """The diff; a HEAD that is no revision but a directory is taken for the PATH."""
    from dataclasses import replace

    with ProgressBar() as progress:
        try:
            return diff_service(request, progress)
        except CtxkitError as error:
            if isinstance(error, NothingToAuditError) or request.path != "." or not os.path.isdir(request.head):
                raise
            return diff_service(replace(request, head="", path=request.head), progress)
