"""Does a source count at all, given the settings, the environment and what other sources found?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import Condition


def all_hold(conditions: Iterable[Condition], visible: Set[str], settings: Settings, places: Places) -> bool:
    """Do all ``conditions`` hold? ``visible``: the ids of the sources that found something."""
    return all(_holds(condition, visible, settings, places) for condition in conditions)


def _holds(condition: Condition, visible: Set[str], settings: Settings, places: Places) -> bool:
    if any(name in visible for name in condition.absent):
        return False
    if condition.present and not any(name in visible for name in condition.present):
        return False
    if condition.git is not None and condition.git != (places.git_root is not None):
        return False
    if condition.env is not None and not _truthy(places.env.get(condition.env)):
        return False
    if condition.env_unset is not None and _truthy(places.env.get(condition.env_unset)):
        return False
    if condition.any and not any(_holds(choice, visible, settings, places) for choice in condition.any):
        return False
    if condition.setting is not None:
        value = settings.get(condition.setting, condition.default, scope=condition.scope)
        value = value if isinstance(value, str | bool) else str(value)
        return value not in condition.none_of and (not condition.one_of or value in condition.one_of)
    return True


def _truthy(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "0", "false", "no", "off")
