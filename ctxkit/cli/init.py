"""``ctxkit init``: a first configuration."""

from __future__ import annotations

import os
import sys

from ctxkit.cli.progress import ProgressBar
from ctxkit.cli.terminal import remark, screen_of, write_lines
from ctxkit.model import CtxkitError
from ctxkit.service_check import CheckRequest, Gate


def run_init(path: str, agents: tuple[str, ...], pre_commit: bool) -> None:
    """Write ``.ctxkit.yaml`` in ``path``, or print the hook. Raises CtxkitError, also where there is one already."""
    from ctxkit.report.first_config import HOOK, first_config

    if pre_commit:
        from ctxkit.cli.version import VERSION

        remark(["for .pre-commit-config.yaml; nothing was written."])
        write_lines(HOOK.format(version=VERSION).splitlines(), None)
        return
    from ctxkit.config import FILE
    from ctxkit.report.figures import count
    from ctxkit.report.layout import paragraph

    with Gate(CheckRequest(path, agents)) as gate, ProgressBar() as progress:
        target = os.path.join(gate.root, FILE)
        if os.path.lexists(target):
            raise CtxkitError(f"{FILE} is there already, and is left as it is.", "Edit it, or remove it first.")
        result = gate.check(progress)
    if result.config:
        raise CtxkitError(f"{result.config} configures ctxkit already.", "Edit it; two would not be merged.")
    _write(target, first_config(result.audit, "duplicate-text").encode())
    budgets = "budgets at what they load today and a quarter more"
    lines = [f"Wrote {FILE}: {', '.join(agent.context.name for agent in result.audit.agents)}, {budgets}."]
    if result.failing:
        lines.append(
            f"Next: ctxkit check, which fails today ({count(len(result.failing), 'finding')}). Mend what it says, or"
            " let it pass for now with ctxkit baseline --update, so that only more of it fails."
        )
    else:
        lines.append("Next: ctxkit check, which passes today.")
    lines.append("Next: ctxkit init --pre-commit, for the hook that checks every commit.")
    screen = screen_of(sys.stdout)
    write_lines((line for text in lines for line in paragraph(text, screen, indent=0, hang=6)), None)


def _write(target: str, data: bytes) -> None:
    """A new file; one that somebody else made in between is left as it is."""
    try:
        with open(target, "xb") as file:
            file.write(data)
    except FileExistsError:
        raise CtxkitError(f"{target} is there already, and is left as it is.", "Edit it.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise CtxkitError(f"Cannot write {target}: {reason}.", "Name a directory you may write to.") from error
