"""How many defects are found: defects of known kinds are put into the rule files of real repositories, one at a time.

    python benchmarks/recall.py CLONES [--each 6] [--seed 1] [--missed]

CLONES as in ``precision.py``. Every clone is copied first; what is looked at is the copy. Kinds:

* ``path``: a path that a loaded file names and the repository has gets another name in the text;
* ``command``: so does a script (npm, make, just, …) that the repository can run;
* ``copy``: a paragraph or a list item of a loaded file of 12 words and more stands in a second one too;
* ``drift``: so it does, with one word or number changed;
* ``contradiction``: of two statements that cannot both be followed one goes into each of two files.

A defect counts as found when a finding of the right detector, for whatever persona, has a place in the lines that were
written. The second file is another one that the same agent loads at the start; where there is none, one is made
(``.claude/rules/more.md``).
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.model.audit import Audit

RULES = {
    "path": {"stale-path"},
    "command": {"stale-command"},
    "copy": {"duplicate-text"},
    "drift": {"drifted-copy"},
    "contradiction": {"contradiction"},
}
PAIRS = (
    ("Use tabs for indentation.", "Indent with two spaces."),
    ("Use pnpm for all package operations.", "Install dependencies with `npm install`."),
    ("Never commit directly to main.", "Commit small fixes straight to the main branch."),
    ("Always write tests before the implementation.", "Do not write tests unless you are asked to."),
    ("Keep lines below 80 characters.", "The maximum line length is 120."),
    ("Use single quotes for strings.", "Strings take double quotes."),
    ("Use semicolons at the end of statements.", "Do not use semicolons."),
    ("Prefer named exports.", "Always use default exports."),
    ("Add a docstring to every public function.", "Do not add docstrings or comments."),
    ("Run the whole test suite before every commit.", "Never run the whole test suite; run single tests only."),
    ("Use `pytest` for tests.", "All tests are written with `unittest`."),
    ("Use Jest as the test runner.", "Tests run with Vitest."),
    ("Target Python 3.9.", "The code requires Python 3.12 or newer."),
    ("Write commit messages in the imperative mood.", "Commit messages are written in the past tense."),
    ("Squash commits before merging.", "Never squash commits."),
    ("Use `any` freely where types are complicated.", "Never use `any`."),
    ("Always ask before you install a new dependency.", "Install missing dependencies without asking."),
    ("Use camelCase for function names.", "Function names are snake_case."),
    ("Prefer interfaces to type aliases.", "Use type aliases, not interfaces."),
    ("Do not edit generated files.", "Edit the generated files by hand where needed."),
    ("Use async/await everywhere.", "Avoid async/await; use promises with `.then()`."),
    ("Log with `print`.", "Never use `print`; use the logger."),
    ("Use yarn.", "This repository uses npm. Do not use yarn."),
    ("Raise exceptions on errors.", "Never raise exceptions; return error values."),
    ("Answer in German.", "Always answer in English."),
    ("Push after every commit.", "Never push; the user does it."),
)  # fmt: skip
WORD = re.compile(r"[A-Za-z]{4,}|\d+")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.[a-z]{1,5})`")
SCRIPT = re.compile(r"\b(?:npm run|pnpm run|yarn run|bun run|make|just|task) ([a-z][\w:-]{2,})")


@dataclass(frozen=True)
class Defect:
    """Texts to write: ``changes``: path → new text; ``marks``: path → lines in which a finding counts."""

    kind: str
    said: str
    changes: dict[str, str]
    marks: dict[str, range]


class Repository:
    """The copy of a clone, and the rule files that its agents load at the start."""

    def __init__(self, root: Path, home: str) -> None:
        self.root, self.home = root, home
        found = self.audit()
        agents = [
            [
                segment.path
                for segment in agent.context.segments
                if segment.category == "rules" and segment.path and segment.loaded and segment.activation == "always"
            ]
            for agent in found.agents
        ]
        inside = [[path for path in paths if not path.startswith(("~", "/", ".."))] for paths in agents]
        self.loaded = max(inside, key=len, default=[])
        self.texts = {path: (root / path).read_text("utf-8", "replace") for path in dict.fromkeys(self.loaded)}

    def audit(self) -> Audit:
        """What is found now."""
        return audit(AuditRequest(str(self.root), home=self.home))

    def second(self, first: str) -> str:
        """Another file that is loaded with ``first``."""
        same = {path for path, text in self.texts.items() if text == self.texts[first]}
        return next((path for path in self.texts if path not in same), ".claude/rules/more.md")

    def finds(self, defect: Defect) -> bool:
        """Is ``defect`` found while it is there?"""
        before = {
            path: (self.root / path).read_bytes() if (self.root / path).exists() else None for path in defect.changes
        }
        try:
            for path, text in defect.changes.items():
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).write_text(text, "utf-8")
            findings = self.audit().findings
        finally:
            for path, data in before.items():
                if data is None:
                    (self.root / path).unlink()
                else:
                    (self.root / path).write_bytes(data)
        return any(
            place.path in defect.marks and place.region is not None and _meets(defect.marks[place.path], place.region)
            for finding in (*findings.shown, *findings.hidden)
            if finding.rule in RULES[defect.kind]
            for place in finding.at
        )


def _meets(lines: range, region: object) -> bool:
    return region.start_line < lines.stop and region.end_line >= lines.start  # type: ignore[attr-defined]


def lines_of(text: str, start: int, end: int) -> range:
    """The lines of these characters, from 1."""
    return range(text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 2)


def renamed(kind: str, pattern: re.Pattern[str], exists: Callable[[Repository, str], bool]):
    """Defects in which a name that ``pattern`` finds and that ``exists`` is another."""

    def made(repository: Repository, draw: random.Random) -> Iterator[Defect]:
        places = [
            (path, match)
            for path, text in repository.texts.items()
            for match in pattern.finditer(text)
            if exists(repository, match[1])
        ]
        draw.shuffle(places)
        for path, match in places:
            text, name = repository.texts[path], match[1]
            stem, dot, ending = name.rpartition(".") if kind == "path" else (name, "", "")
            new = (
                f"{stem}{draw.choice(('_old', '2', '-impl', '_v1'))}{dot}{ending}"
                if kind == "path"
                else f"{stem}-{draw.choice(('all', 'full', 'x'))}"
            )
            changed = text[: match.start(1)] + new + text[match.end(1) :]
            yield Defect(
                kind, f"{path}: {name} -> {new}", {path: changed}, {path: lines_of(text, match.start(1), match.end(1))}
            )

    return made


def passages(repository: Repository, draw: random.Random) -> list[tuple[str, str]]:
    """(path, paragraph or list item) of 12 words and more, shuffled."""
    found = []
    for path, text in repository.texts.items():
        plain = re.sub(r"(?ms)^(```|~~~).*?^\1[^\n]*$|\A---\n.*?\n---\n|<!--.*?-->", "", text)
        for block in re.split(r"\n(?=\s*[-*] )|\n\s*\n", plain):
            words = block.split()
            if 12 <= len(words) <= 120 and not block.lstrip().startswith(("#", "|", "```", "@")) and "\n#" not in block:
                found.append((path, block.strip("\n")))
    draw.shuffle(found)
    return found


def repeated(kind: str, change: Callable[[str, random.Random], str | None]):
    """Defects in which a passage stands, changed by ``change``, in a second file too."""

    def made(repository: Repository, draw: random.Random) -> Iterator[Defect]:
        for path, passage in passages(repository, draw):
            other = repository.second(path)
            new = change(passage, draw)
            if new is None:
                continue
            before = repository.texts.get(other, "# More\n")
            text = f"{before.rstrip()}\n\n{new}\n"
            start = len(before.rstrip()) + 2
            original = repository.texts[path].find(passage)
            marks = {other: lines_of(text, start, start + len(new))}
            if original >= 0:
                marks[path] = lines_of(repository.texts[path], original, original + len(passage))
            yield Defect(kind, f"{path} in {other}: {new[:150]!r}", {other: text}, {other: marks[other]})

    return made


def drifted(passage: str, draw: random.Random) -> str | None:
    """``passage`` with one word or number replaced by another of its kind."""
    words = list(WORD.finditer(passage))
    if len(words) < 6:
        return None
    match = draw.choice(words)
    old = match.group()
    if old.isdigit():
        new = str(int(old) + draw.choice((1, 5, 10)))
    else:
        others = [word.group() for word in words if word.group().lower() != old.lower() and not word.group().isdigit()]
        new = draw.choice(("never", "always", "staging", "branch", "legacy", *others))
    return passage[: match.start()] + new + passage[match.end() :]


def contradictions(repository: Repository, draw: random.Random) -> Iterator[Defect]:
    """Defects in which two files say what cannot both be followed."""
    pairs = list(PAIRS)
    draw.shuffle(pairs)
    for one, two in pairs:
        first = draw.choice(list(repository.texts))
        other = repository.second(first)
        a = f"{repository.texts[first].rstrip()}\n\n## Ways of working\n\n- {one}\n"
        b = f"{repository.texts.get(other, '# More').rstrip()}\n\n## Conventions\n\n- {two}\n"
        marks = {first: range(a.count("\n"), a.count("\n") + 1), other: range(b.count("\n"), b.count("\n") + 1)}
        yield Defect("contradiction", f"{one} / {two} ({first}, {other})", {first: a, other: b}, marks)


def is_file(repository: Repository, name: str) -> bool:
    """Is there such a file at the root?"""
    return (repository.root / name).is_file()


def is_script(repository: Repository, name: str) -> bool:
    """Does a file that defines scripts have such a name?"""
    root = repository.root
    files = [
        root / name
        for name in ("package.json", "Makefile", "justfile", "Justfile", "Taskfile.yml")
        if (root / name).is_file()
    ]
    return any(
        re.search(
            rf'(?m)^{re.escape(name)}\b.*:|"{re.escape(name)}"\s*:|^\s+{re.escape(name)}:',
            file.read_text("utf-8", "replace"),
        )
        for file in files
    )


KINDS = {
    "path": renamed("path", PATH, is_file),
    "command": renamed("command", SCRIPT, is_script),
    "copy": repeated("copy", lambda passage, _: passage),
    "drift": repeated("drift", drifted),
    "contradiction": contradictions,
}


def main() -> None:
    """Parse, seed, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--each", type=int, default=6, help="defects of each kind in each repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=sorted(KINDS))
    parser.add_argument("--missed", action="store_true", help="print what was not found")
    chosen = parser.parse_args()
    seeded: Counter[str] = Counter()
    found: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    for clone in sorted(path for path in chosen.clones.iterdir() if path.is_dir()):
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(scratch) / "home"
            home.mkdir()
            root = Path(scratch) / clone.name
            shutil.copytree(clone, root, symlinks=True)
            try:
                repository = Repository(root, str(home))
            except CtxkitError:
                continue
            if not repository.texts:
                continue
            for kind in chosen.kind or KINDS:
                draw = random.Random(f"{chosen.seed} {clone.name} {kind}")
                for at, defect in enumerate(KINDS[kind](repository, draw)):
                    if at == chosen.each:
                        break
                    seeded[kind] += 1
                    if repository.finds(defect):
                        found[kind] += 1
                    else:
                        missed[kind].append(f"{clone.name}: {defect.said}")
    for kind in KINDS:
        if seeded[kind]:
            print(f"{kind:14} {found[kind]:4} of {seeded[kind]:4}  {found[kind] / seeded[kind]:6.1%}")
    if chosen.missed:
        for kind, items in missed.items():
            for item in items:
                print(f"missed {kind}: {item}")


if __name__ == "__main__":
    main()
