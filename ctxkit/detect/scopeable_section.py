"""Sections of a long file that are only about one place.

What it finds: sections of large files in every request whose heading names one narrow directory or file and that name
no path outside of it, whose paths all lie in one such directory, or whose heading names one language of several, where
an agent that loads the file could load them only when it works there.

Why it costs: everybody pays for the section in every request, also where the work is elsewhere, and the longer the file
the less of it is followed.

What to do: move the section to a file that the agent loads when it is needed; the tip names what yours offers.

When to ignore it: the section tells people elsewhere how to use that place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import accumulate
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
    if not sections or not any(offer.pattern or offer.directory for offer in offers):
        return
    starts = sorted({0, *(section.start for section in sections)})
    before = [0, *accumulate(evidence.count(document.text, starts))]
    whole = before[-1]
    if whole < limits["some_file"]:
        return
    named = _Named(document, evidence.tree)
    shares = _shares(evidence)
    done = 0
    for section in sections:
        tokens = before[bisect_left(starts, section.end)] - before[bisect_left(starts, section.start)]
        if section.start < done or not limits["some_section"] <= tokens <= whole * limits["most"]:
            continue
        place = (
            _by_title(section, document.text, named, limits)
            or _by_path(section, named, limits)
            or _by_language(section, shares, limits)
        )
        if place is None:
            continue
        usable = [offer for offer in offers if offer.pattern or (place.directory and offer.directory)]
        if usable:
            done = section.end
            yield _finding(document, section, place, (tokens, whole), (usable, offers), limits)


def _finding(
    document: Document,
    section: _Section,
    place: _Place,
    tokens: tuple[int, int],
    offers: tuple[Sequence[_Offer], Sequence[_Offer]],
    limits: Limits,
) -> Finding:
    """``tokens``: of the section and of the file; ``offers``: those that help, and of all agents that load the file."""
    (mine, whole), (usable, every) = tokens, offers
    # That a section is about one language its heading says; that it is about nothing else, nobody.
    loud = place.named and not place.glob.startswith("**/") and whole >= limits["file"] and mine >= limits["section"]
    here = Location(document.path, document.span(section.start, section.end))
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM if place.named else Confidence.LOW,
        persona=Persona.REGULAR if loud else Persona.PEDANTIC if place.named else Persona.AUDITOR,
        message=f"The section {section.title} takes {mine:,} of the {whole:,} tokens (o200k_base) of a file that is in"
        f" every request, and is only about {place.glob}.",
        tip=f"Move it to {_target(place, usable, document.path.rpartition('/')[2])}.",
        at=(here,),
        key=section.title,
        evidence=(
            place.evidence,
            f"Moved, the same {mine:,} tokens are paid only in sessions that touch {place.glob}",
            *(
                f"{offer.name} has nothing of the kind: it would have to read the moved text itself"
                for offer in every
                if offer not in usable
            ),
        ),
        # An agent that cannot load it later has no use for the move, so its tokens are no waste.
        covers=tuple(replace(here, agent=offer.agent) for offer in usable) if place.named else (),
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


class _Named:
    """The paths of the repository that a document names, by where it names them; commands left out."""

    def __init__(self, document: Document, tree: Tree) -> None:
        base = document.path.rpartition("/")[0]
        self._files = [path for path in tree.files() if not base or path.startswith(f"{base}/")]
        self._at: list[int] = []
        self._paths: list[str] = []
        known: dict[str, str] = {}
        text = document.text
        shells = [
            (fence.start, fence.end)
            for fence in document.outline.of("code-fence")
            if _SHELL().match(text[fence.start : text.find("\n", fence.start) + 1].rstrip())
        ]
        fence = 0
        for match in _PATH().finditer(text):
            while fence < len(shells) and shells[fence][1] <= match.start():
                fence += 1
            if fence < len(shells) and shells[fence][0] <= match.start():
                continue
            path = match[0].removeprefix("./")
            if path not in known:
                known[path] = _found(path, tree)
            if known[path]:
                self._at.append(match.start())
                self._paths.append(known[path])

    def within(self, section: _Section) -> set[str]:
        """Those in ``section``; directories end in ``/``."""
        return set(self._paths[bisect_left(self._at, section.start) : bisect_left(self._at, section.end)])

    def share(self, directory: str) -> float:
        """The share of the files, of those that the document can be about, that lie in ``directory``."""
        first = bisect_left(self._files, f"{directory}/")
        return (bisect_left(self._files, f"{directory}0") - first) / max(1, len(self._files))


def _found(path: str, tree: Tree) -> str:
    """The file or directory that ``path`` names; empty where there is none, or more than one."""
    if path in tree:
        return path
    if tree.is_dir(path.rstrip("/")):
        return f"{path.rstrip('/')}/"
    ending = tree.ending(path.rstrip("/"))
    return ending[0] if len(ending) == 1 else ""


def _by_title(section: _Section, text: str, named: _Named, limits: Limits) -> _Place | None:
    """The one directory or file whose path stands in the heading, where the section names nothing outside of it."""
    following = text.find("\n", section.start)
    titled = named.within(section._replace(end=following if following >= 0 else len(text)))
    if len(titled) != 1:
        return None
    path = next(iter(titled))
    place = path.rstrip("/") if path.endswith("/") else path.rpartition("/")[0]
    if not place or path.endswith(_PROSE) or _is_aside(place.split("/")):
        return None
    if path.endswith("/") and named.share(place) > limits["broad"]:
        return None
    around = {place[:at] for at, char in enumerate(f"{place}/") if char == "/"}
    if not all(f"{one}/".startswith(f"{place}/") or one.rstrip("/") in around for one in named.within(section)):
        return None
    glob, directory = (f"{place}/**", place) if path.endswith("/") else (path, "")
    return _Place(glob, directory, True, f"Its heading names {path}, and no path that the section names lies elsewhere")


def _by_path(section: _Section, named: _Named, limits: Limits) -> _Place | None:
    paths = named.within(section)
    directories = [path if path.endswith("/") else f"{path.rpartition('/')[0]}/" for path in paths]
    if len(paths) < limits["paths"] or "/" in directories:
        return None
    shared = []
    for level in zip(*(directory.rstrip("/").split("/") for directory in directories), strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    if not shared or _is_aside(shared):
        return None
    if 2 * sum(path.endswith(_PROSE) for path in paths) > len(paths):
        return None  # an index of what to read
    place = "/".join(shared)
    if not 0 < named.share(place) <= limits["broad"]:
        return None
    title = set(words_of(section.title))
    told = any((words := set(words_of(part)) - _GENERAL) and words <= title for part in shared)
    shown = f"{len(paths)} paths, all in {place}/: {', '.join(sorted(paths)[:4])}"
    return _Place(f"{place}/**", place, told, shown)


def _is_aside(parts: Sequence[str]) -> bool:
    return bool(_ASIDE & set(parts)) or parts[0].startswith(".")


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
    name: str
    pattern: str
    directory: tuple[str, ...]


@cache
def _offer(agent: str) -> _Offer:
    """What the data file of ``agent`` says; texts are empty where it offers nothing."""
    if agent not in agent_ids():
        return _Offer(agent, agent, "", ())
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
    return _Offer(agent, spec.name, pattern, tuple(directory))


def _target(place: _Place, offers: Sequence[_Offer], file: str) -> str:
    """Where to move it, for the first agents that offer something."""
    told: dict[str, str] = {}
    for offer in offers:
        if place.directory and offer.directory:
            name = file if file in offer.directory else offer.directory[0]
            told.setdefault(f"{place.directory}/{name}", offer.name)
        elif offer.pattern:
            told.setdefault(f"{offer.pattern}: {place.glob}", offer.name)
    return ", or ".join(f"{target} ({agent})" for target, agent in list(told.items())[:_SHOWN])
