"""What is loaded, when and why: the rule files of one agent for one question."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctxkit.agents import charge, groups
from ctxkit.agents.activate import activation_of, cut_note, listing, why
from ctxkit.agents.conditions import all_hold
from ctxkit.agents.disk import slash
from ctxkit.agents.find import Finder
from ctxkit.agents.globs import matcher
from ctxkit.agents.imports import importable, imported_paths
from ctxkit.agents.rule_filter import rejection
from ctxkit.agents.template import fill
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text import frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.find import Found
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Condition, GlobDialect, Imports, Limit, RuleSource, Waiting
    from ctxkit.text.frontmatter import Frontmatter


class Loaded(Struct, frozen=True):
    """A rule file as one agent treats it."""

    source: RuleSource
    """The source that found it; of an imported file that of the file it was found in."""
    directory: str
    """The directory the source found it from."""
    path: str
    """Its absolute path."""
    activation: Activation
    """When it is loaded."""
    loaded: bool
    """Something of it stands in the first request: the text, or else ``listing``."""
    after_touch: bool
    """Its text arrives once the touched files were read, and not before."""
    text: str = ""
    """The whole file, decoded."""
    ranges: tuple[charge.Range, ...] = ()
    """The characters of it that are sent."""
    via: tuple[str, ...] = ()
    """The files that import it, outermost first; empty for one that a source found."""
    why: str = ""
    """The reason, as a report words it."""
    listing: str = ""
    """What stands in the first request for a file whose text does not."""
    again: tuple[str, ...] = ()
    """Files that it and what it imports name again where the agent sends them once, once for each time."""


MAX_IMPORTS = 2_000
"""Imported files of one agent that are followed: files that all import each other would go on for ever."""


class Resolver:
    """Answers for one agent, version and set of places. ``nested``: files of the work tree, relative to it, posix."""

    def __init__(
        self, spec: AgentSpec, version: str, places: Places, disk: Disk, settings: Settings, nested: Sequence[str]
    ) -> None:
        self.spec = spec
        self.version = version
        self.places = places
        self.disk = disk
        self.settings = settings
        self.finder = Finder(spec, places, disk, settings, nested)
        self.names = self.finder.names
        self.touched = self.finder.touched
        self._imported = 0
        self._sent: dict[str, str] = {}

    def rules(self) -> list[Loaded]:
        """Every rule file the agent knows of, in the order in which they are sent."""
        sources = [source for source in self.spec.rules if applies(source, self.version) and not source.invisible]
        found = {source.id: self.finder.find(source) for source in sources}
        visible = self._sources_with_text(sources, found)
        active = [source for source in sources if self.holds(source.when, visible)]
        files = groups.ordered(active, found, self.spec.groups)
        entries = [entry for file in self._below_last(files) for entry in self._load(file)]
        entries = _said_once(groups.unique(entries, self.spec.groups, self.disk.show))
        return groups.within_limits(entries, self.spec.groups, self.allowed)

    def holds(self, conditions: Iterable[Condition], visible: AbstractSet[str] = frozenset()) -> bool:
        """Do all ``conditions`` hold, given the ids of the sources that found something?"""
        return all_hold(conditions, visible, self.settings, self.places)

    def allowed(self, limit: Limit) -> float:
        """What a limit allows, in its own unit, once the settings had their say."""
        characters = self.allowed_characters(limit)
        if characters is not None:
            return characters
        if limit.setting is not None:
            value = self.settings.get(limit.setting, limit.n)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        return limit.n

    def allowed_characters(self, limit: Limit) -> float | None:
        """What the environment allows in place of a limit, in characters; None if it says nothing."""
        value = self.places.env.get(limit.env) if limit.env is not None else None
        return float(value) if value is not None and value.isdigit() else None

    def matching(
        self, patterns: Sequence[str], dialect: GlobDialect, holder: str, touched: Sequence[str] | None = None
    ) -> bool:
        """Does one of the ``touched`` files (all of them by default) match ``patterns``?

        ``holder``: the directory in which the names of the patterns' file are looked up.
        """
        paths = self.touched if touched is None else touched
        if not paths:
            return False
        base = slash({"root": self.names["root"], "cwd": self.places.cwd, "holder": holder}[dialect.base])
        inside = base if dialect.inside is None else slash(self.places.expand(dialect.inside, self.names))
        matches = matcher(patterns, dialect)
        return any(
            matches(path[len(base) :].replace(os.sep, "/"))
            for path in paths
            if path.startswith(base) and path.startswith(inside)
        )

    def _sources_with_text(self, sources: Sequence[RuleSource], found: dict[str, list[Found]]) -> set[str]:
        """Ids of the sources that find a file with visible text at the start, a file counting for the first only."""
        claimed: set[str] = set()
        visible = set()
        for source in sources:
            files = [file for file in found[source.id] if not file.below and file.path not in claimed]
            if any(self._is_visible(file) for file in files):
                visible.add(source.id)
            if not any(condition.absent for condition in source.when) and self.holds(source.when):
                claimed.update(file.path for file in files)
        return visible

    def _is_visible(self, file: Found) -> bool:
        text = self.finder.text(file.path)
        strip = (*file.source.strip, "outer-space")
        return file.source.empty_counts or bool(charge.kept(text, frontmatter.parse(text), strip))

    def _below_last(self, files: Sequence[Found]) -> list[Found]:
        """``files`` in the order sent: those below the base last, of these the ones around a touched file first."""

        def rank(file: Found) -> int:
            return 0 if not file.below else 1 if self._is_around_touched(file) else 2

        return sorted(files, key=rank)

    def _is_around_touched(self, file: Found) -> bool:
        return any(path.startswith(slash(file.directory)) for path in self.touched)

    def _load(self, file: Found) -> list[Loaded]:
        """The entries of a file that was found: its own, and those of what it imports."""
        source = file.source
        if self.disk.read(file.path) is None:
            return []
        if source.text_setting is not None:
            return self._from_setting(file, self.settings.get(source.text_setting))
        text = self.finder.text(file.path)
        front = frontmatter.parse(text, self.spec.frontmatter == "first-lines")
        reason = rejection(file, text, front, self.finder, self.version)
        if reason is None and (twin := self._twin(file.path)) is not None:
            reason = f"the same text was sent as {self.disk.show(twin)}"
        if reason is not None:
            return [Loaded(source, file.directory, file.path, Activation.NEVER, False, False, text, why=reason)]
        dialect = source.globs or self.spec.globs
        activation, patterns = activation_of(source, front, dialect)
        if file.below and source.below is not None and activation in (Activation.ALWAYS, source.activation):
            activation = source.below
        entry = self._charged(file, text, front, activation, self._is_touched(file, activation, patterns, dialect))
        waits = activation is Activation.GLOB and not file.below
        if waits and source.waiting is not None:
            entry = replace(entry, listing=self._waiting_line(file, front, patterns, source.waiting))
        if entry.loaded or entry.after_touch or waits:
            self._mark(file.path)
        if source.imports is None or activation in (Activation.MANUAL, Activation.NEVER):
            return [entry]
        return self._with_imports(entry, file, source.imports)

    def _from_setting(self, file: Found, value: object) -> list[Loaded]:
        """The text that a settings file holds, at its place in that file where it stands there as it is sent."""
        if isinstance(value, list):
            rules = [item.get("rule") if isinstance(item, dict) else item for item in value]
            return [entry for rule in rules if isinstance(rule, str) for entry in self._from_setting(file, rule)]
        if not isinstance(value, str) or not value.strip():
            return []
        text = self.finder.text(file.path)
        start = text.find(value)
        if start < 0:
            text, start = value, 0
        reason = f"{why(Activation.ALWAYS, '')}: {file.source.text_setting}"
        ranges = ((start, start + len(value)),)
        return [
            Loaded(file.source, file.directory, file.path, Activation.ALWAYS, True, False, text, ranges, why=reason)
        ]

    def _is_touched(self, file: Found, activation: Activation, patterns: Sequence[str], dialect: GlobDialect) -> bool:
        """Was a file touched that brings in ``file``?"""
        if activation is Activation.LAZY_DIR:
            return self._is_around_touched(file)
        if activation is not Activation.GLOB:
            return False
        touched: Sequence[str] = self.touched
        if file.below:
            inside = [path for path in touched if path.startswith(slash(file.directory))]
            reached = touched[touched.index(inside[0]) :] if inside else ()
            touched = reached if file.source.reach_out else inside
        return self.matching(patterns, dialect, file.directory, touched)

    def _charged(self, file: Found, text: str, front: Frontmatter, activation: Activation, touched: bool) -> Loaded:
        """The entry of a file, cut to what its source's limits allow."""
        ranges = charge.kept(text, front, file.source.strip)
        note = ""
        for limit in file.source.limits:
            shorter = charge.limited(text, ranges, limit, self.allowed(limit))
            note = note if shorter == ranges else cut_note(limit, self.allowed(limit), bool(shorter))
            ranges = shorter
        is_listed = activation in (Activation.DESCRIBED, Activation.NAMED)
        at_start = is_listed or activation is Activation.ALWAYS
        listed = listing(self.disk.show(file.path), front, activation) if is_listed else ""
        reason = why(activation, self.disk.show(file.directory)) + note
        return Loaded(
            file.source, file.directory, file.path, activation, at_start and bool(ranges or listed),
            touched and not at_start, text, ranges, (), reason, listed,
        )  # fmt: skip

    def _waiting_line(self, file: Found, front: Frontmatter, patterns: Sequence[str], waiting: Waiting) -> str:
        """What stands in the first request for a file that waits; its path is relative to its source's directory."""
        inside = file.path.startswith(slash(self.names["root"]))
        path = os.path.relpath(file.path, file.directory) if inside else file.path
        values = {key: front.text(key) for key in front.values}
        values |= {"path": path.replace(os.sep, "/"), "patterns": ", ".join(patterns)}
        return fill(waiting.template, values)

    def _with_imports(self, entry: Loaded, file: Found, rules: Imports) -> list[Loaded]:
        """``entry`` and what it imports."""
        parent = entry
        if rules.eager and entry.activation is Activation.GLOB:
            parent = self._eager(entry, file)
        apart = rules.once_per_file or not (parent.loaded or parent.after_touch)
        tree = {file.path: 0} if apart else None
        imported = self._imports(parent, entry.text, rules, 1, tree)
        if tree is not None and rules.once_per_file:
            entry = replace(entry, again=tuple(path for path, n in tree.items() for _ in range(n)))
        return [entry, *imported]

    def _eager(self, entry: Loaded, file: Found) -> Loaded:
        """``entry`` as its imports see it: loaded with its directory, though it waits for a matching file itself."""
        if not file.below:
            return replace(entry, loaded=True, after_touch=False, activation=Activation.ALWAYS)
        touched = self._is_around_touched(file)
        return replace(entry, loaded=False, after_touch=touched, activation=Activation.LAZY_DIR)

    def _imports(
        self, parent: Loaded, text: str, rules: Imports, hop: int, tree: dict[str, int] | None
    ) -> list[Loaded]:
        """What ``text`` imports. ``tree``: file → times named again, where each comes once for a rule file."""
        if hop > rules.depth:
            return []
        result: list[Loaded] = []
        first = parent.via[0] if parent.via else parent.path
        for path in imported_paths(parent.path, text, rules, self.finder):
            if self._imported >= MAX_IMPORTS:
                self.disk.skip(parent.path, f"more than {MAX_IMPORTS:,} imports", "the rest is not followed")
                break
            if tree is not None and path in tree:
                tree[path] += 1
                continue
            if path in (parent.path, *parent.via) or not importable(path, first, parent.source, rules, self.finder):
                continue
            if (tree is None and self._twin(path) is not None) or self.finder.excluded(path, parent.source.id):
                continue
            content = self.finder.text(path)
            front = frontmatter.parse(content)
            ranges = charge.kept(content, front, parent.source.strip)
            if not any(content[start:end].strip() for start, end in ranges):
                continue
            entry = replace(
                parent, path=path, text=content, ranges=ranges, via=(*parent.via, parent.path), listing="",
                why=f"imported by {self.disk.show(parent.path)}",
            )  # fmt: skip
            if rules.patterns is not None and front.strings(rules.patterns):
                entry = self._imported_late(entry, front.strings(rules.patterns))
            if entry.loaded or entry.after_touch:
                self._mark(path)
            if tree is not None:
                tree[path] = 0
            self._imported += 1
            result.append(entry)
            result.extend(self._imports(entry, content, rules, hop + 1, tree))
        return result

    def _imported_late(self, entry: Loaded, patterns: Sequence[str]) -> Loaded:
        """``entry``, as it was imported, where it waits for a file that matches ``patterns``."""
        arrives = entry.loaded or entry.after_touch
        touched = arrives and self.matching(patterns, entry.source.globs or self.spec.globs, entry.directory)
        reason = f"{entry.why}; {why(Activation.GLOB, '')}"
        return replace(entry, activation=Activation.GLOB, loaded=False, after_touch=touched, why=reason)

    def _mark(self, path: str) -> None:
        """Keep in mind that ``path`` is sent."""
        if self.spec.dedupe != "none":
            self._sent.setdefault(self._identity(path), path)

    def _twin(self, path: str) -> str | None:
        """The file that is sent already and that the agent takes for the same as ``path``; None if there is none."""
        return None if self.spec.dedupe == "none" else self._sent.get(self._identity(path))

    def _identity(self, path: str) -> str:
        return path.lower() if self.spec.dedupe == "name-case" else self.disk.real(path)


def _said_once(entries: list[Loaded]) -> list[Loaded]:
    """Leave out what says of a file that it is not sent, where another entry says so too, or that it is."""
    loaded = {entry.path for entry in entries if entry.activation is not Activation.NEVER}
    unsent: set[str] = set()
    result = []
    for entry in entries:
        if entry.activation is Activation.NEVER and entry.path in loaded:
            continue
        if entry.activation in (Activation.NEVER, Activation.MANUAL):
            if entry.path in unsent:
                continue
            unsent.add(entry.path)
        result.append(entry)
    return result
