"""An ignore file that agents do not read.

What it finds: files such as .claudeignore at the root of the repository that no agent honours, and ignore files that
none of the agents set up here honour, so that what they list stays within reach.

Why it costs: nothing is kept away, though it looks as if it were. A file of secrets that such a file lists is read into
the window, and so sent to the provider, at the first careless search.

What to do: put the lines where the agent looks: in its own ignore file, or in its settings where it has none. What must
never be read should not lie in the working directory at all.

When to ignore it: a hook, a wrapper or a packaging script of yours reads the file, or it is there for an agent that
only some people use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.agents.load import all_agents, index, load_agent
from ctxkit.agents.protection import honoured, in_the_repository, means, project_files
from ctxkit.agents.version import applies
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.config import parse_config
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.agents.spec import AgentSpec
    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.config import Format

ID = "unread-ignore-file"

_NAME = on_demand(r"\.[A-Za-z][\w-]{0,40}ignore|\.aiexclude")
_RIPGREP = ".ignore"
"""Many tools read this one, the search of most agents among them."""
_GENERIC = frozenset(("agent", "ai", "cli", "code", "mini", "swe", "vscode"))
"""Parts of names of agents that name no agent."""
_SECRET = on_demand(
    r"(?i)(?:^|/)\.(?:env|envrc|netrc|npmrc|pypirc|aws|ssh|gnupg|htpasswd|secrets?)(?:$|[.*/])"
    r"|\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|tfstate|tfvars)\b|id_(?:rsa|ed25519|ecdsa|dsa)|credential|secret"
    r"|service[-_]?account|private[-_]?key"
)
_HARMLESS = on_demand(r"(?i)example|sample|template|\.dist\b|\.test\b|encrypted|\.pub$")
_PACKING = on_demand(r"(?im)^[ \t]*#[^\n]{0,200}\b(?:packag(?:ed|ing)|publish(?:ed|ing)|scanner)\b")
"""Comments of a file that is there for what a plugin is published with, and keeps nothing from anybody."""
_HEARSAY = ("unverified", "third-party")
_SCRIPTS = (".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb")
_SHOWN = 3


class _Line(NamedTuple):
    """A line that hides something: its text, and where it stands (characters)."""

    text: str
    start: int
    end: int


class _Reach(NamedTuple):
    """``agents``: those set up here. ``open``: those of them that ``lines`` are kept from by nothing else."""

    agents: tuple[AgentSpec, ...]
    open: tuple[AgentSpec, ...]
    lines: tuple[_Line, ...]


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each such file at the root."""
    files = [evidence.extra[path] for path in sorted(evidence.extra) if _NAME().fullmatch(path) and path != _RIPGREP]
    for document in files:
        lines = list(_lines(document.text))
        if lines and not _has_reader_of_its_own(document.path, evidence):
            finding = _judged(document, lines, evidence)
            if finding is not None:
                yield finding


def _judged(document: Document, lines: Sequence[_Line], evidence: Evidence) -> Finding | None:
    listed = [
        (spec, name) for spec in all_agents().values() for name in spec.ignore.files if name.name == document.path
    ]
    readers = [spec for spec, name in listed if name in honoured(spec, spec.latest)]
    secrets = [line for line in lines if _SECRET().search(line.text) and not _HARMLESS().search(line.text)]
    audited = {agent.context.agent for agent in evidence.agents}
    if readers and audited <= {spec.id for spec in readers}:
        return None
    reach = _reach(secrets or lines, readers, audited, evidence)
    if readers:
        return _of_others(document, secrets, readers, reach, evidence)
    dead = [(spec, name) for spec, name in listed if not name.enforced and applies(name, spec.latest)]
    named = [spec for spec, _ in dead] or _named_after(document.path)
    if not named or (listed and not dead):
        return None
    packed = evidence.tree.ending(f"{document.path.removesuffix('ignore')}-plugin/")
    doubtful = bool(packed or _PACKING().search(document.text)) or any(
        name.confidence.value in _HEARSAY for _, name in dead
    )
    return _of_nobody(document, secrets or lines, named, reach, leaks=bool(secrets and reach.open), doubtful=doubtful)


