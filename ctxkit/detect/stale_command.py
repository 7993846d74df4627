"""Commands that run a script the repository does not have.

What it finds: commands in code spans and shell fences (``npm run x``, ``make x``, ``just x``, ``tox -e x``,
``cargo run --bin x``, ``hatch run x``, ``python scripts/x.py`` and the like) whose script, target, recipe or file no
file of the repository defines.

Why it costs: an agent runs the command, reads the error, searches for the right one, and does so in every session.

What to do: name the script that there is now, or remove the command.

When to ignore it: scripts that are made before they are run, and commands for another repository.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.commands import calls
from ctxkit.text.hypothetical import Reality, in_samples, is_placeholder, reality
from ctxkit.text.pattern import on_demand
from ctxkit.text.references import is_prose
from ctxkit.text.resolution import is_made, is_there, meant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.commands import Call

ID = "stale-command"

_INTERPRETER = on_demand(r"(?:py|pypy|cpython|python|jython|graalpy)[\d.]*t?")
_PROGRAMS = frozenset(
    (
        "tsc", "eslint", "prettier", "vitest", "jest", "vite", "next", "tsx", "playwright", "biome", "webpack",
        "rollup", "esbuild", "turbo", "nx", "changeset", "storybook", "mocha", "oxlint", "knip", "husky", "wrangler",
        "prisma", "tsup",
    )
)  # fmt: skip
_NEEDS = {
    "npm": "package.json",
    "make": "Makefile",
    "just": "justfile",
    "nox": "noxfile.py",
    "tox": "tox configuration",
}


class _Dead(NamedTuple):
    call: Call
    near: tuple[str, ...]
    confidence: Confidence


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each script that a file runs and the repository does not have."""
    seen: set[bytes] = set()
    for path in sorted(evidence.documents):
        document = evidence.documents[path]
        if document.data in seen or path.startswith(("~", "/", "../")) or not is_prose(path):
            continue
        loads = [load for load in evidence.loads.get(path, ()) if load.segment.activation is not Activation.NEVER]
        if not loads:
            continue
        seen.add(document.data)
        found = calls(document.text, document.outline)
        state = {call: _has(call, evidence, posixpath.dirname(path)) for call in dict.fromkeys(found)}
        known = Counter(state[call] for call in dict.fromkeys(found))
        is_rule = any(load.segment.kind not in ("skill", "subagent", "command") for load in loads)
        if is_rule:
            is_about = known[False] - known[True] < limits["lacking"]
        else:
            is_about = known[True] > 0 and known[True] >= known[False]
        dead: dict[str, list[_Dead]] = defaultdict(list)
        for call in found:
            if state[call] is False and (item := _judged(document, call, evidence, limits)) is not None:
                dead[call.shown].append(item)
        for shown, items in dead.items():
            yield _finding(document, shown, items, evidence, is_about)


def _has(call: Call, evidence: Evidence, directory: str) -> bool | None:
    """Can the repository run it? None where nothing is known of it."""
    if call.runner == "file":
        return _has_file(call, evidence, directory)
    if call.runner == "module":
        return _has_module(call, evidence)
    names = evidence.scripts.get(call.runner)
    if call.runner == "make" and names is not None and (call.directory or directory):
        names |= evidence.scripts.get("make -C", frozenset())
    if call.runner == "workspace" and names is not None and evidence.tree.is_dir(call.name):
        return True
    if call.runner == "tox" and names is not None and all(_is_factor(part, names) for part in call.name.split("-")):
        return True
    if names is None:
        return False if call.runner in _NEEDS and call.is_clear else None
    if call.name in names or any("*" in name and fnmatchcase(call.name, name) for name in names):
        return True
    if call.runner == "make" and (call.name in evidence.tree or evidence.tree.ending(call.name)):
        return None
    if call.runner in ("npm", "turbo") and call.name in evidence.scripts.get("npm", ()):
        return True
    commands = evidence.scripts.get("npx", frozenset())
    if (
        call.runner == "npm"
        and not call.is_clear
        and (call.name in commands or call.name in _PROGRAMS or "/" in call.name)
    ):
        return None
    return False


def _is_factor(part: str, names: frozenset[str]) -> bool:
    """Is ``part`` of the name of a tox environment known: declared, or an interpreter?"""
    return part in names or "*" in names or _INTERPRETER().fullmatch(part) is not None


