"""``ctxkit audit``: ask the service, render, write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ctxkit.cli.names import AUDIT_FORMATS, known
from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import plain_screen, remark, screen_of, write_bytes, write_lines
from ctxkit.service import AuditRequest
from ctxkit.service import audit as audit_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.report.cost import Priced


def run_audit(
    path: str,
    agent: Sequence[str],
    cwd: str | None,
    home: str | None,
    touch: Sequence[str],
    model: str | None,
    tools: Sequence[str],
    session: str | None,
    recent: int,
    persona: str,
    top: int,
    format: str,  # noqa: A002 - the option's name
    output: str | None,
) -> None:
    """Audit and write the report to ``output`` (None: stdout); the parameters are the options of the command.

    Raises CtxkitError for what the user can mend.
    """
    known(format, AUDIT_FORMATS, "format")
    request = AuditRequest(
        path, tuple(agent), cwd, home, tuple(touch), model, tuple(tools), session, recent, persona=persona
    )
    with ProgressBar() as progress:
        audit = audit_service(request, progress)
    remark(audit.notes)
    from ctxkit.tokens.models import find_model  # the service has git at work before it imports this

    models: dict[str, Priced] = {a.context.model: find_model(a.context.model) for a in audit.agents}
    if format == "json":
        from ctxkit.report.json import audit_json

        write_bytes(audit_json(audit, models), output)
        return
    if format == "html":
        from ctxkit.report.html import audit_html
        from ctxkit.service import file_reader

        write_bytes(audit_html(audit, models, read=file_reader(request)), output)
        return
    if format != "text":
        from ctxkit.cli.review import write_audit

        write_audit(audit, models, format, output)
        return
    from ctxkit.report.text import audit_text

    screen = plain_screen() if output else screen_of(sys.stdout)
    write_lines(audit_text(audit, models, screen, path, top, every_agent=bool(agent) and "all" not in agent), output)
