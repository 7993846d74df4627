"""``ctxkit history``: ask the service, render, write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ctxkit.cli.names import FORMATS, known
from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines
from ctxkit.service_history import HistoryRequest
from ctxkit.service_history import history as history_service
from ctxkit.sources.session.listing import History

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_history(
    target: str,
    agent: Sequence[str],
    home: str | None,
    key: str | None,
    model: str | None,
    turns: bool,
    top: int,
    format: str,  # noqa: A002 - the option's name
    output: str | None,
) -> None:
    """Write the list of sessions, or one session; the parameters are the options of the command.

    Raises CtxkitError for what the user can mend.
    """
    known(format, FORMATS, "format")
    with ProgressBar() as progress:
        found = history_service(HistoryRequest(target, tuple(agent), home, key or "", model, top), progress)
    if format == "json":
        from ctxkit.report.history_json import history_json
        from ctxkit.report.sessions_json import sessions_json

        write_bytes(sessions_json(found) if isinstance(found, History) else history_json(found, turns), output)
        return
    screen = plain_screen() if output else screen_of(sys.stdout)
    if isinstance(found, History):
        from ctxkit.report.sessions_text import sessions_text

        write_lines(sessions_text(found, screen, top), output)
        return
    from ctxkit.report.history_text import history_text

    write_lines(history_text(found, screen, top, turns), output)
