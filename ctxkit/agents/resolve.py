"""What is loaded, when and why: the rule files of one agent for one question."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ctxkit.agents import charge
from ctxkit.agents.disk import Disk
from ctxkit.agents.globs import matcher
from ctxkit.agents.imports import references
from ctxkit.agents.places import Places
from ctxkit.agents.settings import Settings
from ctxkit.agents.spec import AgentSpec, Case, Condition, GlobDialect, Imports, KeyTest, Limit, LinkGuard, Place, RuleSource
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text import frontmatter, markdown
from ctxkit.text.frontmatter import Frontmatter


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule file as one agent treats it.

    ``path`` is absolute. ``text`` is the decoded file, ``ranges`` the characters of it that are sent. ``via`` holds the
    importing files, outermost first. ``listing`` is what stands in the first request for a file whose body does not.
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


@dataclass(frozen=True, slots=True)
class _Found:
    source: RuleSource
    directory: str
    path: str
    below: bool


class Resolver:
    """Answers for one agent, version and set of places. ``paths``: files of the work tree, relative to its root, posix."""

    def __init__(
        self, spec: AgentSpec, version: str, places: Places, disk: Disk, settings: Settings, nested: Sequence[str]
    ) -> None:
        self.spec = spec
        self.version = version
        self.places = places
        self.names = places.names(spec)
        self.disk = disk
        self.settings = settings
        self.nested = nested
        self._sent: dict[str, str] = {}
        self.touched = tuple(os.path.normpath(path) for path in places.touched)
        self._excluded = self._exclusion()

    def rules(self) -> list[Loaded]:
        """Every rule file the agent knows of, in the order in which they are sent."""
        sources = [source for source in self.spec.rules if applies(source, self.version) and not source.invisible]
        found = {source.id: self._find(source) for source in sources}
        visible = self._sources_with_text(sources, found)
        active = [source for source in sources if self.holds(source.when, visible)]
        active = self._first_of_groups(active, visible)
        result: list[Loaded] = []
        for file in self._ordered(active, found):
            result.extend(self._load(file))
        return self._capped(result)

    def _sources_with_text(self, sources: Sequence[RuleSource], found: dict[str, list[_Found]]) -> set[str]:
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
        return all(self._holds(condition, visible) for condition in conditions)

    def _holds(self, condition: Condition, visible: set[str]) -> bool:
        if any(name in visible for name in condition.absent):
            return False
        if condition.present and not any(name in visible for name in condition.present):
            return False
        if condition.env is not None and not _truthy(self.places.env.get(condition.env)):
            return False
        if condition.env_unset is not None and _truthy(self.places.env.get(condition.env_unset)):
            return False
        if condition.setting is not None:
            value = self.settings.get(condition.setting, condition.default, scope=condition.scope)
            value = value if isinstance(value, str | bool) else str(value)
            return value not in condition.none_of and (not condition.one_of or value in condition.one_of)
        return True

    # -- finding -------------------------------------------------------------------------------------------------

    def _find(self, source: RuleSource) -> list[_Found]:
        base = self.places.base(source.base, self.names)
        result: list[_Found] = []
        if source.walk == "up":
            chain = self.ancestors(base, source)
            directories = chain if source.nearest_first else chain[::-1]
        else:
            directories = [base]
        for directory in directories:
            result.extend(_Found(source, directory, path, False) for path in self._pick(source, directory))
        if source.below is not None or source.walk == "down":
            seen = {file.path for file in result}
            for directory in self.nested_holders(source.names, base):
                if any(self.disk.is_file(os.path.join(directory, name)) for name in source.unless_beside):
                    continue
                for path in self._pick(source, directory):
                    if path not in seen:
                        seen.add(path)
                        result.append(_Found(source, directory, path, source.below is not None))
        return result

    def _pick(self, source: RuleSource, directory: str) -> list[str]:
        found: list[str] = []
        for name in self._expanded(source.names):
            for path in self.named(name, directory, source.ignore_case):
                if path not in found and not self._excluded(path, source.id):
                    found.append(path)
            if found and source.pick == "first":
                if source.blank or self._text(found[0]).strip():
                    return found
                found = []
        return found

    def named(self, name: str, directory: str, ignore_case: bool = False) -> list[str]:
        """The files that ``name`` (a path or glob of the data files) stands for under ``directory``."""
        if os.path.isabs(name) or name.startswith("~"):
            path = self.places.expand(name, self.names)
            if not any(c in name for c in "*?["):
                return [path] if self.disk.is_file(path) else []
            fixed = [part for part in path.split(os.sep)]
            cut = next(i for i, part in enumerate(fixed) if any(c in part for c in "*?["))
            return self.disk.glob(os.sep.join(fixed[:cut]) or os.sep, "/".join(fixed[cut:]))
        name = name.format_map(_Kept(self.names)) if "{" in name else name
        if not any(c in name for c in "*?["):
            return self._plain(os.path.normpath(os.path.join(directory, name)), ignore_case)
        return [path for pattern in _braces(name) for path in self.disk.glob(directory, pattern)]

    def _plain(self, path: str, ignore_case: bool) -> list[str]:
        if not ignore_case:
            return [path] if self.disk.is_file(path) else []
        directory, wanted = os.path.split(path)
        entries = self.disk.entries(directory)
        return [os.path.join(directory, n) for n in sorted(entries) if n.lower() == wanted.lower() and not entries[n]]

    def _expanded(self, names: Sequence[str]) -> list[str]:
        result: list[str] = []
        for name in names:
            if name.startswith("{setting:"):
                key, _, rest = name[9:].partition("}")
                result.extend(s + rest for s in self.settings.strings(key) if "://" not in s)
            elif name.startswith("{setting-name:"):
                result.extend(s for s in self.settings.strings(name[14:-1]) if "/" not in s)
            else:
                result.append(name)
        return result

    def ancestors(self, base: str, part: RuleSource | Place) -> list[str]:
        """``base`` and the directories above it that ``part`` looks into, innermost first."""
        markers = part.markers
        if part.markers_setting and self.settings.get(part.markers_setting) is not None:
            markers = self.settings.strings(part.markers_setting)
        return self.places.ancestors(base, part.until, markers)

    def nested_holders(self, names: Sequence[str], base: str) -> list[str]:
        """Directories below ``base`` that may hold files of these ``names``, outermost first.

        Those on the way to a touched file are looked into whatever git says; the others come from the work tree's
        listing.
        """
        wanted = {name.rsplit("/", 1)[-1] for name in names if not any(c in name for c in "*?{")}
        prefixes = [name.split("*", 1)[0].rstrip("/") for name in names if "*" in name]
        directories: dict[str, None] = {}
        for path in self.nested:
            directory = _holder(path, names, wanted, prefixes)
            if directory is None:
                continue
            holder = os.path.normpath(os.path.join(self.disk.root, directory))
            if holder != base and holder.startswith(_slash(base)):
                directories[holder] = None
        for touched in self.touched:
            directories.update(dict.fromkeys(self.places.between(base, touched)))
        return sorted(directories, key=lambda directory: (directory.count(os.sep), directory))

    def _visible(self, file: _Found) -> bool:
        if file.source.blank:
            return True
        text = self._text(file.path)
        front = frontmatter.parse(text)
        ranges = charge.kept(text, markdown.outline(text), front, file.source.strip, True)
        return any(text[start:end].strip() for start, end in ranges)

    def _exclusion(self) -> Callable[[str, str], bool]:
        patterns = [pattern for key in self.spec.exclude for pattern in self.settings.strings(key)]
        if not patterns:
            return lambda path, source: False
        dialect = GlobDialect(bare="anchored")
        positive = matcher([p.lstrip("/") for p in patterns if p.startswith(("/", "**"))], dialect)
        negative = [matcher([p[1:].lstrip("/")], dialect) for p in patterns if p.startswith("!")]

        def excluded(path: str, source: str) -> bool:
            if source in self.spec.exclude_exempt:
                return False
            posix = path.replace(os.sep, "/").lstrip("/")
            return positive(posix) or any(not other(posix) for other in negative)

        return excluded

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

    def _ordered(self, active: list[RuleSource], found: dict[str, list[_Found]]) -> list[_Found]:
        start: list[_Found] = []
        later: list[_Found] = []
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
        return start + later

    # -- loading -------------------------------------------------------------------------------------------------

    def _text(self, path: str) -> str:
        data = self.disk.read(path)
        return "" if data is None else data.decode("utf-8", "replace")

    def _load(self, file: _Found) -> list[Loaded]:
        source = file.source
        if self.disk.read(file.path) is None:
            return []
        text = self._text(file.path)
        front = frontmatter.parse(text)
        if any(holds(test, front) for test in source.skip_if):
            return [self._not_loaded(file, "its frontmatter switches it off")]
        dialect = source.globs or self.spec.globs
        activation, patterns = _activation(source, front, dialect)
        if file.below and source.below is not None and activation in (Activation.ALWAYS, source.activation):
            activation = source.below
        touched = self._is_touched(file, activation, patterns, dialect)
        if source.links is not None and self._leads_out(file, source.links):
            return [self._not_loaded(file, "a link that leads out of the project")]
        twin = self._twin(file.path)
        if twin is not None:
            return [self._not_loaded(file, f"the same text was sent as {self.disk.show(twin)}")]
        loaded = activation in (Activation.ALWAYS, Activation.DESCRIBED, Activation.NAMED)
        entry = self._charged(file, text, front, activation, loaded, touched)
        if activation in (Activation.ALWAYS, Activation.LAZY_DIR, Activation.GLOB):
            self._mark(file.path)
        imported: list[Loaded] = []
        if source.imports is not None and activation not in (Activation.MANUAL, Activation.NEVER):
            eager = source.imports.eager and activation is Activation.GLOB
            parent = replace(entry, loaded=True, after_touch=False, activation=Activation.ALWAYS) if eager else entry
            imported = self._imports(parent, text, source.imports, 1)
        return [entry, *imported]

    def _charged(
        self, file: _Found, text: str, front: Frontmatter, activation: Activation, loaded: bool, touched: bool
    ) -> Loaded:
        source = file.source
        ranges = charge.kept(text, markdown.outline(text), front, source.strip, source.trim)
        note = ""
        for limit in (source.line_limit, source.limit):
            if limit is not None and not (source.group and source.group in self.spec.groups and limit is None):
                shorter = charge.limited(text, ranges, limit, self.allowed(limit))
                note = note if shorter == ranges else _cut_note(limit, self.allowed(limit), bool(shorter))
                ranges = shorter
        listing = ""
        if activation in (Activation.DESCRIBED, Activation.NAMED):
            listing = _listing(self.disk.show(file.path), front, activation)
        why = _why(source, activation, file, self.disk) + note
        return Loaded(
            source, file.directory, file.path, activation, loaded and (bool(ranges) or bool(listing)),
            touched and not loaded, text, ranges, (), why, listing,
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

    def _is_touched(
        self, file: _Found, activation: Activation, patterns: Sequence[str], dialect: GlobDialect
    ) -> bool:
        touched = [t for t in self.touched if self._counts(t, file.source.touch_inside)]
        if file.below:
            touched = [t for t in touched if t.startswith(_slash(file.directory))]
        if activation is Activation.LAZY_DIR:
            return any(t.startswith(_slash(file.directory)) for t in touched)
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
            matches(path[len(_slash(base)) :].replace(os.sep, "/"))
            for path in (self.touched if touched is None else touched)
            if path.startswith(_slash(base)) and self._counts(path, dialect.inside)
        )

    def _counts(self, path: str, inside: str | None) -> bool:
        return inside is None or path.startswith(_slash(self.places.expand(inside, self.names)))

    def _leads_out(self, file: _Found, guard: LinkGuard) -> bool:
        if not applies(guard, self.version) or (guard.approval and self.settings.get(guard.approval) is True):
            return False
        real = os.path.realpath(file.path)
        if real == os.path.join(os.path.realpath(file.directory), os.path.relpath(file.path, file.directory)):
            return False
        return not real.startswith(_slash(os.path.realpath(self.places.expand(guard.inside, self.names))))

    def _not_loaded(self, file: _Found, why: str) -> Loaded:
        return Loaded(file.source, file.directory, file.path, Activation.NEVER, False, False, why=why)

    def _identity(self, path: str) -> str:
        if self.spec.dedupe == "content":
            return self._text(path).strip()
        if self.spec.dedupe == "name-case":
            return path.lower()
        return os.path.realpath(path)

    def _twin(self, path: str) -> str | None:
        return None if self.spec.dedupe == "none" else self._sent.get(self._identity(path))

    def _mark(self, path: str) -> None:
        if self.spec.dedupe != "none":
            self._sent.setdefault(self._identity(path), path)

    def _imports(self, parent: Loaded, text: str, rules: Imports, hop: int) -> list[Loaded]:
        if hop > rules.depth:
            return []
        result: list[Loaded] = []
        for reference in references(text, markdown.outline(text), rules):
            path = self._target(parent.path, reference.target)
            if path in (parent.path, *parent.via) or not self._importable(path, reference.target, rules):
                continue
            if self._twin(path) is not None or self._excluded(path, parent.source.id):
                continue
            content = self._text(path)
            front = frontmatter.parse(content)
            ranges = charge.kept(content, markdown.outline(content), front, parent.source.strip, parent.source.trim)
            if not any(content[start:end].strip() for start, end in ranges):
                continue
            self._mark(path)
            entry = replace(
                parent, path=path, text=content, ranges=ranges, via=(*parent.via, parent.path), listing="",
                why=f"imported by {self.disk.show(parent.path)}",
            )  # fmt: skip
            result.append(entry)
            result.extend(self._imports(entry, content, rules, hop + 1))
        return result

    def _target(self, importer: str, target: str) -> str:
        if target == "~" or target.startswith("~/"):
            return os.path.normpath(self.places.home + target[1:])
        return os.path.normpath(os.path.join(os.path.dirname(importer), target))

    def _importable(self, path: str, target: str, rules: Imports) -> bool:
        if rules.extensions and os.path.splitext(path)[1].lower() not in rules.extensions:
            return False
        if "\x00" in path or len(path) > 4_000 or not self.disk.is_file(path):
            return False
        if rules.inside is None:
            return True
        inside = self.places.expand(rules.inside, self.names)
        if path.startswith(_slash(inside)) and os.path.realpath(path).startswith(_slash(os.path.realpath(inside))):
            return True
        return rules.approval is not None and self.settings.get(rules.approval) is True

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
                note = _cut_note(group.limit, self.allowed(group.limit), bool(ranges))
                entry = replace(entry, ranges=ranges, loaded=bool(ranges), why=entry.why + note)
            capped.append(entry)
        return capped


class _Kept(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _activation(source: RuleSource, front: Frontmatter, dialect: GlobDialect) -> tuple[Activation, tuple[str, ...]]:
    if isinstance(source.activation, Activation):
        return source.activation, ()
    for case in source.activation:
        if all(holds(test, front) for test in case.if_):
            return case.then, _patterns(case, front, dialect)
    return Activation.NEVER, ()


def _patterns(case: Case, front: Frontmatter, dialect: GlobDialect) -> tuple[str, ...]:
    return front.strings(case.patterns, dialect.split) if case.patterns else ()


def holds(test: KeyTest, front: Frontmatter) -> bool:
    """Does a test of a frontmatter key hold?"""
    value = front.values.get(test.key)
    if test.equals is not None:
        return front.text(test.key) == test.equals
    if test.one_of:
        return front.text(test.key) in test.one_of
    filled = bool(front.strings(test.key)) if isinstance(value, str | list) else isinstance(value, dict) and bool(value)
    answers = {
        "true": value is True or value == "true",
        "false": value is False or value == "false",
        "empty": not filled,
        "non-empty": filled,
        "absent": test.key not in front.values,
        "present": test.key in front.values,
        "matches-all": any(pattern in ("**", "**/*", "*") for pattern in front.strings(test.key)),
    }
    return answers[test.is_] if test.is_ is not None else filled


def _why(source: RuleSource, activation: Activation, file: _Found, disk: Disk) -> str:
    where = disk.show(file.directory)
    texts = {
        Activation.ALWAYS: "sent with every request",
        Activation.LAZY_DIR: f"sent once a file under {where} is read",
        Activation.GLOB: "sent once a file that matches its patterns is read",
        Activation.DESCRIBED: "described in every request; its body on demand",
        Activation.NAMED: "named in every request; its body on demand",
        Activation.MANUAL: "sent only when mentioned",
        Activation.NEVER: "not loaded",
    }
    return texts[activation]


def _cut_note(limit: Limit, allowed: float, partly: bool) -> str:
    cap = f"{allowed:,.0f} {limit.unit}"
    return f"; cut off at {cap}" if partly else f"; left out, over {cap}"


def _listing(path: str, front: Frontmatter, activation: Activation) -> str:
    if activation is Activation.NAMED:
        return path
    parts = [front.text(key) for key in ("name", "description", "globs", "paths", "applyTo") if front.text(key)]
    return " ".join([path, *parts])


def _holder(path: str, names: Sequence[str], wanted: set[str], prefixes: Sequence[str]) -> str | None:
    """The directory that holds ``path`` as one of ``names``, relative like ``path``; None if it is none of them."""
    base = path.rsplit("/", 1)[-1]
    if base in wanted:
        for name in names:
            if path == name or path.endswith("/" + name):
                return path[: len(path) - len(name)].rstrip("/")
    for prefix in prefixes:
        inner = f"/{path}"
        at = inner.rfind(f"/{prefix}/") if prefix else -1
        if at >= 0:
            return inner[1:at] if at else ""
    return None


def _braces(name: str) -> list[str]:
    from ctxkit.agents.globs import expand_braces

    return expand_braces(name)


def _slash(directory: str) -> str:
    return directory if directory.endswith(os.sep) else directory + os.sep


def _truthy(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "0", "false", "no", "off")
