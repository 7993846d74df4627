"""Groups whose rule files have distinct names: of several files of one name one is sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctxkit.model import Activation
from ctxkit.text import frontmatter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.agents.resolve import Loaded
    from ctxkit.agents.spec import Group


def distinct(entries: list[Loaded], groups: Mapping[str, Group]) -> list[Loaded]:
    """``entries`` with all but one of each name marked as not loaded; what those import goes with them."""
    kept: dict[tuple[str, str, str], Loaded] = {}
    for entry in entries:
        group = groups.get(entry.source.group or "")
        if group is None or group.unique is None or entry.via or entry.activation is Activation.NEVER:
            continue
        key = (entry.source.group or "", group.unique, _name(entry, group))
        if key not in kept or (group.last_wins and kept[key].source.id != entry.source.id):
            kept[key] = entry
    if not kept:
        return entries
    result = []
    for entry in entries:
        winner = _winner(entry, groups, kept)
        if winner is None or winner is entry:
            result.append(entry)
        elif not entry.via:
            why = f"hidden by {os.path.basename(winner.path)} of the same name"
            result.append(replace(entry, activation=Activation.NEVER, loaded=False, after_touch=False, why=why))
    lost = {entry.path for entry in result if entry.activation is Activation.NEVER}
    return [entry for entry in result if not entry.via or entry.via[0] not in lost]


def _winner(entry: Loaded, groups: Mapping[str, Group], kept: Mapping[tuple[str, str, str], Loaded]) -> Loaded | None:
    group = groups.get(entry.source.group or "")
    if group is None or group.unique is None or entry.via:
        return None
    return kept.get((entry.source.group or "", group.unique, _name(entry, group)))


def _name(entry: Loaded, group: Group) -> str:
    file = os.path.basename(entry.path).lower()
    if group.unique == "file-name":
        return file
    return (entry.source.rule_name or frontmatter.parse(entry.text).text("name") or file.rsplit(".", 1)[0]).lower()
