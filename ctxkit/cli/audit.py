"""``ctxkit audit``: ask the service, render, write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ctxkit.cli.names import FORMATS, known
from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines
from ctxkit.service import AuditRequest
from ctxkit.service import audit as audit_service
from ctxkit.tokens.models import find_model

if TYPE_CHECKING:
    from ctxkit.report.cost import Priced


def run_audit(request: AuditRequest, format_name: str, output: str | None, top: int) -> None:
    """Audit and write the report in ``format_name`` to ``output`` (None: stdout).

    Raises CtxkitError for what the user can mend.
    """
    known(format_name, FORMATS, "format")
    with ProgressBar() as progress:
        audit = audit_service(request, progress)
    names = {agent.context.model for agent in audit.agents}
    models: dict[str, Priced] = {name: find_model(name) for name in names}
    if format_name == "json":
        from ctxkit.report.json import audit_json

        write_bytes(audit_json(audit, models), output)
        return
    from ctxkit.report.text import audit_text

    screen = plain_screen() if output else screen_of(sys.stdout)
    write_lines(audit_text(audit, models, screen, request.path, top, every_agent=bool(request.agents)), output)