def _has_file(call: Call, evidence: Evidence, directory: str) -> bool | None:
    if call.directory.startswith(("/", "~", "$", "<", "{")):
        return None
    for base in (call.directory, directory, ""):
        path = posixpath.normpath(posixpath.join(base, call.name))
        if path.startswith("..") or is_there(path, directory, evidence.tree):
            return True
    return None if is_made(call.name, directory, evidence.tree) or is_placeholder(call.name) else False


def _has_module(call: Call, evidence: Evidence) -> bool | None:
    """A module of a package that lies in the repository; of others nothing is known."""
    head, *inner = call.name.split(".")
    tops = [place for place in evidence.tree.ending(f"{head}/__init__.py") if place.count("/") <= 3]
    if not tops:
        return None
    path = "/".join((head, *inner))
    ways = (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py", f"{path}.pyx")
    return True if any(evidence.tree.ending(way) for way in ways) else False if inner else None


def _judged(document: Document, call: Call, evidence: Evidence, limits: Limits) -> _Dead | None:
    real = reality(document.text, max(0, call.start - len(call.shown) + len(call.name)), call.end, is_command=True)
    if is_placeholder(call.name) or real is Reality.ABSENT:
        return None
    if call.runner == "file":
        near = meant(call.name, posixpath.dirname(document.path), evidence.tree)
        moved = evidence.tree.ending(posixpath.basename(call.name))
        parent = evidence.tree.is_dir(posixpath.dirname(call.name))
        if not (near or moved or parent):
            return None
        return _Dead(call, tuple(filter(None, (near, *moved[:2]))), Confidence.HIGH if parent else Confidence.MEDIUM)
    names = evidence.scripts.get(call.runner, frozenset())
    near_names = _alike(call.name, names, limits["alike"])
    if call.runner == "module" or call.is_clear:
        confidence = Confidence.HIGH
    elif (near_names and len(call.name) > 3) or call.shown.startswith(("yarn run", "bun run")):
        confidence = Confidence.MEDIUM
    else:
        return None
    return _Dead(call, near_names, Confidence.LOW if real is Reality.DOUBTFUL and not near_names else confidence)


def _alike(name: str, names: frozenset[str], least: float) -> tuple[str, ...]:
    import difflib

    close = difflib.get_close_matches(name[:80], sorted(each for each in names if "*" not in each)[:2_000], 3, least)
    head = name.partition(":")[0]
    return (head, *(other for other in close if other != head)) if head != name and head in names else tuple(close)


def _finding(document: Document, shown: str, items: Sequence[_Dead], evidence: Evidence, is_about: bool) -> Finding:
    call = items[0].call
    best = max(items, key=lambda item: item.confidence.weight)
    missing = call.runner in _NEEDS and call.runner not in evidence.scripts
    confidence = Confidence.MEDIUM if missing and best.confidence is Confidence.HIGH else best.confidence
    persona = Persona.REGULAR
    if confidence is Confidence.LOW or in_samples(document.path) or not is_about:
        persona = Persona.AUDITOR
    elif missing or (call.runner == "file" and confidence is not Confidence.HIGH):
        persona = Persona.PEDANTIC
    what = "script" if call.runner in ("npm", "python", "pdm", "composer") else _WHAT.get(call.runner, "entry")
    if missing:
        message = f"`{shown}` needs a {_NEEDS[call.runner]}, and the repository has none."
    elif call.runner in ("file", "module"):
        message = f"`{shown}` runs a {call.runner} that is not in the repository."
    else:
        message = f"`{shown}`: nothing in the repository defines a {what} named {call.name}."
    facts = [f"spelled alike: {', '.join(best.near)}"] if best.near else []
    if not missing and call.runner not in ("file", "module"):
        count = len(evidence.scripts.get(call.runner, ()))
        where = "in package.json files" if call.runner == "npm" else f"for {call.runner}"
        kind = what if count == 1 else "entries" if what == "entry" else f"{what}s"
        facts.append(f"{count} {kind} {'is' if count == 1 else 'are'} defined {where}")
    places = tuple(Location(document.path, document.span(item.call.start, item.call.end)) for item in items)
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=confidence,
        message=message,
        tip="Name the script that there is now, or remove the command.",
        at=places,
        key=shown,
        persona=persona,
        evidence=tuple(facts),
        covers=places,
    )


_WHAT = {
    "make": "target", "just": "recipe", "task": "task", "deno": "task", "turbo": "task", "nx": "target", "poe": "task",
    "tox": "environment", "nox": "session", "cargo": "command",
    "workspace": "package", "cargo -p": "package", "cargo --bin": "binary",
}  # fmt: skip
