"""Does a part of a data file count: tests of a key, and conditions on settings, environment and other sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import Condition, KeyTest
    from ctxkit.text.frontmatter import Frontmatter

_EVERYTHING = ("**", "**/*", "*")


def all_hold(conditions: Iterable[Condition], visible: Set[str], settings: Settings, places: Places) -> bool:
    """Do all ``conditions`` hold? ``visible``: the ids of the sources that found something."""
    return all(_condition_holds(condition, visible, settings, places) for condition in conditions)


def _condition_holds(condition: Condition, visible: Set[str], settings: Settings, places: Places) -> bool:
    if any(name in visible for name in condition.absent):
        return False
    if condition.git is not None and condition.git != (places.git_root is not None):
        return False
    if condition.env is not None and not _switched_on(places.env.get(condition.env)):
        return False
    if condition.env_unset is not None and _switched_on(places.env.get(condition.env_unset)):
        return False
    if condition.any and not any(_condition_holds(choice, visible, settings, places) for choice in condition.any):
        return False
    if condition.setting is not None:
        value = settings.get(condition.setting, condition.default, scope=condition.scope)
        value = value if isinstance(value, str | bool) else str(value)
        return value not in condition.none_of and (not condition.one_of or value in condition.one_of)
    return True


def _switched_on(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "0", "false", "no", "off")


def holds(test: KeyTest, keys: Frontmatter, filled: bool | None = None) -> bool:
    """Does a test of one of the ``keys`` hold? A test that names no answer asks for a filled value.

    ``filled``: is the value more than nothing? None: it is if it is a text, a list or a map with something in it.
    """
    value = keys.values.get(test.key)
    if test.equals is not None:
        return keys.text(test.key) == test.equals
    if test.matches is not None:
        return re.fullmatch(test.matches, keys.text(test.key)) is not None
    patterns = keys.strings(test.key)
    if filled is None:
        filled = bool(patterns) or (isinstance(value, dict) and bool(value))
    answers = {
        None: filled,
        "true": value is True or value == "true",
        "false": value is False or value == "false",
        "empty": not filled,
        "non-empty": filled,
        "absent": test.key not in keys.values,
        "present": test.key in keys.values,
        "matches-all": any(pattern in _EVERYTHING for pattern in patterns),
        "all-match-all": filled and all(pattern in _EVERYTHING for pattern in patterns),
        "not-boolean": test.key in keys.values and not isinstance(value, bool),
        "list": isinstance(value, list),
        "text": isinstance(value, str),
    }
    return answers[test.is_]
