"""Where a process starts and ends: one command line in, one exit code out."""

from __future__ import annotations

import os
import sys

from ctxkit.model import CtxkitError

INTERNAL_ERROR = 4
INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process and exit with its code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run one command line; returns the exit code. Shows a traceback only where ``CTXKIT_DEBUG`` is set."""
    from ctxkit.cli.terminal import say

    try:
        return _dispatch(argv)
    except CtxkitError as error:
        say(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as error:  # even a panic of an extension module ends in one sentence
        if isinstance(error, SystemExit) or os.environ.get("CTXKIT_DEBUG"):
            raise
        say(
            f"internal error: {type(error).__name__}: {error}",
            "A fault of ctxkit: please report it with the command you ran. CTXKIT_DEBUG=1 shows where it happened.",
        )
        return INTERNAL_ERROR


def _dispatch(argv: list[str]) -> int:
    from ctxkit.cli.plain import audit_arguments

    arguments = audit_arguments(argv)
    if arguments is not None:
        from ctxkit.cli.audit import run_audit

        run_audit(**arguments)
        return 0
    from ctxkit.cli.commands import invoke

    return invoke(argv)
