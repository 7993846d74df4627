"""A secret in what an agent loads.

What it finds: keys of known issuers, private keys, passwords in addresses, and random values under a name such as
API_KEY, in rule files, skills, subagents, commands and descriptions of tools.

Why it costs: what is in the window goes to the provider of the model with every request, is written into transcripts,
and can be read back by whoever can talk to the agent. In a repository, everybody who can clone it has it too.

What to do: revoke the key at its issuer, then take it out of the file and out of the history of git; tell the agent the
name of the variable that holds the new one.

When to ignore it: keys that documentation shows, placeholders, and references to variables are not reported. A key that
is public by design (of a browser, of a test account) may stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.credentials import credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.credentials import Credential

ID = "secret-in-context"

_SHOWN = 4
"""Characters of a secret that are shown; the span ends with them, so that no report can quote more."""


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each secret of a file, wherever it stands in it first."""
    for path in sorted(evidence.documents):
        document = evidence.documents[path]
        told: dict[tuple[str, str], list[Credential]] = {}
        for found in credentials(document.text):
            told.setdefault((found.id, found.named), []).append(found)
        for same in told.values():
            yield _finding([_place(document, found) for found in same], same[0], _shown(document.text, same[0]))
    for tool in evidence.tools:
        for found in credentials(f"{tool.description}\n{tool.schema}"):
            yield _finding([Location(segment=tool.segment, note=tool.name)], found, "")


def _finding(places: list[Location], found: Credential, begins: str) -> Finding:
    where = f"{len(places):,} times" if len(places) > 1 else "once"
    begin = f", begins with {begins}" if begins else ""
    return Finding(
        rule=ID,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if found.sure else Confidence.MEDIUM,
        message=f"What looks like a secret of {found.issuer} goes to the model with what the agent loads."
        if found.issuer[:2] not in ("a ", "an")
        else f"{found.issuer[0].upper()}{found.issuer[1:]} goes to the model with what the agent loads.",
        tip="Revoke it at its issuer, take it out of the file and of git's history, and name a variable instead.",
        at=tuple(places[:20]),
        key=f"{found.id} {found.named}",
        evidence=(f"{found.id}: {found.end - found.start:,} characters{begin}, found {where}",),
        persona=Persona.REGULAR,
    )


def _place(document: Document, found: Credential) -> Location:
    return Location(document.path, document.span(found.start, min(found.end, found.start + _SHOWN)))


def _shown(text: str, found: Credential) -> str:
    """The first characters of a key; nothing of a password, which may be short."""
    return f"{text[found.start : found.start + _SHOWN]}…" if found.sure else ""
