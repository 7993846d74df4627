"""Paths that the repository does not have.

What it finds: paths in rule files, skills, subagents and commands (in code spans, links, plain words and drawn
directory trees) that are nowhere in the repository: not from the root, not from the file's directory or any above it,
not as the end of any path, not as a module without its extension.

Why it costs: an agent that is sent to a file that is gone searches for it, request after request, or writes a new one.

What to do: name the place it has now, or remove the sentence.

When to ignore it: places that git ignores or that builds make, placeholders, examples, files that the text says are to
be made, and other repositories are not reported. What is fetched or generated without an ignore rule may be.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.matching import matches_any
from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.drawing import below, drawn_trees, exists, is_label, is_open, is_picture, is_sample, top_of
from ctxkit.text.hypothetical import Reality, in_samples, is_example_section, is_placeholder, reality
from ctxkit.text.pattern import on_demand
from ctxkit.text.references import has_extension, is_prose, path_references
from ctxkit.text.resolution import (
    alike,
    bases,
    children,
    is_at,
    is_made,
    is_there,
    meant,
    nearest_directory,
    of_stem,
    shared,
)
from ctxkit.text.told import is_beside_named, is_of_sibling, is_told_away, is_variant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.evidence import Document, Evidence, Limits, Tree
    from ctxkit.text.references import PathReference

ID = "stale-path"

_USUAL = on_demand(
    r"(?:settings|mcp|hooks|config|launch|tasks|extensions|commands|dependabot)(?:\.local)?\.\w+|[A-Z]+\.md|CODEOWNERS|copilot-instructions\.md|\w*"
)
"""Files that tools look for in their own directories, whether somebody has made them or not."""

_NAMED = " under that name"
_NAMES = on_demand(r"[\w.-]+(?:/[\w.-]+)*/(?=[^/]*\w)[\w.-]*(?<!\*)\*[\w.-]*")


class _Dead(NamedTuple):
    """A reference that is nowhere: its characters, and how sure it is that it was there once.

    ``away``: the words around it say that it is gone or still to come.
    """

    start: int
    end: int
    path: str
    confidence: Confidence
    evidence: tuple[str, ...]
    persona: Persona = Persona.REGULAR
    suffix: str = ""
    away: bool = False


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each path that a file names and the repository does not have, one for each drawn tree."""
    seen: set[tuple[str, bytes]] = set()
    for path in sorted(evidence.documents, key=lambda path: (_is_in_link(path, evidence.tree), path)):
        document = evidence.documents[path]
        directory = posixpath.dirname(path)
        same = ("" if _is_in_link(path, evidence.tree) else directory, document.data)
        if same in seen or path.startswith(("~", "/", "../")) or not is_prose(path) or not _is_read(path, evidence):
            continue
        seen |= {same, ("", document.data)}
        dead: dict[str, list[_Dead]] = defaultdict(list)
        is_rule = any(load.segment.kind not in ("skill", "subagent", "command") for load in evidence.loads[path])
        for found in _named(document, directory, evidence.tree, limits, is_rule):
            dead[found.path].append(found)
        for name in dead:
            yield _finding(document, name, dead[name])
        if any(load.segment.kind not in ("subagent", "command") for load in evidence.loads[path]):
            yield from _drawn(document, directory, evidence.tree, limits)


def _is_in_link(path: str, tree: Tree) -> bool:
    """Does a directory on the way to ``path`` lead elsewhere?"""
    return any(parent in tree for parent in bases(posixpath.dirname(path)) if parent)


def _is_read(path: str, evidence: Evidence) -> bool:
    return any(load.segment.activation is not Activation.NEVER for load in evidence.loads.get(path, ()))


