"""Rules held against what the formatters, linters and compilers of the repository are set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.choices import Choice, conflicting, demands, scope_of
from ctxkit.text.enforced import enforced_groups, setting_files, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence
    from ctxkit.text.choices import Demand
    from ctxkit.text.enforced import Setting


class Held(NamedTuple):
    """A rule of ``document``, and the settings that speak of the same: one for each choice it makes, or fewer.

    ``agrees``: all say what the rule says; false: each says something else.
    """

    document: Document
    demand: Demand
    settings: tuple[Setting, ...]
    agrees: bool


def held(evidence: Evidence) -> Iterator[Held]:
    """Every rule that a setting agrees with or contradicts, by document.

    The settings of a directory count for the rule files in it, and above it where no other directory has any that say
    something else.
    """
    asked = [
        (path, demand)
        for path in sorted(evidence.documents)
        if not path.startswith(("~", "/", ".."))
        for demand in demands(evidence.documents[path].text)
        if any(choice.group in enforced_groups() and choice.demanded and choice.firm for choice in demand.choices)
    ]
    if not asked:
        return
    groups = frozenset(choice.group for _, demand in asked for choice in demand.choices)
    names = setting_files()
    texts = {path: file.text for path, file in evidence.extra.items() if path.rpartition("/")[2] in names}
    settings = settings_of(texts, groups)
    places = (
        frozenset(part.lower() for path in evidence.tree.files() for part in path.split("/", 2)[:-1][:2])
        if settings
        else frozenset()
    )
    for path, demand in asked:
        document = evidence.documents[path]
        scope = scope_of(demand.statement, demand.words, places)
        choices = [choice for choice in demand.choices if choice.demanded and choice.firm]
        here = [
            setting
            for setting in settings
            if not scope.areas and (not scope.languages or not setting.languages or scope.languages & setting.languages)
        ]
        found = [_decided(choice, _nearest(here, _directory(path))) for choice in choices]
        if found and all(decided is not None and decided[1] for decided in found):
            yield Held(document, demand, tuple(decided[0] for decided in found if decided is not None), True)
        for decided in found:
            if decided is not None and not decided[1]:
                yield Held(document, demand, (decided[0],), False)


def _directory(path: str) -> str:
    """The directory that a rule file is for: that above the first hidden one on its path."""
    steps = path.split("/")[:-1]
    return "/".join(steps[: next((at for at, step in enumerate(steps) if step.startswith(".")), len(steps))])


def _nearest(settings: Sequence[Setting], directory: str) -> list[Setting]:
    """The settings for ``directory``: those above or in it, and all below it."""
    start = f"{directory}/" if directory else ""
    return [
        setting
        for setting in settings
        if setting.path.startswith(start)
        or start.startswith(setting.path.rpartition("/")[0] + "/")
        or "/" not in setting.path
    ]


def _decided(choice: Choice, settings: Sequence[Setting]) -> tuple[Setting, bool] | None:
    """The setting that decides ``choice``, and whether it agrees; None where none does, or where they differ."""
    same = [setting for setting in settings if setting.choice.group == choice.group]
    told = [setting for setting in same if setting.explicit] or same
    known = {
        setting.choice
        for setting in told
        if conflicting(setting.choice, choice) or setting.choice.option == choice.option
    }
    if not told or len(known) != 1:
        return None
    setting = next(setting for setting in told if setting.choice in known)
    differs = conflicting(setting.choice, choice)
    if not differs and choice.number and setting.choice.number != choice.number:
        return None
    return setting, not differs
