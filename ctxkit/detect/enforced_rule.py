"""A rule that a tool of this repository enforces anyway.

What it finds: statements about indentation, quotes, semicolons, the length of lines, the order of imports and the like
that the settings of a formatter, linter or compiler in the repository decide, with the same value.

Why it costs: the tool puts it right or refuses it whatever the agent does; the sentence is paid for in every request.

What to do: remove the sentence, and let the tool's command be named once.

When to ignore it: the tool does not run before a review, or the agent writes files that the tool does not look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.detect.against_settings import held
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.enforced import enforced_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.detect.against_settings import Held
    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.enforced import Setting

ID = "enforced-rule"


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each rule of which all that it asks for is enforced."""
    always = {path for path, loads in evidence.loads.items() if any(load.at_start for load in loads)}
    for rule in held(evidence):
        if rule.agrees and not _describes_a_tool(rule.demand.statement.text):
            yield _finding(rule, rule.document.path in always, limits["characters"], evidence)


def _describes_a_tool(text: str) -> bool:
    """Is ``text`` an entry about a tool (*ruff: line length 100*), which tells how it is set and asks for nothing?"""
    name, colon, _ = text.partition(":")
    return bool(colon) and name.strip("*_`- ").lower() in enforced_rules().tools


def _finding(rule: Held, always: bool, short: float, evidence: Evidence) -> Finding:
    document, statement = rule.document, rule.demand.statement
    start, end = statement.whole or (statement.start, statement.end)
    place = Location(document.path, document.span(statement.start, statement.end), note=_shown(document, rule))
    explicit = all(setting.explicit for setting in rule.settings)
    clear = explicit and always and statement.whole is not None and len(statement.text) <= short
    first = rule.settings[0]
    says = f"{first.path} says {first.key}: {first.value}" if first.explicit else f"{first.tool} does so by default"
    more = f", and {len(rule.settings) - 1} more" if len(rule.settings) > 1 else ""
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.HIGH if explicit else Confidence.MEDIUM,
        message=f"{first.tool} enforces this rule already: {says}{more}.",
        tip="Remove the rule; the tool puts it right, or refuses what breaks it.",
        at=(place, *(_location(setting, evidence) for setting in rule.settings)),
        key=statement.text,
        persona=Persona.REGULAR if clear else Persona.PEDANTIC,
        evidence=tuple(_told(setting, evidence) for setting in rule.settings),
        covers=(Location(document.path, document.span(start, end)),),
        cuts=(Cut(document.path, document.span(*statement.whole), ID, "a tool enforces it"),)
        if statement.whole
        else (),
    )


def _location(setting: Setting, evidence: Evidence) -> Location:
    document = evidence.extra[setting.path]
    span = document.span(setting.start, setting.end) if setting.end else None
    return Location(setting.path, span, note=f"{setting.key}: {setting.value}")


def _told(setting: Setting, evidence: Evidence) -> str:
    line = f":{evidence.extra[setting.path].line(setting.start)}" if setting.end else ""
    by = "" if setting.explicit else f" (the default of {setting.tool})"
    return f"{setting.path}{line}: {setting.key}: {setting.value}{by}"


def _shown(document: Document, rule: Held) -> str:
    statement = rule.demand.statement
    text = " ".join(document.text[statement.start : statement.end].split())
    return text if len(text) <= 160 else f"{text[:159]}…"