def _named(document: Document, directory: str, tree: Tree, limits: Limits, is_rule: bool) -> Iterator[_Dead]:
    references = path_references(document.text, document.outline)
    there = {path: is_there(path, directory, tree) for path in dict.fromkeys(found.path for found in references)}
    moved = {path: () if is_real else tuple(_moved(path, tree)) for path, is_real in there.items()}
    ours = {path for path, is_real in there.items() if is_real or _is_one(path, moved[path])} | _together(moved)
    share = len(ours) / len(there) if there else 0.0
    held = Counter(posixpath.dirname(path.rstrip("/")) for path, is_real in there.items() if is_real)
    lacked = Counter(posixpath.dirname(path.rstrip("/")) for path in there if path not in ours)
    yield from _moved_below(
        document, [item for item in references if there[item.path]], directory, tree, limits, is_rule
    )
    is_short = is_rule and len(there) < limits["lacking"]
    for at, reference in enumerate(references):
        path = reference.path
        if there[path]:
            yield from _matchless(document, reference, directory, tree)
            continue
        if "[" in path or ".local" in path or is_placeholder(path):
            continue
        if path.rpartition("/")[2].startswith(".env") or is_made(path, directory, tree):
            continue
        if is_beside_named(at, references, document.text, directory, tree):
            continue
        parent = posixpath.dirname(path.rstrip("/"))
        others = share >= limits["resolving"] or (is_short and _is_deep(path, directory, tree))
        others = others and lacked[parent] < max(limits["lacking"], held[parent])
        if (found := _judged(document, reference, directory, tree, others, moved[path])) is not None:
            yield found


def _is_deep(path: str, directory: str, tree: Tree) -> bool:
    """Are two directories on the way to ``path`` there, one in the other, and only the file is not?"""
    parent = posixpath.dirname(path)
    return "/" in parent and has_extension(path) and is_at(parent, directory, tree)


