"""One agent's window for one question: everything the collectors find, as segments in the order sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents.catalog import catalogs
from ctxkit.agents.resolve import Resolver
from ctxkit.agents.settings import load_settings
from ctxkit.agents.version import applies, key
from ctxkit.model import Activation, Category, Context, Segment, Tokens, shared_out
from ctxkit.model.audit import AgentAudit
from ctxkit.sources.identity import with_distinct_ids
from ctxkit.sources.rules import Estimate, RuleSegments
from ctxkit.sources.tools import collect_tools, read_definitions
from ctxkit.sources.visibility import hidden_files, listed_files
from ctxkit.tokens.content import content_of
from ctxkit.tokens.families import framing as provider_framing
from ctxkit.tokens.models import Model, find_model

if TYPE_CHECKING:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.sources.counting import PieceCounter
    from ctxkit.sources.worktree import Worktree
    from ctxkit.tokens.cache import CountCache


class Question(Struct, frozen=True):
    """What is asked of every agent: where, on which model (None: its usual one), with which tool definitions."""

    places: Places
    model: str | None
    tools: tuple[str, ...]


def window_of(
    spec: AgentSpec,
    version: str,
    question: Question,
    disk: Disk,
    worktree: Worktree,
    counter: PieceCounter,
    cache: CountCache,
) -> AgentAudit:
    """Everything ``spec`` loads, or may load, in the version asked for.

    Raises UnknownNameError for a model that is not known, ConfigError for broken tool definitions given by the user.
    """
    places = question.places
    model = find_model(question.model or spec.model)
    window = spec.window if spec.window and not question.model else model.window
    names = places.names(spec)
    settings = load_settings(spec, names, disk, version)
    resolver = Resolver(spec, version, places, disk, settings, worktree.paths)
    estimate = estimate_for(model)
    builder = RuleSegments(disk, counter, estimate)
    rules = resolver.rules()
    listed = catalogs(resolver, window)
    framing = builder.framing(rules, listed, places.cwd, model.id)
    hidden = hidden_files(resolver, worktree, cache)
    named = listed_files(resolver, worktree, hidden)
    definitions = read_definitions(disk, question.tools)
    segments = [
        *_fixed(spec, version, estimate, Category.SYSTEM),
        *([builder.names("\n".join(sorted(named)), len(named), spec.file_listings[0].id)] if named else []),
        *(builder.rule(entry) for entry in rules),
        *(builder.listed(entry) for entry in listed),
        *([framing] if framing is not None else []),
        *_fixed(spec, version, estimate, Category.TOOLS),
        *collect_tools(spec, version, model.id, settings, places, disk, definitions, estimate, counter.whole, window),
    ]
    segments += _provider(model, segments)
    distinct = tuple(with_distinct_ids(segments))
    context = Context(spec.id, spec.name, version, model.id, window, distinct, (), _notes(spec, version))
    return AgentAudit(context, hidden, named, frozenset(disk.show(path) for path in places.touched))


def _provider(model: Model, segments: list[Segment]) -> list[Segment]:
    """What the provider adds to a request of its own: framing, and a system prompt where there are tools."""
    known = provider_framing(model.id)
    tools = any(segment.category is Category.TOOLS and segment.loaded for segment in segments)
    n = known.base + known.per_message + (known.tools_auto + known.tools_base if tools else 0)
    tokens = Tokens(n, False, "provider's framing", 0.1)
    if not n:
        return []
    return [
        Segment(
            category=Category.SYSTEM, kind="framing", title="added by the provider", activation=Activation.ALWAYS,
            loaded=True, tokens=tokens, tokens_if_used=tokens, why=f"{known.source}, {known.date}",
            confidence="third-party", id="system:provider",
        )
    ]  # fmt: skip


def estimate_for(model: Model) -> Estimate:
    """What turns o200k counts of a text into counts of ``model``."""
    family = model.tokenizer

    def estimate(n: int, path: str, text: str) -> Tokens:
        return family.tokens(n, content_of(path, text[:4096]))

    return estimate


def _fixed(spec: AgentSpec, version: str, estimate: Estimate, category: Category) -> list[Segment]:
    segments = []
    for part in spec.fixed:
        if part.category != category.value or not applies(part, version):
            continue
        tokens = estimate(part.tokens, "tool.json" if category is Category.TOOLS else "prompt.md", "")
        named = sorted(part.parts.items(), key=lambda item: (-item[1], item[0]))
        other = part.tokens - sum(part.parts.values())
        if named and other > 0:
            named.append(("the rest", other))
        children = tuple(
            Segment(
                category=category, kind="part", title=name, activation=Activation.ALWAYS, loaded=True, tokens=share,
                tokens_if_used=share, confidence=part.confidence.value, id=f"{category}:{part.id}#{name}",
            )
            for (name, _), share in zip(named, shared_out(tokens, [n for _, n in named]), strict=True)
        )  # fmt: skip
        segments.append(
            Segment(
                category=category, kind="built-in", title=part.title, activation=Activation.ALWAYS, loaded=True,
                tokens=tokens, tokens_if_used=tokens, children=children,
                why=f"measured: {part.source}, {part.date}", confidence=part.confidence.value,
                id=f"{category}:{part.id}",
            )
        )  # fmt: skip
    return segments


def _notes(spec: AgentSpec, version: str) -> tuple[str, ...]:
    invisible = [
        f"{source.id.replace('-', ' ')}: {source.note or 'kept in the account, no file shows them'}"
        for source in spec.rules
        if source.invisible and applies(source, version)
    ]
    newer = key(version) > key(spec.latest)
    unknown = [f"Its facts were last checked in version {spec.latest}; {version} may differ."] if newer else []
    return (*unknown, *spec.notes, *invisible)
