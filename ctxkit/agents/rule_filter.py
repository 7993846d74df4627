"""Why a rule file that was found is not sent all the same, whatever its activation."""

from __future__ import annotations

import fnmatch
import os
import re
from typing import TYPE_CHECKING

from ctxkit.agents.conditions import holds
from ctxkit.agents.disk import slash
from ctxkit.agents.imports import imports_outside
from ctxkit.agents.spec import LinkGuard
from ctxkit.agents.version import applies

if TYPE_CHECKING:
    from ctxkit.agents.find import Finder, Found
    from ctxkit.text.frontmatter import Frontmatter


def rejection(file: Found, text: str, front: Frontmatter, finder: Finder, version: str) -> str | None:
    """The reason, as a report words it; None if nothing is against ``file``, whose text and frontmatter these are."""
    source = file.source
    if any(holds(test, front) for test in source.disabled_if):
        return "its frontmatter switches it off"
    if source.strict and front.end and not front.valid and not front.values:
        return "its frontmatter is no valid YAML"
    if source.links == "refused" and finder.disk.is_link(file.path):
        return "a link"
    if isinstance(source.links, LinkGuard) and _leads_out(file, source.links, finder, version):
        return "a link that leads out of the project"
    if source.inside is not None:
        inside = finder.places.expand(source.inside, finder.names)
        if not file.path.startswith(slash(inside)):
            return f"it lies outside {finder.disk.show(inside)}"
    if source.refused_text is not None and re.search(source.refused_text, text):
        return "the agent refuses a file with such a text"
    if source.excluded_by is not None and _excluded(file, finder.settings.strings(source.excluded_by)):
        return "the settings take it out"
    if source.imports is not None and source.imports.fatal and imports_outside(file.path, text, source, finder):
        return "it imports a file from outside"
    return None


def _leads_out(file: Found, guard: LinkGuard, finder: Finder, version: str) -> bool:
    if not applies(guard, version) or (guard.approved_by and finder.settings.get(guard.approved_by) is True):
        return False
    real = finder.disk.real(file.path)
    if real == os.path.join(finder.disk.real(file.directory), os.path.relpath(file.path, file.directory)):
        return False
    return not real.startswith(slash(finder.disk.real(finder.places.expand(guard.inside, finder.names))))


def _excluded(file: Found, patterns: tuple[str, ...]) -> bool:
    name = os.path.basename(file.path)
    inside = file.path.removeprefix(slash(file.directory)).replace(os.sep, "/")
    return any(fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(inside, pattern) for pattern in patterns)
