"""Where a process starts and ends: one command line in, one exit code out."""

from __future__ import annotations

import gc
import os
import sys

INTERNAL_ERROR = 4
INTERRUPTED = 130

_ALLOCATIONS = 50_000
"""New objects between two searches for garbage. Python's own 700 make forty of them, 5 ms, during the imports."""


def main() -> None:
    """Run the command line of this process and exit with its code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
    gc.set_threshold(_ALLOCATIONS)
    code = run(sys.argv[1:])
    gc.freeze()  # else the interpreter searches all objects for garbage before it ends: 7 ms of a small audit's 90
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Run one command line; returns the exit code. Shows a traceback only where ``CTXKIT_DEBUG`` is set."""
    try:
        return _dispatch(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:  # even a panic of an extension module ends in one sentence
        return _failed(error)


def _failed(error: BaseException) -> int:
    from ctxkit.cli.terminal import say
    from ctxkit.model import CtxkitError

    if isinstance(error, CtxkitError):
        say(error.message, error.hint)
        return error.exit_code
    if os.environ.get("CTXKIT_DEBUG"):
        raise error
    say(
        f"internal error: {type(error).__name__}: {error}",
        "A fault of ctxkit: please report it with the command you ran. CTXKIT_DEBUG=1 shows where it happened.",
    )
    return INTERNAL_ERROR


def _dispatch(argv: list[str]) -> int:
    try:
        os.getcwd()  # relative paths, "." among them, start there
    except OSError as error:
        from ctxkit.model import CtxkitError

        raise CtxkitError(
            "The working directory is not there any more, or is closed to you.", "Go to another: cd"
        ) from error
    if argv == ["--version"]:  # as typer answers it, without importing typer
        from ctxkit.cli.terminal import write_lines
        from ctxkit.cli.version import VERSION

        write_lines([f"ctxkit {VERSION}"], None)
        return 0
    from ctxkit.cli.plain import audit_arguments, check_arguments

    checked = check_arguments(argv)
    if checked is not None:
        from ctxkit.cli.check import run_check

        return run_check(**checked)
    arguments = audit_arguments(argv)
    if arguments is not None:
        from ctxkit.cli.audit import run_audit

        run_audit(**arguments)
        return 0
    from ctxkit.cli.commands import invoke

    return invoke(argv)
