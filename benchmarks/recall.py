"""How many defects are found: defects of known kinds are put into the rule files of real repositories, one at a time.

    python benchmarks/recall.py CLONES [--each 6] [--seed 1] [--missed]

CLONES as in ``precision.py``. Every clone is copied first; what is looked at is the copy. Kinds:

* ``path-…`` and ``command-…``: paths and scripts that loaded files name are mistyped, renamed, moved or removed
  (``stale_seeds.py``);
* ``copy``: a paragraph or a list item of a loaded file of 12 words and more stands in a second one too, as it is, with
  other bullets, or wrapped anew; where its agent has no second file, further down in the same one;
* ``drift``: so it does, with one word, number, command, path or negation changed; where its agent has no second file,
  in a copy of the file that is made for another agent (``AGENTS.md`` as ``CLAUDE.md``);
* ``contradiction``: of two statements that cannot both be followed one goes into each of two files.

A defect counts as found when a finding of the right detector, for whatever persona, has a place in the lines that were
written; ``regular`` says how many of them everybody is told. The second file is another one that the same agent loads
at the start; where there is none, one is made where that agent looks (``.claude/rules/more.md`` and the like).
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import shutil
import tempfile
import textwrap
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import stale_seeds

from ctxkit.model import CtxkitError
from ctxkit.service import AuditRequest, audit
from ctxkit.sources.worktree import read_worktree
from ctxkit.text.references import is_prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model.audit import Audit

RULES = {
    **{kind: {"stale-path"} if kind in stale_seeds.PATHS else {"stale-command"} for kind in stale_seeds.KINDS},
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
FUNCTION = frozenset(
    [
        "this", "that", "these", "those", "with", "from", "have", "will", "your", "when", "where", "which", "what",
        "there", "their", "they", "them", "then", "than", "into", "also", "each", "only", "must", "should", "would",
        "could", "been", "were", "does", "some", "such", "very", "more", "most", "over", "under",
    ]
)  # fmt: skip
SWAPS = (
    (r"\b[Nn]ever\b", "always"), (r"\b[Aa]lways\b", "never"), (r"\bmust not\b", "must"), (r"\bmust\b", "must not"),
    (r"\bdo not\b", "do"), (r"\bbefore\b", "after"), (r"\bpnpm\b", "npm"), (r"\bnpm\b", "pnpm"),
    (r"\bpytest\b", "tox"), (r"\bpip\b", "poetry"), (r"`make (\w+)", r"`make \1-all"),
    (r"(\w)/(\w+)(?=[/.`])", r"\1/\2s"), (r"\bsrc/", "lib/"), (r"\b(\d+)\b", r"1\1"), (r"\bmain\b", "develop"),
)  # fmt: skip
MORE = {
    "claude-code": (".claude/rules/more.md", "# More\n"),
    "cursor": (".cursor/rules/more.mdc", "---\nalwaysApply: true\n---\n\n# More\n"),
    "copilot-cli": (".github/instructions/more.instructions.md", '---\napplyTo: "**"\n---\n\n# More\n'),
    "copilot-vscode": (".github/instructions/more.instructions.md", '---\napplyTo: "**"\n---\n\n# More\n'),
    "kiro": (".kiro/steering/more.md", "# More\n"),
    "cline": (".clinerules/more.md", "# More\n"),
    "windsurf": (".windsurf/rules/more.md", "---\ntrigger: always_on\n---\n\n# More\n"),
    "roo-code": (".roo/rules/more.md", "# More\n"),
}


@dataclass(frozen=True)
class Defect:
    """Texts to write: ``changes``: path → new text; ``marks``: path → lines in which a finding counts.

    ``moves``: files of the repository, old → new path, empty for one that is removed.
    """

    kind: str
    said: str
    changes: dict[str, str]
    marks: dict[str, range]
    moves: Mapping[str, str] = field(default_factory=dict)


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
        self.agent = found.agents[inside.index(self.loaded)].context.agent if inside else ""
        everything = {
            segment.path
            for agent in found.agents
            for segment in agent.context.segments
            if segment.category == "rules" and segment.path and not segment.path.startswith(("~", "/", ".."))
        }
        self.documents = {path: (root / path).read_text("utf-8", "replace") for path in sorted(everything)}
        self.texts = {path: (root / path).read_text("utf-8", "replace") for path in dict.fromkeys(self.loaded)}

    def audit(self) -> Audit:
        """What is found now."""
        return audit(AuditRequest(str(self.root), home=self.home))

    def second(self, first: str) -> str:
        """Another file that is loaded with ``first``."""
        same = {path for path, text in self.texts.items() if text == self.texts[first]}
        return next((path for path in self.texts if path not in same), ".claude/rules/more.md")

    def mate(self, first: str) -> tuple[str, str] | None:
        """Another file that the same agent loads with ``first``, or that it would load, and its text."""
        other = self.second(first)
        if other in self.texts:
            return other, self.texts[other]
        return MORE.get(self.agent)

    def twin(self, first: str) -> tuple[str, str] | None:
        """Where the copy of ``first`` for another agent is to stand that has none yet, and its text."""
        names = ("AGENTS.md", "CLAUDE.md", "GEMINI.md")
        free = [name for name in names if not (self.root / name).exists()]
        return (free[0], self.texts[first]) if "/" not in first and free else None

    def finds(self, defect: Defect) -> tuple[bool, bool]:
        """Is ``defect`` found while it is there, and is everybody told?"""
        before = {
            path: (self.root / path).read_bytes() if (self.root / path).exists() else None for path in defect.changes
        }
        kept = self.root.parent / "kept"
        try:
            for old, new in defect.moves.items():
                target = self.root / new if new else kept / old
                target.parent.mkdir(parents=True, exist_ok=True)
                (self.root / old).rename(target)
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
            for old, new in defect.moves.items():
                (self.root / old).parent.mkdir(parents=True, exist_ok=True)
                (self.root / new if new else kept / old).rename(self.root / old)
            made = {f"{parent}" for new in defect.moves.values() for parent in PurePosixPath(new).parents}
            for directory in sorted(made - {"."}, key=len, reverse=True):
                with contextlib.suppress(OSError):
                    (self.root / directory).rmdir()
        shown, hidden = (
            any(
                place.path in defect.marks
                and place.region is not None
                and _meets(defect.marks[place.path], place.region)
                for finding in some
                if finding.rule in RULES[defect.kind]
                for place in finding.at
            )
            for some in (findings.shown, findings.hidden)
        )
        return shown or hidden, shown


def _meets(lines: range, region: object) -> bool:
    return bool(region.start_line < lines.stop and region.end_line >= lines.start)  # type: ignore[attr-defined]


def lines_of(text: str, start: int, end: int) -> range:
    """The lines of these characters, from 1."""
    return range(text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 2)


def stale(kind: str) -> Callable[[Repository, random.Random], Iterator[Defect]]:
    """Defects of one kind of ``stale_seeds``; the lines count in every file that says the same."""

    def made(repository: Repository, draw: random.Random) -> Iterator[Defect]:
        texts: dict[str, str] = {}
        for path, text in repository.texts.items():
            if is_prose(path) and text not in texts.values():
                texts[path] = text
        root = repository.root
        paths = frozenset(read_worktree(str(root)).paths)
        for seed in stale_seeds.seeds(kind, texts, paths, stale_seeds.reader(root), draw):
            same = [path for path, data in repository.documents.items() if data == texts[seed.path]]
            lines = lines_of(seed.text, seed.start, seed.end)
            changes = {} if seed.text == texts[seed.path] else dict.fromkeys(same, seed.text)
            yield Defect(kind, seed.said, changes, dict.fromkeys(same, lines), seed.moves)

    return made


def passages(repository: Repository, draw: random.Random) -> list[tuple[str, str]]:
    """(path, paragraph or list item) of 12 words and more, shuffled."""
    found = []
    for path, text in repository.texts.items():
        plain = re.sub(r"(?ms)^[ \t]*(```|~~~).*?^[ \t]*\1[^\n]*$|\A---\n.*?\n---\n|<!--.*?-->", "\n", text)
        for block in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )|\n\s*\n", plain):
            words = block.split()
            if 12 <= len(words) <= 120 and not re.search(r"(?m)^\s*(?:[#|@<]|```|~~~|---)", block) and block in text:
                found.append((path, block.strip("\n")))
    draw.shuffle(found)
    return found


def moved(passage: str, draw: random.Random) -> str:
    """``passage`` as it looks elsewhere: at the margin, now and then with another bullet or wrapped anew."""
    first, *rest = textwrap.dedent(passage).split("\n")
    text = "\n".join((first.lstrip(), *rest))
    way = draw.choice(("as it is", "bullet", "wrapped"))
    if way == "bullet" and (item := re.match(r"(?:[-*]|\d+\.) ", text)) and "\n" not in text:
        return draw.choice(("- ", "* ", "1. ")) + text[item.end() :]
    return (
        textwrap.fill(" ".join(text.split()), 72, break_long_words=False, break_on_hyphens=False)
        if (way == "wrapped" and not re.match(r"(?:[-*]|\d+\.) ", text) and not re.search(r"(?m)[ \\]{1,2}$", text))
        else text
    )


def copied(repository: Repository, draw: random.Random) -> Iterator[Defect]:
    """Defects in which a passage stands a second time."""
    for path, passage in passages(repository, draw):
        other, before = repository.mate(path) or (path, repository.texts[path])
        if len(passage.split()) >= 20 if other == path else plain(passage) not in plain(before):
            yield _placed("copy", path, (other, before), moved(passage, draw))


def drifts(repository: Repository, draw: random.Random) -> Iterator[Defect]:
    """Defects in which a passage stands in a second file with one thing changed."""
    for path, passage in passages(repository, draw):
        new = drifted(passage, draw)
        mate, twin = repository.mate(path), repository.twin(path)
        if new is None or (mate is None and twin is None):
            continue
        if twin is not None and (mate is None or draw.random() < 0.3):
            text = twin[1].replace(passage, new, 1)
            at = twin[1].find(passage)
            yield Defect("drift", f"{path} as {twin[0]}: {new[:150]!r}", {twin[0]: text},
                         {twin[0]: lines_of(text, at, at + len(new))})  # fmt: skip
        elif mate is not None and plain(passage) not in plain(mate[1]):
            yield _placed("drift", path, mate, moved(new, draw))


def plain(text: str) -> str:
    """The words of ``text`` with nothing around them."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _placed(kind: str, path: str, second: tuple[str, str], new: str) -> Defect:
    other, before = second
    text = f"{before.rstrip()}\n\n{new}\n"
    start = len(before.rstrip()) + 2
    marks = {other: lines_of(text, start, start + len(new) - 1)}
    return Defect(kind, f"{path} in {other}: {new[:150]!r}", {other: text}, marks)


