"""A secret in what an agent loads.

What it finds: keys of known issuers, private keys, passwords in addresses, and random values under a name such as
API_KEY, in rule files, what they import, skills, subagents, commands and descriptions of tools; also in settings and
MCP configuration that the repository holds for its agents.

Why it costs: what is in the window goes to the provider of the model with every request, is written into transcripts,
and can be read back by whoever can talk to the agent. In a repository, everybody who can clone it has it too.

What to do: revoke the key at its issuer, then take it out of the file and out of the history of git; tell the agent the
name of the variable that holds the new one.

When to ignore it: keys that documentation shows, placeholders, and references to variables are not reported. A key that
is public by design (of a browser, of a test account) may stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.agents.load import load_agent
from ctxkit.agents.protection import project_files
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.credentials import credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.credentials import Credential

ID = "secret-in-context"

_SHOWN = 4
"""Characters of a key that are shown: they say whose it is. Reports hide what the span of such a finding covers."""
_MOST_PLACES = 20


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each secret of a file, wherever it stands in it first."""
    for path in sorted(evidence.documents):
        yield from _of(evidence.documents[path], "goes to the model with what the agent loads")
    for path in sorted(_settings(evidence) - set(evidence.documents)):
        yield from _of(evidence.extra[path], "stands in a file that everybody who has the repository can read")
    for tool in evidence.tools:
        text = f"{tool.description}\n{tool.schema}"
        for same in _by_name(text):
            place = Location(segment=tool.segment, note=tool.name)
            yield _finding([place], same, _shown(text, same[0]), "goes to the model with what the agent loads")


def _settings(evidence: Evidence) -> set[str]:
    """The settings and MCP configuration in the repository."""
    found = (path for agent in evidence.agents for path in project_files(load_agent(agent.context.agent)))
    return {path for path in found if path in evidence.extra}


def _of(document: Document, where: str) -> Iterator[Finding]:
    for same in _by_name(document.text):
        places = [_place(document, found) for found in same[:_MOST_PLACES]]
        yield _finding(places, same, _shown(document.text, same[0]), where)


def _by_name(text: str) -> Iterable[list[Credential]]:
    told: dict[tuple[str, str], list[Credential]] = {}
    for found in credentials(text):
        told.setdefault((found.id, found.named), []).append(found)
    return told.values()


def _finding(places: list[Location], same: list[Credential], begins: str, where: str) -> Finding:
    found = same[0]
    begin = f", begins with {begins}" if begins else ""
    times = f", {len(same):,} times" if len(same) > 1 else ""
    own = found.issuer.startswith(("a ", "an "))
    what = f"{found.issuer[0].upper()}{found.issuer[1:]}" if own else f"What looks like a key of {found.issuer}"
    if own and found.issuer.startswith("a service"):
        what = f"What looks like a key of {found.issuer}"
    return Finding(
        rule=ID,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if found.sure else Confidence.MEDIUM,
        message=f"{what} {where}.",
        tip="Revoke it where it was made, take it out of the file and of git's history, and name a variable instead.",
        at=tuple(places),
        key=f"{found.id} {found.named}",
        evidence=(
            f"{found.id}: {found.end - found.start:,} characters{begin}{times}",
            *([found.doubt] if found.doubt else []),
        ),
        persona=Persona.REGULAR,
    )


def _place(document: Document, found: Credential) -> Location:
    return Location(document.path, document.span(found.start, found.end))


def _shown(text: str, found: Credential) -> str:
    """The first characters of a key; nothing of a password, which may be short."""
    known = found.id not in ("password", "login", "password-in-address", "named-secret", "authorization")
    return f"{text[found.start : found.start + _SHOWN]}…" if known else ""
