"""Names the user typed against the names there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json")
AUDIT_FORMATS = (*FORMATS, "markdown", "html", "sarif", "github")


def known(value: str, choices: Sequence[str], what: str) -> str:
    """``value`` if it is one of ``choices``. Raises UnknownNameError naming the nearest one."""
    if value not in choices:
        raise unknown(value, choices, what)
    return value


def unknown(value: str, choices: Sequence[str], what: str) -> UnknownNameError:
    """The error that says that no ``what`` is called ``value``, and which one it may have been."""
    from difflib import get_close_matches

    near = get_close_matches(value.lower(), choices, 1, 0.4)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UnknownNameError(f"No {what} is called {value!r}.", f"{hint}Known: {', '.join(choices)}.")