def _of_nobody(
    document: Document,
    lines: Sequence[_Line],
    named: Sequence[AgentSpec],
    reach: _Reach,
    *,
    leaks: bool,
    doubtful: bool,
) -> Finding:
    """About a file that no agent reads. ``lines``: those about secrets, or all. ``doubtful``: something else may."""
    shown = reach.lines or lines
    return Finding(
        rule=ID,
        severity=Severity.ERROR if leaks else Severity.WARNING,
        confidence=Confidence.MEDIUM if doubtful else Confidence.HIGH,
        persona=Persona.AUDITOR if doubtful else Persona.REGULAR,
        message=f"No agent reads {document.path}: {_words(shown)}, which it lists, "
        f"{'stay' if len(shown) > 1 else 'stays'} within reach.",
        tip=_tip(document.path, shown, reach.open if leaks else named, leaks),
        at=(_place(document, shown[0]),),
        key=document.path,
        evidence=(
            *(_fact(spec, document.path) for spec in named),
            *_open(reach.open if leaks else (), reach.lines),
        ),
    )


def _of_others(
    document: Document,
    secrets: Sequence[_Line],
    readers: Sequence[AgentSpec],
    reach: _Reach,
    evidence: Evidence,
) -> Finding | None:
    """About a file that some agent reads, and others that are set up here do not."""
    if not reach.open:
        return None
    here = [spec for spec in readers if spec in reach.agents or _reads_a_rule_file(spec, evidence)]
    if here and not secrets:
        return None
    lines = reach.lines
    helped = any(means(spec, spec.latest) is not None for spec in reach.open)
    regular = bool(secrets) and not here and helped
    who = _names(spec.name for spec in here or readers)
    others = _names(spec.name for spec in reach.open)
    rest = "which is set up here" if len(reach.open) == 1 else "which are set up here"
    return Finding(
        rule=ID,
        severity=Severity.WARNING if regular else Severity.NOTE,
        confidence=Confidence.HIGH if not here else Confidence.MEDIUM,
        persona=Persona.REGULAR if regular else Persona.PEDANTIC,
        message=f"{document.path} keeps {_words(lines)} from {who} alone, not from {others}, {rest}.",
        tip=_tip(document.path, lines, reach.open, bool(secrets)),
        at=(_place(document, lines[0]),),
        key=document.path,
        evidence=tuple(_fact(spec, document.path) for spec in reach.open),
    )


def _reach(
    lines: Sequence[_Line],
    readers: Sequence[AgentSpec],
    audited: set[str],
    evidence: Evidence,
) -> _Reach:
    known = all_agents()
    here = tuple(
        known[entry.id]
        for entry in index()
        if (entry.id in audited and not _only_by_ignore_file(entry.traces, evidence)) or _traced(entry.traces, evidence)
    )
    left = {spec.id: _uncovered(spec, lines, evidence) for spec in here if spec not in readers}
    bare = {line for lines in left.values() for line in lines}
    return _Reach(here, tuple(spec for spec in here if left.get(spec.id)), tuple(filter(bare.__contains__, lines)))


def _traced(traces: Sequence[str], evidence: Evidence) -> bool:
    """Is there a file of an agent that is no ignore file? ``traces``: globs, whose wildcards stand at their ends."""
    return any(_is_there(trace, evidence) for trace in traces if not trace.endswith("ignore"))


def _only_by_ignore_file(traces: Sequence[str], evidence: Evidence) -> bool:
    """Is an ignore file all that there is of an agent?"""
    return not _traced(traces, evidence) and any(_is_there(trace, evidence) for trace in traces)


def _is_there(trace: str, evidence: Evidence) -> bool:
    head = trace.split("/**", 1)[0]
    return head in evidence.tree or (head != trace and evidence.tree.is_dir(head))


def _reads_a_rule_file(spec: AgentSpec, evidence: Evidence) -> bool:
    names = next((entry.root_rules for entry in index() if entry.id == spec.id), ())
    return any(name in evidence.tree for name in names)


def _uncovered(spec: AgentSpec, lines: Sequence[_Line], evidence: Evidence) -> list[_Line]:
    """Those of ``lines`` that are kept from ``spec`` in no other way either."""
    kept = {_bare(line) for line in _kept(spec, evidence)}
    git = "read" in spec.ignore.gitignore
    return [
        line for line in lines if _bare(line.text) not in kept and not (git and evidence.tree.ignored(_bare(line.text)))
    ]