def drifted(passage: str, draw: random.Random) -> str | None:
    """``passage`` with one word, number, command, path or negation replaced by another of its kind."""
    body = re.sub(r"^\s*(?:[-*]|\d+[.)]) ", lambda mark: " " * len(mark[0]), passage)
    ways = []
    for pattern, new in SWAPS:
        ways += [(match, new) for match in re.finditer(pattern, body)][:2]
    words = [word for word in WORD.finditer(body) if word.group().lower() not in FUNCTION]
    if len(words) < 6:
        return None
    if ways and draw.random() < 0.5:
        match, new = draw.choice(ways)
        new = match.expand(new)
    else:
        match = draw.choice(words)
        old = match.group()
        if old.isdigit():
            new = str(int(old) + draw.choice((1, 5, 10)))
        else:
            others = [word.group() for word in words if word.group().lower() != old.lower() and not word[0].isdigit()]
            new = draw.choice(("staging", "branch", "legacy", "module", *others))
            new = new.capitalize() if old[0].isupper() and not old.isupper() else new.lower() if old.islower() else new
    return passage[: match.start()] + new + passage[match.end() :] if new != match.group() else None


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


KINDS = {
    **{kind: stale(kind) for kind in stale_seeds.KINDS},
    "copy": copied,
    "drift": drifts,
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
    told: Counter[str] = Counter()
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
                    is_found, is_told = repository.finds(defect)
                    told[kind] += is_told
                    if is_found:
                        found[kind] += 1
                    else:
                        missed[kind].append(f"{clone.name}: {defect.said}")
    for kind in KINDS:
        if seeded[kind]:
            share, regular = found[kind] / seeded[kind], told[kind] / seeded[kind]
            print(f"{kind:14} {found[kind]:4} of {seeded[kind]:4}  {share:6.1%}   regular {regular:6.1%}")
    if chosen.missed:
        for kind, items in missed.items():
            for item in items:
                print(f"missed {kind}: {item}")


if __name__ == "__main__":
    main()
