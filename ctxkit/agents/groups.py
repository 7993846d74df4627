"""What the rule sources of one group share: the order of their files, one file for each name, a size cap for all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctxkit.agents import charge
from ctxkit.agents.activate import cut_note
from ctxkit.agents.spec import Group
from ctxkit.model import Activation
from ctxkit.text import frontmatter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ctxkit.agents.find import Found
    from ctxkit.agents.resolve import Loaded
    from ctxkit.agents.spec import Limit, RuleSource

_ALONE = Group()
"""What holds for a source without a group."""


def ordered(
    sources: Sequence[RuleSource], found: Mapping[str, list[Found]], groups: Mapping[str, Group]
) -> list[Found]:
    """The files ``found`` by id of their source, in the order sent: source by source or directory by directory."""
    result: list[Found] = []
    placed: set[str] = set()
    for source in sources:
        name = source.group or ""
        if groups.get(name, _ALONE).order == "source":
            result.extend(found[source.id])
        elif name not in placed:
            placed.add(name)
            files = [file for member in sources if member.group == name for file in found[member.id]]
            result.extend(sorted(files, key=lambda file: (file.below, file.directory.count(os.sep), file.directory)))
    return _outermost(result, groups)


def _outermost(files: Sequence[Found], groups: Mapping[str, Group]) -> list[Found]:
    """``files`` without those below the base that, in a group of unique texts, an outer directory has found already."""
    first: dict[tuple[str, str], str] = {}
    result = []
    for file in files:
        name = file.source.group or ""
        sent_once = file.below and groups.get(name, _ALONE).unique == "text"
        if not sent_once or first.setdefault((name, file.path), file.directory) == file.directory:
            result.append(file)
    return result


def unique(entries: list[Loaded], groups: Mapping[str, Group], show: Callable[[str], str]) -> list[Loaded]:
    """``entries`` with all but one of those that are the same to their group marked as not loaded.

    What the others import goes with them. ``show`` words a path for the reason.
    """
    kept: dict[tuple[str, str], Loaded] = {}
    keys = [_key(entry, groups.get(entry.source.group or "", _ALONE)) for entry in entries]
    for entry, key in zip(entries, keys, strict=True):
        if key is not None:
            first = kept.setdefault(key, entry)
            if groups[key[0]].last_wins and first.source.id != entry.source.id:
                kept[key] = entry
    result = []
    lost = set()
    for entry, key in zip(entries, keys, strict=True):
        winner = entry if key is None else kept[key]
        if winner is not entry:
            lost.update({entry.path} - {winner.path})
            entry = _hidden(entry, winner, groups[entry.source.group or ""], show)
        result.append(entry)
    return [entry for entry in result if not entry.via or entry.via[0] not in lost]


def _key(entry: Loaded, group: Group) -> tuple[str, str] | None:
    """The group of ``entry`` and what makes it the same as another there; None if nothing does."""
    if group.unique is None or entry.via or entry.activation is Activation.NEVER:
        return None
    if group.unique == "text":
        same = entry.text.strip() if entry.activation is Activation.ALWAYS else None
    else:
        same = os.path.basename(entry.path).lower()
        if group.unique == "rule-name":
            named = entry.source.rule_name or frontmatter.parse(entry.text).text("name")
            same = (named or same.rsplit(".", 1)[0]).lower()
    return None if same is None else (entry.source.group or "", same)


def _hidden(entry: Loaded, winner: Loaded, group: Group, show: Callable[[str], str]) -> Loaded:
    entry = replace(entry, activation=Activation.NEVER, loaded=False, after_touch=False)
    if group.unique == "text":
        return replace(entry, ranges=(), listing="", why=f"the same text was sent as {show(winner.path)}")
    return replace(entry, why=f"hidden by {os.path.basename(winner.path)} of the same name")


def within_limits(
    entries: Sequence[Loaded], groups: Mapping[str, Group], allowed: Callable[[Limit], float]
) -> list[Loaded]:
    """``entries`` cut off where their group's limit is reached, in the order sent.

    ``allowed``: what a limit allows, in its own unit.
    """
    left: dict[str, float] = {}
    result = []
    for entry in entries:
        name = entry.source.group or ""
        limit = groups.get(name, _ALONE).limit
        if limit is not None and entry.loaded and entry.ranges:
            room = left.setdefault(name, allowed(limit))
            ranges = charge.limited(entry.text, entry.ranges, limit, room)
            left[name] = room - charge.size(charge.join(entry.text, entry.ranges), limit.unit)
            if ranges != entry.ranges:
                note = cut_note(limit, allowed(limit), bool(ranges))
                entry = replace(entry, ranges=ranges, loaded=bool(ranges), why=entry.why + note)
        result.append(entry)
    return result
