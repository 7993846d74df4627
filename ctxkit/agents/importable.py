"""Which file an import names, and whether it may be imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.agents.find import slash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.find import Finder
    from ctxkit.agents.spec import Imports, RuleSource


def target_of(importer: str, target: str, home: str) -> str:
    """The absolute path that ``target`` stands for in the file ``importer``."""
    if target == "~" or target.startswith("~/"):
        return os.path.normpath(home + target[1:])
    return os.path.normpath(os.path.join(os.path.dirname(importer), target))


def importable(path: str, importer: str, source: RuleSource, rules: Imports, finder: Finder) -> bool:
    """May a file of ``source`` import ``path`` (absolute)? Only if it is there.

    ``importer``: the file of the source itself, whatever files lie between it and the import.
    """
    if os.path.splitext(path)[1].lower() in rules.not_extensions:
        return False
    if rules.extensions and os.path.splitext(path)[1].lower() not in rules.extensions:
        return False
    if "\x00" in path or len(path) > 4_000 or not finder.disk.is_file(path):
        return False
    return not outside(path, importer, source, rules, finder)


def outside(path: str, importer: str, source: RuleSource, rules: Imports, finder: Finder) -> bool:
    """Does ``path`` lie where ``importer`` may import nothing from?"""
    if rules.inside is None:
        return False
    if rules.inside == "{boundary}":
        inside = finder.places.ancestors(os.path.dirname(importer), "markers", finder.markers(source))[-1]
    else:
        inside = finder.places.expand(rules.inside, finder.names)
    real = rules.through_links or os.path.realpath(path).startswith(slash(os.path.realpath(inside)))
    if real and path.startswith(slash(inside)):
        return False
    return rules.approval is None or finder.settings.get(rules.approval) is not True


def targets_outside(
    targets: Sequence[str], importer: str, source: RuleSource, rules: Imports, finder: Finder
) -> list[str]:
    """Those of the ``targets`` of a file that lie where it may import nothing from."""
    paths = [target_of(importer, target, finder.places.home) for target in targets]
    return [path for path in paths if outside(path, importer, source, rules, finder)]
