"""Facts in a rule file that the agent has, or finds with one look.

What it finds: drawn directory trees that match the files of the repository, lists of dependencies that repeat a
manifest without saying more, and passages that stand in the README word for word.

Why it costs: an agent lists a directory or opens a manifest when it needs to; until then the copy is paid for in every
request, and it goes stale.

What to do: remove it; keep what a listing cannot show, such as what a directory is for.

When to ignore it: the agent works without tools, or the passage has to be in front of it from the first word on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.listings import is_drawn, rows
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.blocks import Part

ID = "known-anyway"

_WORD = on_demand(r"[^\W_]+(?:['.-][^\W_]+)*")
_ITEM = on_demand(r"[ \t]*(?:[-+*]|\d{1,9}[.)])[ \t]+")
_PACKAGE = on_demand(
    r"[`*\"]{0,3}(@?[A-Za-z][\w./-]{1,80})[`*\"]{0,3}(?: ?[@:=~^><(v]{0,4} ?v?\d[\w.*+^~-]{0,30}\)?)?[`*]{0,3}$"
)
_KEYED = on_demand(r"(?m)^[ \t]*\"?([A-Za-z][\w.-]{1,80})\"?[ \t]*(?:[=<>~!\[(;]|\"|$)")
_LONGEST_ITEM = 160
_SHINGLE = 6
"""Words in a row that count as the same passage."""


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each listing and each passage."""
    always = {path for path, loads in evidence.loads.items() if any(load.at_start for load in loads)}
    readme = _readme(evidence)
    said = _shingles(_words(readme.text)) if readme is not None else frozenset()
    packages: frozenset[str] | None = None
    for path in sorted(evidence.documents):
        if path.startswith(("~", "/", "..")):
            continue
        document = evidence.documents[path]
        run: list[Part] = []
        for part in (*document.parts, None):
            if part is not None and part.kind == "fence" and is_drawn(document.text[part.start : part.end]):
                yield from _listing(document, part, path in always, evidence, limits)
            if part is not None and part.kind == "item":
                run.append(part)
                continue
            if len(run) >= limits["packages"]:
                packages = _packages(evidence) if packages is None else packages
                yield from _dependencies(document, run, path in always, packages)
            run = []
        if readme is not None and said and readme.data != document.data:
            yield from _copied(document, readme, said, path in always, limits)


