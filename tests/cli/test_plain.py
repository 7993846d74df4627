"""The two parsers of an audit's command line agree."""

import pytest
from click import ClickException
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from ctxkit.cli.commands import app
from ctxkit.cli.plain import audit_arguments

AUDIT = get_command(app).commands["audit"]
WORDS = [
    *(name for parameter in AUDIT.params for name in parameter.opts if name.startswith("-")),
    "--top=3", "--agent=codex", "--format=", "-ofile", "--", "-", "--unknown",
    "a", "json", "5", "0", "٣", "", "--top=x", "-o=x",
]  # fmt: skip


def by_typer(argv: list[str]) -> dict[str, object] | None:
    """What typer makes of the words after ``audit``; None where it refuses them or shows help."""
    try:
        parameters = AUDIT.make_context("audit", list(argv)).params
    except ClickException:
        return None
    return {
        name: list(value or ()) if name in ("agent", "touch", "tools") else value for name, value in parameters.items()
    }


def test_every_option_is_known() -> None:
    for parameter in AUDIT.params:
        for name in parameter.opts:
            if name.startswith("-") and name not in ("-h", "--help"):
                arguments = audit_arguments(["audit", name, "7"])
                assert arguments is not None
                assert arguments[parameter.name] in ("7", 7, ["7"])


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_is_read_plainly_is_what_typer_reads(words: list[str]) -> None:
    plain = audit_arguments(["audit", *words])
    if plain is not None:
        assert plain == by_typer(words)


@pytest.mark.parametrize(
    "words", [[], ["."], ["--agent", "codex"], ["--agent=codex", "sub", "--format", "json", "-o", "x", "--top", "2"]]
)
def test_plain_forms_are_read_plainly(words: list[str]) -> None:
    assert audit_arguments(["audit", *words]) == by_typer(words) is not None


@pytest.mark.parametrize(
    "argv", [[], ["agents"], ["--version"], ["audit", "-h"], ["audit", "--agent"], ["audit", "a", "b"]]
)
def test_the_rest_is_left_to_typer(argv: list[str]) -> None:
    assert audit_arguments(argv) is None
