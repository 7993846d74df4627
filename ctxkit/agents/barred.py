"""Why a rule file that was found is not sent all the same, whatever its activation."""

from __future__ import annotations

import fnmatch
import os
import re
from typing import TYPE_CHECKING

from ctxkit.agents.find import slash
from ctxkit.agents.importable import targets_outside
from ctxkit.agents.imports import references
from ctxkit.text import markdown

if TYPE_CHECKING:
    from ctxkit.agents.find import Finder, Found
    from ctxkit.text.frontmatter import Frontmatter


def barred(file: Found, text: str, front: Frontmatter, finder: Finder) -> str | None:
    """The reason, as a report words it; None if nothing is against ``file``, whose text and frontmatter these are."""
    source = file.source
    if source.strict and front.end and not front.valid and not front.values:
        return "its frontmatter is no valid YAML"
    if source.no_links and os.path.islink(file.path):
        return "a link"
    if source.inside is not None:
        inside = finder.places.expand(source.inside, finder.names)
        if not file.path.startswith(slash(inside)):
            return f"it lies outside {finder.disk.show(inside)}"
    if source.refuse is not None and re.search(source.refuse, text):
        return "the agent refuses a file with such a text"
    if source.omit is not None and _omitted(file, finder.settings.strings(source.omit)):
        return "the settings take it out"
    if source.imports is not None and source.imports.fatal:
        targets = [reference.target for reference in references(text, markdown.outline(text), source.imports)]
        if targets_outside(targets, file.path, source, source.imports, finder):
            return "it imports a file from outside"
    return None


def _omitted(file: Found, patterns: tuple[str, ...]) -> bool:
    name = os.path.basename(file.path)
    inside = file.path.removeprefix(slash(file.directory)).replace(os.sep, "/")
    return any(fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(inside, pattern) for pattern in patterns)