def _listing(document: Document, part: Part, always: bool, evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    drawn = list(rows(document.text[part.start : part.end].partition("\n")[2].rpartition("\n")[0].rpartition("\n")[0]))
    there = [row for row in drawn if _is_there(row.path, evidence)]
    if len(drawn) < limits["rows"] or len(there) < limits["match"] * len(drawn):
        return
    explained = sum(1 for row in drawn if row.about)
    bare = explained <= limits["explained"] * len(drawn)
    clear = bare and always and len(drawn) >= limits["rows-clear"]
    if not bare and len(drawn) < limits["rows-explained"]:
        return
    said = f"{explained} of them with a word about them" if explained else "with nothing said about them"
    yield _finding(
        document,
        (part.start, part.end),
        f"A directory listing of {len(drawn)} rows shows what the repository shows, {said}.",
        (f"{len(there)} of {len(drawn)} entries are there: {', '.join(row.path for row in there[:5])}",),
        Persona.REGULAR if clear else Persona.PEDANTIC,
        cut=bare,
    )


def _is_there(path: str, evidence: Evidence) -> bool:
    """Does the repository have it, as it is drawn or below the name of the repository that a drawing begins with?"""
    name = path.strip("/").removeprefix("./")
    for candidate in (name, name.partition("/")[2]):
        if candidate and (candidate in evidence.tree or evidence.tree.is_dir(candidate)):
            return True
    return "/" in name and bool(evidence.tree.ending("/".join(name.split("/")[-2:])))


def _packages(evidence: Evidence) -> frozenset[str]:
    """The names of all dependencies that the manifests list, small letters."""
    found: set[str] = set()
    for path, file in evidence.extra.items():
        name = path.rpartition("/")[2]
        if name == "package.json":
            try:
                table = json.loads(file.text)
            except (ValueError, RecursionError):
                continue
            for key in ("dependencies", "devDependencies", "peerDependencies"):
                listed = table.get(key) if isinstance(table, dict) else None
                found.update(listed if isinstance(listed, dict) else ())
        elif name in ("pyproject.toml", "Cargo.toml"):
            found.update(match[1] for match in _KEYED().finditer(file.text))
    return frozenset(name.lower() for name in found)


def _dependencies(document: Document, run: Sequence[Part], always: bool, packages: frozenset[str]) -> Iterator[Finding]:
    names = []
    for part in run:
        item = document.text[part.start : part.end].rstrip()
        marker = _ITEM().match(item) if len(item) <= _LONGEST_ITEM else None
        match = _PACKAGE().match(item, marker.end()) if marker is not None else None
        names.append(match[1] if match is not None else "")
    known = [name for name in names if name.lower() in packages]
    if not names or len(known) < len(names):
        return
    yield _finding(
        document,
        (run[0].start, run[-1].end),
        f"A list of {len(names)} dependencies repeats the manifest and says no more.",
        (f"all are listed there: {', '.join(names[:8])}",),
        Persona.REGULAR if always else Persona.PEDANTIC,
        cut=True,
    )


def _readme(evidence: Evidence) -> Document | None:
    """The README, unless an agent has it anyway: then what repeats it is a copy within the window."""
    for name in ("README.md", "Readme.md", "readme.md"):
        if name in evidence.extra and name not in evidence.documents:
            return evidence.extra[name]
    return None


def _words(text: str) -> list[str]:
    return [match[0].lower() for match in _WORD().finditer(text)]


def _shingles(words: Sequence[str]) -> frozenset[int]:
    return frozenset(hash(tuple(words[at : at + _SHINGLE])) for at in range(len(words) - _SHINGLE + 1))


def _copied(
    document: Document, readme: Document, said: frozenset[int], always: bool, limits: Limits
) -> Iterator[Finding]:
    """Stretches of parts of which nearly every word stands in the README in the same order."""
    stretch: list[tuple[Part, int]] = []
    for part in (*document.parts, None):
        if part is not None and part.kind in ("blank", "break", "comment", "heading"):
            continue
        words = _words(document.text[part.start : part.end]) if part is not None else []
        mine = _shingles(words)
        if part is not None and mine and len(mine & said) >= limits["copied"] * len(mine):
            stretch.append((part, len(words)))
            continue
        total = sum(count for _, count in stretch)
        prose = sum(count for part, count in stretch if part.kind in ("paragraph", "item"))
        if total >= limits["words"]:
            first, last = stretch[0][0], stretch[-1][0]
            clear = always and prose >= limits["words-clear"]
            yield _finding(
                document,
                (first.start, last.end),
                f"{total} words stand in {readme.path} too.",
                (f"{readme.path} has {' '.join(document.text[first.start : first.end].split())[:120]}",),
                Persona.REGULAR if clear else Persona.PEDANTIC,
                cut=len(stretch) == 1,
            )
        stretch = []


def _finding(
    document: Document,
    place: tuple[int, int],
    fact: str,
    evidence: tuple[str, ...],
    persona: Persona,
    cut: bool,
) -> Finding:
    span = document.span(*place)
    start = document.text[place[0] : place[1]]
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.HIGH if persona is Persona.REGULAR else Confidence.MEDIUM,
        message=fact,
        tip="Remove it; the agent finds it where it is kept up to date.",
        at=(Location(document.path, span),),
        key=f"{fact.split()[0]} {' '.join(start.split())[:120]}",
        persona=persona,
        evidence=evidence,
        covers=(Location(document.path, span),),
        cuts=(Cut(document.path, span, ID, "the agent finds it by itself"),) if cut else (),
    )
