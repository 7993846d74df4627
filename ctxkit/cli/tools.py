"""``ctxkit tools``: ask the service, with the user's leave also the servers; render, write, lock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ctxkit.cli.names import FORMATS, known
from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import is_terminal, plain_screen, screen_of, write_bytes, write_lines
from ctxkit.model import CtxkitError
from ctxkit.service_tools import ToolsRequest
from ctxkit.service_tools import tools as tools_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.report.cost import Priced
    from ctxkit.sources.mcp_live.plan import Plan

UNANSWERED = 1
"""The exit code where a server that was asked gave no answer, or the lock file is not what it should be."""


def run_tools(request: ToolsRequest, yes: bool, check: bool, top: int, format_name: str, output: str | None) -> int:
    """Write the report to ``output`` (None: stdout), and the lock file; returns the exit code.

    ``yes``: start servers without asking. ``check``: compare the lock file and do not write it. Raises CtxkitError
    for what the user can mend.
    """
    known(format_name, FORMATS, "format")
    _together(request, yes, check)
    with ProgressBar() as progress:
        result = tools_service(request, _consent(yes), progress)
    from ctxkit.tokens.models import find_model

    if result.lock is not None and result.lock.written and not check:
        write_bytes([result.lock_text.encode()], result.lock_file)
    models: dict[str, Priced] = {agent.model: find_model(agent.model) for agent in result.report.agents}
    if format_name == "json":
        from ctxkit.report.tools_json import tools_json

        write_bytes(tools_json(result.report, result.lock, models), output)
    else:
        from ctxkit.report.lock_text import lock_text
        from ctxkit.report.tools_text import tools_text

        screen = plain_screen() if output else screen_of(sys.stdout)
        every = bool(request.agents) and "all" not in request.agents
        locked = result.lock is not None
        lines = list(tools_text(result.report, models, screen, request.path, top, every, locked))
        if result.lock is not None:
            lines = [*lock_text(result.lock, screen, top, check), "", *lines]
        write_lines(lines, output)
    stale = check and result.lock is not None and result.lock.written
    return UNANSWERED if stale or result.unanswered else 0


def _together(request: ToolsRequest, yes: bool, check: bool) -> None:
    """Raise CtxkitError for options that say nothing without others."""
    if request.lock and not request.live and not request.tools:
        raise CtxkitError("--lock: there is nothing to lock.", "Ask the servers with --live, or give --tools FILE.")
    for option, given, needed, there in (
        ("--yes", yes, "--live", request.live),
        ("--server", bool(request.servers), "--live", request.live),
        ("--check", check, "--lock", request.lock),
    ):
        if given and not there:
            raise CtxkitError(f"{option} says nothing without {needed}.", f"Add {needed}, or leave {option} out.")


def _consent(yes: bool) -> Callable[[Plan], None]:
    def ask(plan: Plan) -> None:
        from ctxkit.report.plan_text import plan_text

        for line in plan_text(plan, screen_of(sys.stderr)):
            print(line, file=sys.stderr)  # noqa: T201
        if yes:
            sys.stderr.flush()
            return
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise CtxkitError(
                "Servers are started only with your leave, and there is no terminal to ask on.",
                "If you trust all of the above, add --yes; --server NAME starts only some.",
            )
        print("Start them? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CtxkitError("Nothing was started.", "Without --live, ctxkit tools starts nothing.")

    return ask