def _kept(spec: AgentSpec, evidence: Evidence) -> Iterator[str]:
    """Lines in ``.gitignore`` syntax that count for ``spec`` in this repository."""
    for name in honoured(spec, spec.latest):
        document = evidence.extra.get(name.name)
        if document is not None:
            yield from (line.text for line in _lines(document.text))
    for rule in spec.ignore.deny:
        pattern = on_demand(rule.match)()
        for file in spec.settings:
            document = evidence.extra.get(in_the_repository(file.path))
            for value in _strings(document, file.format, rule.setting) if document is not None else ():
                match = pattern.match(value)
                if match is not None:
                    yield match[1]


def _strings(document: Document, form: Format, dotted: str) -> list[str]:
    """The texts in the list that a setting holds."""
    value: object = parse_config(document.data, form, document.path)
    for step in dotted.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _bare(line: str) -> str:
    """A line without what makes no difference for a name at the root."""
    return line.removeprefix("./").removeprefix("**/").strip("/").removesuffix("/**").removesuffix("/*")


def _has_reader_of_its_own(path: str, evidence: Evidence) -> bool:
    """Does a settings file or a script that hooks run speak of the file?"""
    word = path.lstrip(".")
    known = {name for agent in evidence.agents for name in project_files(load_agent(agent.context.agent))}
    others = (one for name, one in evidence.extra.items() if name in known or name.endswith(_SCRIPTS))
    return any(word in document.text or f"{word.removesuffix('ignore')}-ignore" in document.text for document in others)


def _named_after(path: str) -> list[AgentSpec]:
    """The agents that a file is named after and that are known to read no such file."""
    word = path.lstrip(".").removesuffix("ignore").strip("-_").lower()
    return [
        spec
        for spec in all_agents().values()
        if word in {spec.id, spec.id.replace("-", ""), *spec.id.split("-")} - _GENERIC and _is_known(spec)
    ]


def _is_known(spec: AgentSpec) -> bool:
    """Is it known from its makers or from trying what keeps files from ``spec``?"""
    told = any(name.confidence.value not in _HEARSAY for name in spec.ignore.files)
    return told or bool(spec.ignore.note or spec.ignore.gitignore)


def _lines(text: str) -> Iterator[_Line]:
    """What is not blank, no comment, and does not take something out again; each once."""
    at = 0
    told: set[str] = set()
    for raw in text.split("\n"):
        line = raw.strip()
        if line and line not in told and not line.startswith(("#", "!")):
            told.add(line)
            yield _Line(line, at + raw.index(line), at + raw.index(line) + len(line))
        at += len(raw) + 1


def _place(document: Document, line: _Line) -> Location:
    return Location(document.path, document.span(line.start, line.end))


def _fact(spec: AgentSpec, path: str) -> str:
    own = [name.name for name in honoured(spec, spec.latest)]
    said = next((name.evidence for name in spec.ignore.files if name.name == path and not name.enforced), "")
    note = f"{' and '.join(own)} {'are' if len(own) > 1 else 'is'} what it reads" if own else spec.ignore.note
    note = (note or "it reads no ignore file").rstrip(".")
    return f"{spec.name} (checked in {spec.latest}): {note}{f'; {path}: {said}' if said else ''}."


def _open(specs: Sequence[AgentSpec], secrets: Sequence[_Line]) -> Iterator[str]:
    if specs and secrets:
        yield f"No file that {_names(spec.name for spec in specs)} would read here lists {_words(secrets)}."


def _tip(path: str, lines: Sequence[_Line], specs: Sequence[AgentSpec], secret: bool) -> str:
    said: dict[str, None] = {}
    without = []
    for spec in specs:
        way = means(spec, spec.latest)
        entries = ", ".join(way.entry(line.text) for line in lines[:_SHOWN]) if way is not None else ""
        more = " and so on" if len(lines) > _SHOWN else ""
        if way is not None and way.setting:
            said[f"for {spec.name} put {entries}{more} into {way.setting} of {way.file}"] = None
        elif way is not None and way.file != path:
            said[f"for {spec.name} put {entries}{more} into {way.file}"] = None
        else:
            without.append(spec.name)
    if without:
        do = "keep secrets out of the directory it works in" if secret else f"remove {path} if it was meant for it"
        do = do.replace(" it ", " they ").replace("works", "work").replace("for it", "for them") if without[1:] else do
        said[f"{_names(iter(without))} {'have' if without[1:] else 'has'} no file for this: {do}"] = None
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _words(lines: Sequence[_Line]) -> str:
    told = ", ".join(line.text[:60] for line in lines[:_SHOWN])
    return f"{told} and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else told


def _names(names: Iterator[str]) -> str:
    told = list(names)
    return f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
