"""``ctxkit audit``: ask the service, render, write."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches

from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines
from ctxkit.model import UnknownNameError
from ctxkit.report.cost import Prices
from ctxkit.service import AuditRequest
from ctxkit.service import audit as audit_service
from ctxkit.tokens.models import find_model

FORMATS = ("text", "json")


def run_audit(request: AuditRequest, format_name: str, output: str | None, top: int) -> None:
    """Audit and write the report in ``format_name`` to ``output`` (None: stdout).

    Raises CtxkitError for what the user can mend.
    """
    known(format_name, FORMATS, "format")
    with ProgressBar() as progress:
        audit = audit_service(request, progress)
    names = {agent.context.model for agent in audit.agents}
    prices: dict[str, Prices] = {name: find_model(name) for name in names}
    if format_name == "json":
        from ctxkit.report.json import audit_json

        write_bytes(audit_json(audit, prices), output)
        return
    from ctxkit.report.text import audit_text

    screen = plain_screen() if output else screen_of(sys.stdout)
    write_lines(audit_text(audit, prices, screen, request.path, top, every_agent=bool(request.agents)), output)


def known(value: str, choices: Sequence[str], what: str) -> str:
    """``value`` if it is one of ``choices``. Raises UnknownNameError naming the nearest one."""
    if value in choices:
        return value
    near = get_close_matches(value.lower(), choices, 1, 0.4)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UnknownNameError(f"No {what} is called {value!r}.", f"{hint}Known: {', '.join(choices)}.")
