"""``ctxkit check`` and ``ctxkit baseline``: ask the gate, render, write, remember."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from ctxkit.cli.output import write_bytes
from ctxkit.service_check import CheckRequest, Gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ctxkit.model.check import CheckResult
    from ctxkit.report.cost import Priced
    from ctxkit.report.layout import Screen
    from ctxkit.sources.verdicts import Answer

FORMATS = ("text", "json", "markdown", "github", "sarif")
_PLAIN = ("text", "json")

FAILED = 1


def run_check(
    path: str,
    agent: Sequence[str],
    fail_on: str,
    persona: str,
    baseline: str | None,
    format: str,  # noqa: A002 - the option's name
    output: str | None,
) -> int:
    """Check, write the report to ``output`` (None: stdout), return the exit code.

    The parameters are the options of the command. Raises CtxkitError for what the user can mend.
    """
    if format not in FORMATS:
        from ctxkit.cli.names import known

        known(format, FORMATS, "format")
    request = CheckRequest(path, tuple(agent), fail_on, persona, baseline)
    with Gate(request) as gate:
        if format not in _PLAIN or output:
            result = _checked(gate)
            _write(result, format, output, path)
            return 0 if result.passed else FAILED
        shown = _looks(format)
        answer = gate.recall(shown)
        if answer is None:
            answer = _answered(_checked(gate), format, path)
            gate.remember(shown, answer)
        elif answer.notes:
            from ctxkit.cli.terminal import remark

            remark(answer.notes)
    write_bytes([answer.output], None)
    return answer.code


def _looks(format_name: str) -> tuple[str, ...]:
    """All that decides how a result is written to stdout, besides the result."""
    terminal = ""
    if sys.stdout.isatty():
        with contextlib.suppress(OSError, ValueError):
            terminal = str(os.get_terminal_size(sys.stdout.fileno()))
        terminal = terminal or "unknown"
    said = [os.environ.get(name, "") for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS")]
    return (format_name, sys.stdout.encoding or "", terminal, *said)


def _answered(result: CheckResult, format_name: str, path: str) -> Answer:
    from ctxkit.cli.terminal import screen_of
    from ctxkit.sources.verdicts import Answer

    encoding = sys.stdout.encoding or "ascii"
    lines = _lines(_text(result, screen_of(sys.stdout), path), encoding)
    data = b"".join(_json(result) if format_name == "json" else lines)
    return Answer(0 if result.passed else FAILED, result.audit.notes, data)


def _checked(gate: Gate) -> CheckResult:
    from ctxkit.cli.progress import ProgressBar
    from ctxkit.cli.terminal import remark

    with ProgressBar() as progress:
        result = gate.check(progress)
    remark(result.audit.notes)
    return result


def run_baseline(request: CheckRequest, update: bool, format_name: str, output: str | None) -> int:
    """Show how the baseline differs from what is there; with ``update`` write it. Raises CtxkitError."""
    from ctxkit.cli.names import known
    from ctxkit.cli.terminal import plain_screen, screen_of, write_lines
    from ctxkit.service_check import baseline_of
    from ctxkit.sources.configured import shown

    known(format_name, _PLAIN, "format")
    with Gate(request, new_baseline=True) as gate:
        result = _checked(gate)
    name = shown(gate.baseline, gate.root)
    changed = update and (not result.baseline or not result.difference.is_empty)
    if changed:
        write_bytes([baseline_of(result)], gate.baseline)
    if format_name == "json":
        from ctxkit.report.baseline_report import baseline_json

        write_bytes([baseline_json(result, name, changed)], output)
        return 0
    from ctxkit.report.baseline_report import baseline_text

    screen = plain_screen() if output else screen_of(sys.stdout)
    write_lines(baseline_text(result, name, changed, screen), output)
    return 0


def _write(result: CheckResult, format_name: str, output: str | None, path: str) -> None:
    if format_name == "json":
        write_bytes(_json(result), output)
    elif format_name == "text":
        from ctxkit.cli.terminal import plain_screen, write_lines

        write_lines(_text(result, plain_screen(), path), output)
    else:
        from ctxkit.cli.review import write_check
        from ctxkit.tokens.models import find_model

        models: dict[str, Priced] = {a.context.model: find_model(a.context.model) for a in result.audit.agents}
        write_check(result, models, format_name, output)


def _json(result: CheckResult) -> Iterator[bytes]:
    from ctxkit.report.check_json import check_json

    yield check_json(result)


def _text(result: CheckResult, screen: Screen, path: str) -> Iterator[str]:
    from ctxkit.report.check_text import check_text

    return check_text(result, screen, path)


def _lines(lines: Iterable[str], encoding: str) -> Iterator[bytes]:
    return (f"{line}\n".encode(encoding, "backslashreplace") for line in lines)