def _together(moved: Mapping[str, Sequence[str]]) -> set[str]:
    """The paths of one directory whose files, two or more of them, lie together in another one now."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, places in moved.items():
        if len(places) == 1 and has_extension(path):
            found[posixpath.dirname(path), posixpath.dirname(places[0])].add(path)
    return {path for paths in found.values() if len(paths) > 1 for path in paths}


def _is_one(path: str, moved: Sequence[str]) -> bool:
    """Is one file of this name, in a directory of the same name, elsewhere in the repository?"""
    return len(moved) == 1 and has_extension(path) and f"/{moved[0]}".endswith("/" + "/".join(path.split("/")[-2:]))


def _matchless(document: Document, reference: PathReference, directory: str, tree: Tree) -> Iterator[_Dead]:
    """A pattern of names in a directory that is there, which no file has. Those with ``**`` are mostly conventions."""
    start, end = reference.start, reference.end
    pattern = document.text[start:end].removeprefix("./")
    if reference.kind != "span" or not reference.cut or _NAMES().fullmatch(pattern) is None or is_placeholder(pattern):
        return
    real = reality(document.text, start, end) is Reality.REAL and not _in_examples(document, start)
    if real and not is_made(reference.path, directory, tree) and not matches_any(pattern, tree):
        yield _Dead(start, end, pattern, Confidence.MEDIUM, ("no file matches it",), Persona.PEDANTIC, _NAMED)


def _moved_below(
    document: Document, references: Sequence[PathReference], directory: str, tree: Tree, limits: Limits, is_rule: bool
) -> Iterator[_Dead]:
    """Files that are there only below one directory that the text is not about.

    Counted are links, several files below the same directory, and files of a text that names what is there, where
    the directory that the path begins with is there too.
    """
    if _is_in_link(document.path, tree):
        return
    found: dict[str, list[PathReference]] = defaultdict(list)
    reached = 0
    for reference in references:
        path = reference.path
        if reference.kind == "plain" or reference.cut or not has_extension(path):
            continue
        if ("/" not in path and reference.kind != "link") or is_placeholder(path):
            continue
        if is_at(path, directory, tree):
            reached += 1
        elif len(places := tree.ending(path)) == 1:
            found[places[0][: -len(path) - 1]].append(reference)
    apart = len({member.path for members in found.values() for member in members})
    for top, members in found.items():
        if f"{top}/".startswith(f"{directory}/") or _is_about(document, top):
            continue
        several = len({member.path for member in members}) >= limits["lacking"]
        for member in members:
            if reality(document.text, member.start, member.end) is not Reality.REAL or is_told_away(
                document.text, member.start, member.end
            ):
                continue
            begun = tree.is_dir(posixpath.join(directory, member.path.partition("/")[0])) or tree.is_dir(
                member.path.partition("/")[0]
            )
            if several or member.kind == "link" or (begun and (reached > apart or (is_rule and apart == 1))):
                facts = (f"it is only there as {top}/{member.path}",)
                # A skill is often about one part of the repository, and counts its paths from there.
                persona = Persona.REGULAR if is_rule or member.kind == "link" else Persona.PEDANTIC
                yield _Dead(member.start, member.end, member.path, Confidence.MEDIUM, facts, persona, _NAMED)


def _is_about(document: Document, top: str) -> bool:
    """Does a heading, a code span or a path of the text name the directory ``top`` by its last part?"""
    last, text = top.rpartition("/")[2].lower(), document.text.lower()
    if last not in text:
        return False
    spans = document.outline.of("code-span")
    return (
        f"{last}/" in text
        or any(last in heading.title.lower() for heading in document.outline.headings)
        or any(last in document.text[span.start : span.end].lower() for span in spans)
    )


def _judged(
    document: Document, reference: PathReference, directory: str, tree: Tree, others: bool, moved: Sequence[str]
) -> _Dead | None:
    """How sure it is that ``reference`` was there once; None: nothing says so. ``others``: most others are there."""
    path = reference.path
    is_file, alone = has_extension(path), "/" not in path.rstrip("/")
    near = _near(path, directory, tree, alone)
    parent = nearest_directory(path, directory, tree)
    whole = bool(parent) and posixpath.normpath(path).endswith(
        f"{posixpath.basename(parent)}/{posixpath.basename(path.rstrip('/'))}"
    )
    linked = reference.kind == "link" and (reference.anchored or is_file)
    is_top = alone and path.endswith("/") and reference.kind == "span"
    if not (near or moved or parent or linked or (is_file and alone) or is_top):
        return None
    real = reality(document.text, reference.start, reference.end)
    if real is Reality.REAL and _in_examples(document, reference.start):
        real = Reality.DOUBTFUL
    usual = path.startswith(".") and path.count("/") == 1 and _USUAL().fullmatch(posixpath.basename(path)) is not None
    away = _is_away(document, reference, directory, not whole)
    if away or real is Reality.ABSENT:
        confidence = Confidence.LOW
    elif linked or (near and not reference.cut and not _is_outside(reference, tree)):
        sure = Confidence.LOW if not linked and not others and not is_file else Confidence.MEDIUM
        confidence = Confidence.HIGH if others or (not alone and sure is Confidence.MEDIUM) else sure
    elif (
        real is Reality.DOUBTFUL
        or alone
        or _is_symbol(path)
        or _is_outside(reference, tree)
        or not others
        or usual
        or "/." in path.removeprefix("../")
    ):
        confidence = Confidence.LOW
    elif whole and (is_file or path.endswith("/")) and not reference.cut:
        confidence = Confidence.HIGH
    elif (whole and (is_file or path.endswith("/"))) or moved or (parent and is_file):
        confidence = Confidence.MEDIUM
    else:
        confidence = Confidence.LOW
    told = {
        "the nearest is": near,
        "of that name:": ", ".join(moved),
        "of the way there is": f"{parent}/" if parent else "",
    }
    evidence = tuple(f"{words} {value}" for words, value in told.items() if value)
    weak = (reference.cut and not near) or _is_weak(path, directory, tree, near, parent, moved)
    persona = Persona.PEDANTIC if weak and not linked else Persona.REGULAR
    return _Dead(reference.start, reference.end, path, confidence, evidence, persona, away=away)


def _is_away(document: Document, reference: PathReference, directory: str, loose: bool) -> bool:
    """Do the words around ``reference`` take it away? ``loose``: its directory is not there, or none is named."""
    text, start, end = document.text, reference.start, reference.end
    alone = "/" not in reference.path.rstrip("/")
    return (
        is_told_away(text, start, end)
        or (alone and is_variant(text, start, end))
        or (loose and is_of_sibling(reference.path, text, start, directory))
    )


def _is_weak(path: str, directory: str, tree: Tree, near: str, parent: str, moved: Sequence[str]) -> bool:
    """Does little say that ``path`` was meant to be here, and not in a place that others have or tools make?"""
    head = path.partition("/")[0]
    if head.startswith(".") and head not in ("..", ".github") and not tree.is_dir(head) and not near:
        return True
    if parent == directory and posixpath.basename(directory) == head and not tree.is_dir(head):
        return True
    tail = "/".join(path.split("/")[-2:])
    return not (near or parent) and len(moved) > 1 and not any(f"/{place}".endswith(f"/{tail}") for place in moved)


def _is_outside(reference: PathReference, tree: Tree) -> bool:
    """May it be told from outside the repository: beside it (``../x/y`` in words), or with its name in front?"""
    head, _, rest = reference.path.lstrip("./").partition("/")
    if reference.kind == "link":
        return False
    if reference.path.startswith("../"):
        return not tree.ending(head)
    return bool(rest) and not tree.is_dir(head) and (rest in tree or tree.is_dir(rest))


def _is_symbol(path: str) -> bool:
    """Is the last part written as the name of a class?"""
    name = path.rpartition("/")[2]
    return name[:1].isupper() and not name.isupper() and "." not in name and any(char.isupper() for char in name[1:])


def _near(path: str, directory: str, tree: Tree, alone: bool) -> str:
    """A path of the repository that differs in one part, which is much like it."""
    if not alone:
        return meant(path, directory, tree) or of_stem(path, directory, tree)
    near = alike(path, children(directory, tree))
    return posixpath.join(directory, near[0]) if near else ""


def _moved(path: str, tree: Tree) -> list[str]:
    """The files that end as ``path`` does, in as many parts as there are, where they are few."""
    tail = path.rstrip("/")
    while "/" in tail:
        tail = tail.partition("/")[2]
        found = tree.ending(tail)
        if "/" not in tail:
            found = [place for place in found if not place.endswith("/")] if has_extension(tail) else []
        if found:
            return sorted(found, key=lambda place: -shared(place, path)) if len(found) <= 3 else []
    return []


def _in_examples(document: Document, at: int) -> bool:
    """Does the heading above a place announce examples or things to be made?"""
    headings = document.outline.headings
    above = bisect_right([heading.start for heading in headings], at)
    return above > 0 and is_example_section(headings[above - 1].title)


def _finding(document: Document, name: str, dead: Sequence[_Dead]) -> Finding:
    best = min(dead, key=lambda item: -item.confidence.weight)
    persona = Persona.PEDANTIC if any(item.away for item in dead) else best.persona
    places = [Location(document.path, document.span(item.start, item.end)) for item in dead]
    places.insert(0, places.pop(dead.index(best)))
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=best.confidence,
        message=f"{name} is not in the repository{best.suffix}.",
        tip="Name the place it has now, or remove what is said of it.",
        at=tuple(places),
        key=name,
        persona=Persona.AUDITOR if best.confidence is Confidence.LOW or in_samples(document.path) else persona,
        evidence=best.evidence,
        covers=tuple(places),
    )


def _drawn(document: Document, directory: str, tree: Tree, limits: Limits) -> Iterator[Finding]:
    """One finding for each drawn tree of this repository that has rows which are not there."""
    for rows in drawn_trees(document.text, document.outline):
        top, place = top_of(rows, directory, tree)
        named = [(row, name) for row in rows if (name := below(row, top)) and not is_open(name) and not is_label(row)]
        dead = [
            (row, posixpath.join(place, name))
            for row, name in named
            if not exists(place, name, tree) and not is_made(posixpath.join(place, name), "", tree)
        ]
        there = len(named) - len(dead)
        if not dead or len(named) < limits["rows"] or there / len(named) < limits["drawn"]:
            continue
        dead = [
            (row, path)
            for row, path in dead
            if reality(row.comment, 0, 0) is Reality.REAL and not is_told_away(row.comment, 0, 0)
        ]
        if not dead or _in_examples(document, rows[0].start):
            continue
        shown = ", ".join(path for _, path in dead[:3]) + (" …" if len(dead) > 3 else "")
        cuts = [document.span(row.line_start, row.line_end) for row, path in dead if row.is_leaf]
        yield Finding(
            rule=ID,
            severity=Severity.WARNING,
            confidence=Confidence.HIGH if there / len(named) >= limits["resolving"] else Confidence.MEDIUM,
            message=f"{len(dead)} of the {len(named)} entries of a drawn tree {'is' if len(dead) == 1 else 'are'} not"
            f" in the repository: {shown}.",
            tip="Remove the rows, or name what is there now.",
            at=tuple(Location(document.path, document.span(row.start, row.end), note=path) for row, path in dead),
            key="tree: " + " ".join(sorted(path for _, path in dead)),
            evidence=(_others(len(named) - len(dead)), *(path for _, path in dead[:20])),
            persona=Persona.PEDANTIC
            if is_picture(rows, top, tree) or all(is_sample(row, rows) for row, _ in dead)
            else Persona.REGULAR,
            cuts=tuple(Cut(document.path, span, ID, "a row of what is not there") for span in cuts),
        )


def _others(count: int) -> str:
    return "the other one is, or is ignored" if count == 1 else f"the {count} others are, or are ignored"
