"""Sections of a long file that are only about one directory or one language.

What it finds: sections of large files in every request whose paths all lie in one narrow directory, or whose heading
names one language of several, so that the agent could load them only when it works there.

Why it costs: everybody pays for the section in every request, also where the work is elsewhere, and the longer the file
the less of it is followed.

What to do: move the section to a file that the agent loads when it is needed; the tip names what yours offers.

When to ignore it: the section tells people elsewhere how to use that directory.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.agents.load import agent_ids, load_agent
from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.json_schema import words_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits, Tree

ID = "scopeable-section"

_PATH = on_demand(r"(?<![\w./:@-])(?:\./)?(?:[\w.@-]+/)+(?:[\w.@-]*\w)?(?![\w:])")
_SHELL = on_demand(r"[ \t>]*(?:```|~~~)[ \t]*(?:bash|sh|shell|zsh|console|powershell|text)?[ \t]*$")
_ASIDE = frozenset({
    "__tests__", "bin", "contributing", "doc", "docs", "examples", "hack", "scripts", "script", "spec", "test", "tests",
    "tools",
})  # fmt: skip
"""Directories that are used while work is elsewhere, as are those that begin with a dot."""
_PROSE = (".md", ".mdx", ".rst", ".txt", ".adoc")
_GENERAL = frozenset({
    "app", "apps", "build", "code", "commands", "common", "config", "core", "examples", "github", "internal", "lib",
    "main", "packages", "project", "release", "rules", "services", "setup", "shared", "source", "src", "utils",
    "workflows",
})  # fmt: skip
"""Words of directories that say nothing of what is in them, so that a heading with one does not name it."""
_SCRIPTS = ("ts", "tsx", "js", "jsx", "mjs", "cjs", "mts")
_LANGUAGES = {
    "c#": ("cs",), "cpp": ("cpp", "cc", "h", "hpp"), "css": ("css", "scss", "less"), "dart": ("dart",),
    "go": ("go",), "golang": ("go",), "java": ("java",), "javascript": _SCRIPTS, "kotlin": ("kt",),
    "php": ("php",), "python": ("py",), "ruby": ("rb",), "rust": ("rs",), "scala": ("scala",), "sql": ("sql",),
    "svelte": ("svelte",), "swift": ("swift",), "terraform": ("tf",), "typescript": _SCRIPTS,
    "vue": ("vue",),
}  # fmt: skip


_SHOWN = 2


class _Section(NamedTuple):
    """A heading with all that stands under it, in characters."""

    title: str
    level: int
    start: int
    end: int


class _Place(NamedTuple):
    """What a section is about: a glob, words for it, how sure, and what shows it."""

    glob: str
    directory: str
    named: bool
    evidence: str


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each outermost section that is about one place."""
    holders: dict[str, list[str]] = {}
    for agent in evidence.agents:
        for _, document in evidence.at_start(agent):
            holders.setdefault(document.path, []).append(agent.context.agent)
    for path, agents in holders.items():
        document = evidence.documents[path]
        if not path.startswith("~/"):
            yield from _of_file(document, [_offer(agent) for agent in dict.fromkeys(agents)], evidence, limits)


