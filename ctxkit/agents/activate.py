"""When a rule file is loaded, as its frontmatter decides, and the sentence that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.agents.conditions import holds
from ctxkit.model import Activation

if TYPE_CHECKING:
    from ctxkit.agents.spec import Case, GlobDialect, Limit, RuleSource
    from ctxkit.text.frontmatter import Frontmatter


def activation_of(source: RuleSource, front: Frontmatter, dialect: GlobDialect) -> tuple[Activation, tuple[str, ...]]:
    """The activation of a file of ``source`` with this frontmatter, and the patterns of a ``glob`` one."""
    if isinstance(source.activation, Activation):
        return source.activation, ()
    for case in source.activation:
        if all(holds(test, front) for test in case.if_):
            return case.then, _patterns(case, front, dialect)
    return Activation.NEVER, ()


def _patterns(case: Case, front: Frontmatter, dialect: GlobDialect) -> tuple[str, ...]:
    return front.strings(case.patterns, dialect.split) if case.patterns else ()


def why(activation: Activation, where: str) -> str:
    """One sentence about an activation; ``where`` is the directory it depends on, as reports show it."""
    texts = {
        Activation.ALWAYS: "sent with every request",
        Activation.LAZY_DIR: f"sent once a file under {where} is read",
        Activation.GLOB: "sent once a file that matches its patterns is read",
        Activation.DESCRIBED: "described in every request; its body on demand",
        Activation.NAMED: "named in every request; its body on demand",
        Activation.MANUAL: "sent only when mentioned",
        Activation.NEVER: "not loaded",
    }
    return texts[activation]


def cut_note(limit: Limit, allowed: float, partly: bool) -> str:
    """What a limit did to a file: cut it off, or left it out."""
    cap = f"{allowed:,.0f} {limit.unit}"
    return f"; cut off at {cap}" if partly else f"; left out, over {cap}"


def listing(path: str, front: Frontmatter, activation: Activation) -> str:
    """What stands in the first request for a file whose body does not: its path, or path and description."""
    if activation is Activation.NAMED:
        return path
    parts = [front.text(key) for key in ("name", "description", "globs", "paths", "applyTo") if front.text(key)]
    return " ".join([path, *parts])
