"""What is loaded, when and why: the rule files of one agent for one question."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctxkit.agents import charge
from ctxkit.agents.activate import activation_of, cut_note, holds, listing, why
from ctxkit.agents.barred import barred
from ctxkit.agents.conditions import all_hold
from ctxkit.agents.distinct import distinct
from ctxkit.agents.find import Finder, Found, slash
from ctxkit.agents.globs import matcher
from ctxkit.agents.importable import importable, target_of
from ctxkit.agents.imports import references
from ctxkit.agents.template import fill
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text import frontmatter, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Condition, GlobDialect, Imports, Limit, LinkGuard, RuleSource, Waiting
    from ctxkit.text.frontmatter import Frontmatter


class Loaded(Struct, frozen=True):
    """A rule file as one agent treats it.

    ``path`` is absolute. ``text`` is the decoded file, ``ranges`` the characters of it that are sent. ``via`` holds the
    importing files, outermost first. ``listing`` is what stands in the first request for a file whose body does not.
    ``again``: the files that it and what it imports name again where the agent sends them once, once for each time.
    """

    source: RuleSource
    directory: str
    path: str
    activation: Activation
    loaded: bool
    after_touch: bool
    text: str = ""
    ranges: tuple[charge.Range, ...] = ()
    via: tuple[str, ...] = ()
    why: str = ""
    listing: str = ""
    again: tuple[str, ...] = ()


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
        self._sent: dict[str, str] = {}
        self._in_group: dict[tuple[str, str], str] = {}

    def rules(self) -> list[Loaded]:
        """Every rule file the agent knows of, in the order in which they are sent."""
        sources = [source for source in self.spec.rules if applies(source, self.version) and not source.invisible]
        found = {source.id: self.finder.find(source) for source in sources}
        visible = self._sources_with_text(sources, found)
        active = [source for source in sources if self.holds(source.when, visible)]
        active = self._first_of_groups(active, visible)
        result: list[Loaded] = []
        for file in self._ordered(active, found):
            result.extend(self._load(file))
        return self._capped(_once(distinct(result, self.spec.groups)))

    def _sources_with_text(self, sources: Sequence[RuleSource], found: dict[str, list[Found]]) -> set[str]:
        """Ids of the sources that find a file with visible text at the start, a file counting for the first only."""
        claimed: set[str] = set()
        visible = set()
        for source in sources:
            files = [file for file in found[source.id] if not file.below and file.path not in claimed]
            if any(self._visible(file) for file in files):
                visible.add(source.id)
            settled = not any(condition.absent or condition.present for condition in source.when)
            if settled and self.holds(source.when, set()):
                claimed.update(file.path for file in files)
        return visible

    def holds(self, conditions: Iterable[Condition], visible: set[str]) -> bool:
        """Do all ``conditions`` hold, given the ids of the sources that found something?"""
        return all_hold(conditions, visible, self.settings, self.places)

    def _visible(self, file: Found) -> bool:
        if file.source.blank:
            return True
        text = self.finder.text(file.path)
        front = frontmatter.parse(text)
        ranges = charge.kept(text, markdown.outline(text), front, file.source.strip, True)
        return any(text[start:end].strip() for start, end in ranges)

    def _first_of_groups(self, active: list[RuleSource], visible: set[str]) -> list[RuleSource]:
        taken: dict[str, str] = {}
        result = []
        for source in active:
            group = self.spec.groups.get(source.group or "")
            if group is not None and group.pick == "first":
                if source.id in visible:
                    taken.setdefault(source.group or "", source.id)
                if taken.get(source.group or "", source.id) != source.id:
                    continue
            result.append(source)
        return result

    def _ordered(self, active: list[RuleSource], found: dict[str, list[Found]]) -> list[Found]:
        start: list[Found] = []
        later: list[Found] = []
        placed: set[str] = set()
        for source in active:
            group = source.group or ""
            if group in placed:
                continue
            if group and group in self.spec.groups and self.spec.groups[group].order == "directory":
                placed.add(group)
                members = [s for s in active if s.group == group]
                files = [file for member in members for file in found[member.id]]
                order = {id(member): i for i, member in enumerate(members)}
                files.sort(key=lambda f: (f.below, f.directory.count(os.sep), f.directory, order[id(f.source)]))
            else:
                files = found[source.id]
            start.extend(file for file in files if not file.below)
            later.extend(file for file in files if file.below)
        later.sort(key=lambda file: not any(path.startswith(slash(file.directory)) for path in self.touched))
        return start + later

    def _load(self, file: Found) -> list[Loaded]:
        source = file.source
        if self.disk.read(file.path) is None or not self._first_below(file):
            return []
        if source.text_setting is not None:
            return self._from_setting(file, self.settings.get(source.text_setting))
        text = self.finder.text(file.path)
        front = frontmatter.parse(text, self.spec.frontmatter == "first-lines")
        if any(holds(test, front) for test in source.skip_if):
            return [self._not_loaded(file, "its frontmatter switches it off")]
        dialect = source.globs or self.spec.globs
        bar = barred(file, text, front, self.finder)
        if bar is not None:
            return [self._not_loaded(file, bar)]
        activation, patterns = activation_of(source, front, dialect)
        if file.below and source.below is not None and activation in (Activation.ALWAYS, source.activation):
            activation = source.below
        touched = self._is_touched(file, activation, patterns, dialect)
        if source.links is not None and self._leads_out(file, source.links):
            return [self._not_loaded(file, "a link that leads out of the project")]
        twin = self._twin(file.path)
        if twin is not None:
            return [self._not_loaded(file, f"the same text was sent as {self.disk.show(twin)}")]
        loaded = activation in (Activation.ALWAYS, Activation.DESCRIBED, Activation.NAMED)
        twin = self._equal(file, text) if activation is Activation.ALWAYS else None
        if twin is not None:
            return [self._not_loaded(file, f"the same text was sent as {self.disk.show(twin)}")]
        entry = self._charged(file, text, front, activation, loaded, touched)
        if activation is Activation.GLOB and source.waiting is not None and not file.below:
            entry = replace(entry, listing=self._waiting(file, front, patterns, source.waiting))
        if entry.loaded or entry.after_touch or (activation is Activation.GLOB and not file.below):
            self._mark(file.path)
        imported: list[Loaded] = []
        if source.imports is not None and activation not in (Activation.MANUAL, Activation.NEVER):
            parent = self._eager(entry, file) if source.imports.eager and activation is Activation.GLOB else entry
            apart = source.imports.once or not (parent.loaded or parent.after_touch)
            tree = {file.path: 0} if apart else None
            imported = self._imports(parent, text, source.imports, 1, tree)
            if tree is not None and source.imports.once:
                entry = replace(entry, again=tuple(path for path, n in tree.items() for _ in range(n)))
        return [entry, *imported]

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
        name = f"{why(Activation.ALWAYS, '')}: {file.source.text_setting}"
        ranges = ((start, start + len(value)),)
        return [Loaded(file.source, file.directory, file.path, Activation.ALWAYS, True, False, text, ranges, why=name)]

    def _first_below(self, file: Found) -> bool:
        """In a group that sends a text once, a file below the base counts for the outermost directory that finds it."""
        group = self.spec.groups.get(file.source.group or "")
        if group is None or not group.once or not file.below:
            return True
        return self._in_group.setdefault((file.source.group or "", file.path), file.directory) == file.directory

    def _equal(self, file: Found, text: str) -> str | None:
        """The file of the same group that was sent with this text, where the group sends it once."""
        group = self.spec.groups.get(file.source.group or "")
        if group is None or not group.once:
            return None
        first = self._in_group.setdefault((file.source.group or "", "text " + text.strip()), file.path)
        return None if first == file.path else first

    def _waiting(self, file: Found, front: Frontmatter, patterns: Sequence[str], waiting: Waiting) -> str:
        inside = file.path.startswith(slash(self.names["root"]))
        path = os.path.relpath(file.path, file.directory) if inside else file.path
        values = {key: front.text(key) for key in front.values}
        values |= {"path": path.replace(os.sep, "/"), "patterns": ", ".join(patterns)}
        return fill(waiting.template, values)

    def _eager(self, entry: Loaded, file: Found) -> Loaded:
        """``entry`` as its imports see it: loaded with its directory, though it waits for a matching file itself."""
        if not file.below:
            return replace(entry, loaded=True, after_touch=False, activation=Activation.ALWAYS)
        touched = self._is_touched(file, Activation.LAZY_DIR, (), self.spec.globs)
        return replace(entry, loaded=False, after_touch=touched, activation=Activation.LAZY_DIR)

    def _charged(
        self, file: Found, text: str, front: Frontmatter, activation: Activation, loaded: bool, touched: bool
    ) -> Loaded:
        source = file.source
        ranges = charge.kept(text, markdown.outline(text), front, source.strip, source.trim)
        note = ""
        for limit in (source.line_limit, source.limit):
            if limit is not None and not (source.group and source.group in self.spec.groups and limit is None):
                shorter = charge.limited(text, ranges, limit, self.allowed(limit))
                note = note if shorter == ranges else cut_note(limit, self.allowed(limit), bool(shorter))
                ranges = shorter
        listed = ""
        if activation in (Activation.DESCRIBED, Activation.NAMED):
            listed = listing(self.disk.show(file.path), front, activation)
        sentence = why(activation, self.disk.show(file.directory)) + note
        return Loaded(
            source, file.directory, file.path, activation, loaded and (bool(ranges) or bool(listed)),
            touched and not loaded, text, ranges, (), sentence, listed,
        )  # fmt: skip

    def allowed(self, limit: Limit) -> float:
        """What a limit allows, in its own unit, once the settings had their say."""
        if limit.env is not None and (self.places.env.get(limit.env) or "").isdigit():
            return float(self.places.env[limit.env])
        if limit.setting is not None:
            value = self.settings.get(limit.setting, limit.n)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        return limit.n

    def _is_touched(self, file: Found, activation: Activation, patterns: Sequence[str], dialect: GlobDialect) -> bool:
        touched = [t for t in self.touched if self._counts(t, file.source.touch_inside)]
        if file.below:
            inside = [t for t in touched if t.startswith(slash(file.directory))]
            later = touched[touched.index(inside[0]) :] if inside else []
            touched = later if file.source.reach_out and activation is Activation.GLOB else inside
        if activation is Activation.LAZY_DIR:
            return any(t.startswith(slash(file.directory)) for t in touched)
        if activation is not Activation.GLOB:
            return False
        base = {"root": self.names["root"], "cwd": self.places.cwd, "holder": file.directory}[dialect.base]
        return self.matching(patterns, dialect, base, touched)

    def matching(
        self, patterns: Sequence[str], dialect: GlobDialect, base: str, touched: Sequence[str] | None = None
    ) -> bool:
        """Does one of the ``touched`` files (all of them by default) match ``patterns``, relative to ``base``?"""
        matches = matcher(patterns, dialect)
        return any(
            matches(path[len(slash(base)) :].replace(os.sep, "/"))
            for path in (self.touched if touched is None else touched)
            if path.startswith(slash(base)) and self._counts(path, dialect.inside)
        )

    def _counts(self, path: str, inside: str | None) -> bool:
        return inside is None or path.startswith(slash(self.places.expand(inside, self.names)))

    def _leads_out(self, file: Found, guard: LinkGuard) -> bool:
        if not applies(guard, self.version) or (guard.approval and self.settings.get(guard.approval) is True):
            return False
        real = os.path.realpath(file.path)
        if real == os.path.join(os.path.realpath(file.directory), os.path.relpath(file.path, file.directory)):
            return False
        return not real.startswith(slash(os.path.realpath(self.places.expand(guard.inside, self.names))))

    def _not_loaded(self, file: Found, why: str) -> Loaded:
        return Loaded(file.source, file.directory, file.path, Activation.NEVER, False, False, why=why)

    def _identity(self, path: str) -> str:
        if self.spec.dedupe == "content":
            return self.finder.text(path).strip()
        if self.spec.dedupe == "name-case":
            return path.lower()
        return os.path.realpath(path)

    def _twin(self, path: str) -> str | None:
        return None if self.spec.dedupe == "none" else self._sent.get(self._identity(path))

    def _mark(self, path: str) -> None:
        if self.spec.dedupe != "none":
            self._sent.setdefault(self._identity(path), path)

    def _imports(
        self, parent: Loaded, text: str, rules: Imports, hop: int, tree: dict[str, int] | None
    ) -> list[Loaded]:
        """What ``text`` imports. ``tree``: file → times named again, where each comes once for a rule file."""
        if hop > rules.depth:
            return []
        result: list[Loaded] = []
        for reference in references(text, markdown.outline(text), rules):
            path = target_of(parent.path, reference.target, self.places.home)
            first = parent.via[0] if parent.via else parent.path
            if tree is not None and path in tree:
                tree[path] += 1
                continue
            if path in (parent.path, *parent.via) or not importable(path, first, parent.source, rules, self.finder):
                continue
            if (tree is None and self._twin(path) is not None) or self.finder.excluded(path, parent.source.id):
                continue
            content = self.finder.text(path)
            front = frontmatter.parse(content)
            ranges = charge.kept(content, markdown.outline(content), front, parent.source.strip, parent.source.trim)
            if not any(content[start:end].strip() for start, end in ranges):
                continue
            if parent.loaded or parent.after_touch:
                self._mark(path)
            if tree is not None:
                tree[path] = 0
            entry = replace(
                parent, path=path, text=content, ranges=ranges, via=(*parent.via, parent.path), listing="",
                why=f"imported by {self.disk.show(parent.path)}",
            )  # fmt: skip
            result.append(entry)
            result.extend(self._imports(entry, content, rules, hop + 1, tree))
        return result

    def _capped(self, result: list[Loaded]) -> list[Loaded]:
        """Apply the limits that a group's files share, in the order sent."""
        left: dict[str, float] = {}
        capped = []
        for entry in result:
            group = self.spec.groups.get(entry.source.group or "")
            if group is None or group.limit is None or not entry.loaded or not entry.ranges:
                capped.append(entry)
                continue
            name = entry.source.group or ""
            allowed = left.setdefault(name, self.allowed(group.limit))
            ranges = charge.limited(entry.text, entry.ranges, group.limit, allowed)
            left[name] = allowed - charge.size(charge.join(entry.text, entry.ranges), group.limit.unit)
            if ranges != entry.ranges:
                note = cut_note(group.limit, self.allowed(group.limit), bool(ranges))
                entry = replace(entry, ranges=ranges, loaded=bool(ranges), why=entry.why + note)
            capped.append(entry)
        return capped


def _once(entries: list[Loaded]) -> list[Loaded]:
    """Leave out what says of a file that it is not loaded, where another entry says that it is."""
    loaded = {entry.path for entry in entries if entry.activation is not Activation.NEVER}
    return [entry for entry in entries if entry.activation is not Activation.NEVER or entry.path not in loaded]