def _of_file(document: Document, offers: Sequence[_Offer], evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    sections = _sections(document)
    starts = sorted({0, *(section.start for section in sections)})
    counts = dict(zip(starts, evidence.count(document.text, starts), strict=True))
    whole = sum(counts.values())
    if whole < limits["some_file"]:
        return
    done = 0
    shares = _shares(evidence) if sections else Counter()
    for section in sections:
        tokens = sum(n for start, n in counts.items() if section.start <= start < section.end)
        if section.start < done or not limits["some_section"] <= tokens <= whole * limits["broad"]:
            continue
        place = _by_path(section, document, evidence, limits) or _by_language(section, shares, limits)
        usable = [
            offer for offer in offers if offer.pattern or (place is not None and place.directory and offer.directory)
        ]
        if place is None or not usable:
            continue
        done = section.end
        loud = place.named and whole >= limits["file"] and tokens >= limits["section"]
        span = document.span(section.start, section.end)
        yield Finding(
            rule=ID,
            severity=Severity.NOTE,
            confidence=Confidence.MEDIUM if place.named else Confidence.LOW,
            persona=Persona.REGULAR if loud else Persona.PEDANTIC if place.named else Persona.AUDITOR,
            message=f"The section {section.title} takes {tokens:,} of the {whole:,} tokens of a file that is in every"
            f" request, and is only about {place.glob}.",
            tip=f"Move it to {_target(place, usable, document.path.rpartition('/')[2])}.",
            at=(Location(document.path, span),),
            key=section.title,
            evidence=(
                place.evidence,
                *(
                    f"{offer.agent} has nothing of the kind and would not load it"
                    for offer in offers
                    if offer not in usable
                ),
            ),
            covers=(Location(document.path, span),),
        )


def _sections(document: Document) -> list[_Section]:
    """Every heading with what stands under it, deeper headings included."""
    found: list[_Section] = []
    end_of: dict[int, int] = {}
    headings = document.outline.headings
    for at in range(len(headings) - 1, -1, -1):
        heading = headings[at]
        end = min((end_of[level] for level in end_of if level <= heading.level), default=len(document.text))
        found.append(_Section(heading.title, heading.level, heading.start, end))
        end_of[heading.level] = heading.start
        for level in [level for level in end_of if level > heading.level]:
            end_of[level] = heading.start
    return found[::-1]


def _by_path(section: _Section, document: Document, evidence: Evidence, limits: Limits) -> _Place | None:
    paths = _paths(document, section, evidence.tree)
    directories = [path if path.endswith("/") else f"{path.rpartition('/')[0]}/" for path in paths]
    if len(paths) < limits["paths"] or "/" in directories:
        return None
    parts = [directory.rstrip("/").split("/") for directory in directories]
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    base = document.path.rpartition("/")[0]
    files = [path for path in evidence.tree.files() if not base or path.startswith(f"{base}/")]
    place = "/".join(shared)
    if not shared or _ASIDE & set(shared) or shared[0].startswith("."):
        return None
    if 2 * sum(path.endswith(_PROSE) for path in paths) > len(paths):
        return None  # an index of what to read
    inside = sum(path.startswith(f"{place}/") for path in files)
    if not inside or inside > limits["broad"] * len(files):
        return None
    title = set(words_of(section.title))
    named = any((words := set(words_of(part)) - _GENERAL) and words <= title for part in shared)
    told = f"{len(paths)} paths, all in {place}/: {', '.join(sorted(paths)[:4])}"
    return _Place(f"{place}/**", place, named, told)


def _paths(document: Document, section: _Section, tree: Tree) -> set[str]:
    """The paths of the repository that the section names, commands left out; directories end in ``/``."""
    skipped = [
        (fence.start, fence.end)
        for fence in document.outline.of("code-fence")
        if section.start <= fence.start < section.end
        and _SHELL().match(document.text[fence.start : fence.end].split("\n", 1)[0])
    ]
    found: set[str] = set()
    for match in _PATH().finditer(document.text, section.start, section.end):
        if any(start <= match.start() < end for start, end in skipped):
            continue
        path = match[0].removeprefix("./")
        if path in tree:
            found.add(path)
        elif tree.is_dir(path.rstrip("/")):
            found.add(f"{path.rstrip('/')}/")
        else:
            ending = tree.ending(path.rstrip("/"))
            if len(ending) == 1:
                found.add(ending[0])
    return found


def _by_language(section: _Section, shares: Counter[str], limits: Limits) -> _Place | None:
    words = section.title.lower().replace("c++", "cpp").split()
    names = [word.strip("():,/`*") for word in words]
    told = [name for name in names if name in _LANGUAGES]
    if len(told) != 1 or len(names) > 4:
        return None
    extensions = _LANGUAGES[told[0]]
    whole = sum(shares.values())
    mine = sum(shares[extension] for extension in extensions)
    if not mine or mine > limits["broad"] * whole:
        return None
    globs = f"**/*.{extensions[0]}" if len(extensions) == 1 else f"**/*.{{{','.join(extensions)}}}"
    return _Place(globs, "", True, f"{mine:,} of {whole:,} source files are {told[0]}")


def _shares(evidence: Evidence) -> Counter[str]:
    """Source files by extension."""
    return Counter(
        entry.path.rpartition(".")[2] for entry in evidence.inventory.entries() if entry.kind == "source"
    )  # fmt: skip


class _Offer(NamedTuple):
    """What an agent offers to load a rule only where it is needed: by pattern and key, by files in directories."""

    agent: str
    pattern: str
    directory: tuple[str, ...]


@cache
def _offer(agent: str) -> _Offer:
    """What the data file of ``agent`` says; texts are empty where it offers nothing."""
    if agent not in agent_ids():
        return _Offer(agent, "", ())
    spec = load_agent(agent)
    pattern = ""
    directory: list[str] = []
    for source in spec.rules:
        if source.base in ("home", "config") or not source.names:
            continue
        if isinstance(source.activation, tuple) and not pattern:
            keys = [case.patterns for case in source.activation if case.then is Activation.GLOB and case.patterns]
            name = source.names[0].replace("**/*", "<name>").replace("*", "<name>")
            pattern = f"{name} with {keys[0]}" if keys else ""
        if source.below is Activation.LAZY_DIR:
            directory += source.names
    return _Offer(spec.name, pattern, tuple(directory))


def _target(place: _Place, offers: Sequence[_Offer], file: str) -> str:
    """Where to move it, for the first agents that offer something."""
    told: dict[str, str] = {}
    for offer in offers:
        if place.directory and offer.directory:
            name = file if file in offer.directory else offer.directory[0]
            told.setdefault(f"{place.directory}/{name}", offer.agent)
        elif offer.pattern:
            told.setdefault(f"{offer.pattern}: {place.glob}", offer.agent)
    return ", or ".join(f"{target} ({agent})" for target, agent in list(told.items())[:_SHOWN])
