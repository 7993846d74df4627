"""Whether a text speaks of something that need not be there: an example, a placeholder, a file still to be made."""

from __future__ import annotations

import re
from enum import IntEnum

from ctxkit.text.pattern import on_demand

_PLACEHOLDER = on_demand(
    r"(?:^|[/_.\-(]|(?-i:(?<=[a-z])(?=[A-Z])))"
    r"(?:foo|bar|baz|qux|quux|my|your|our|some|any|placeholder|dummy|xyz|abc|xx+|yy+|zz+|tbd|(?-i:[XYN]"
    r"|vN)|something|whatever|acme"
    r"|lorem|nnn+|example(?=\.[a-z]+$|/?$)|sample(?=\.[a-z]+$)|(?:file|path|module|package|class|feature"
    r"|component|test|skill|agent|tool|command|provider|model|service|plugin|rule)[_-]?name"
    r"|my(?:command|file|component|tool|plugin|module|feature|page|class|service|app|script|test|rule"
    r"|skill|agent|package)\w*"
    r"|\w*NameHere|\w*(?:your|insert|put|goes|name|path|file)\w*_here)"
    r"(?:$|[/_.\-)\d]|(?-i:(?<=[a-z])(?=[A-Z])))"
    r"|(?:^|/)(?:name|path|file|filename|thing|widget|hello|feature|new)(?:\.[a-z]+$|/?$|(?<=feature)/"
    r"|(?<=name)/)|(?-i:X\.Y|x\.y)",
    re.IGNORECASE,
)
_MADE_BEFORE = on_demand(
    r"\b(?:creat(?:e|es|ed|ing)|generat(?:e|es|ed|ing)|(?:writ(?:e|es|ten|ing)|wrote|sav(?:e|es|ed|ing)"
    r"|outputs?|stored?|stores|dumps?"
    r"|logged|logs|downloads?|downloaded|copy|copies|copied|exports?|exported|renam(?:e|es|ed|ing)|place"
    r"|put|goes|go|moved?)\s(?:[^.]{0,30}\s)?"
    r"(?:to|in|into|under|as|at)|emit(?:s|ted)?|writes?|wrote|produces?|scaffold\w*|will be|mkdir|touch"
    r"|name it|named|call it|called|a new(?! [\w ]{2,20},)|initiali[sz](?:e|es)(?! an? `))\b"
    r"[^.;]{0,30}$",
    re.IGNORECASE,
)
_DENIED = on_demand(r"\b(?:not|no|without|nor|instead of|rather than|than)[ \t\n]+[`*_(\[\"']*$", re.IGNORECASE)
_MAYBE_AFTER = on_demand(
    r"^[`*_)\]]*[ \t,(:\u2013\u2014-]*(?:\bif (?:it |they |this |one )?(?:exists?|present|available"
    r"|any)\b|\b(?:is|are|was|were|has been"
    r"|have been|gets?|will be) (?:not |now |automatically |auto-?)?(?:created|generated|written|removed"
    r"|deleted|gone|renamed|replaced"
    r"|merged|gitignored|git-ignored|ignored|untracked|missing|absent|produced|cached)\b|\bgitignored\b|\bgit-ignored\b"
    r"|\bnot (?:yet|tracked|checked in|committed)\b|\bdeleted\b|\bremoved\b|\b(?:auto-?)?generated\b)",
    re.IGNORECASE,
)
_ELSEWHERE = on_demand(
    r"\b(?:(?:does|do|did)(?:n['\u2019]t| not| no longer) exist|no longer (?:exists?|present)|(?:was|were"
    r"|been) (?:removed|deleted)"
    r"|used to (?:be|live)|formerly|there (?:is|are) no\b|still contain\w*|git history|hypothetical\w*|imagine|suppose"
    r"|(?:another|other|separate|external|sibling) repo\w*|in that (?:[\w./`-]+ )?repo\w*"
    r"|the (?!same|main|whole|current|entire|git|this|local|root|your|target|of)[\w./`-]+ repo(?:s|sitory|sitories)?\b"
    r"|user['\u2019]?s (?:project|repo\w*|code\w*|home|machine)|(?:their|target|client|host) (?:project"
    r"|repo\w*|app)\b)",
    re.IGNORECASE,
)
_EXAMPLE_BEFORE = on_demand(
    r"\b(?:e\.g|eg)\.|\bfor (?:example|instance)\b|(?<!\bor )(?<!\band )"
    r"(?:\bexamples?\W{0,4}:|\bexamples?\W{0,6}$)|\bsuch as\b"
    r"|\blike\W{1,4}$|❌|✗|🚫|⛔"
    r"|\b(?:good|bad|wrong|correct|incorrect)\W{0,4}:",
    re.IGNORECASE,
)
_DOUBT = on_demand(
    r"\b(?:optional(?:ly)?|legacy|deprecated|obsolete|missing|planned|future"
    r"|upcoming|todo|wrong|upstream"
    r"|at runtime|gitignored|git-ignored|untracked|not committed|if (?:it |they |one )?exists?|if present"
    r"|if any|(?<!\.)example(?!\.)"
    r"|examples|placeholder|(?:do not|don['\u2019]t|never) (?:create|add|put|place|write)|temporary|temp)\b",
    re.IGNORECASE,
)
_DOUBT_NEAR = on_demand(r"\b(?:generated?|regenerated?s?|avoid|new|cached?)\b[^|`]*$", re.IGNORECASE)
_DOUBT_AFTER = on_demand(r"\b(?:generated?|regenerated?s?|cached?)\b", re.IGNORECASE)
"""Doubt where it stands close by: a new file is none yet, but one that tells of new things may well be there."""
_CLOSE, _BESIDE = 24, 40
_TITLE = on_demand(
    r"\b(?:examples?|templates?|anti-?patterns?|planned|roadmap|future|todo|migration|changelog|proposed"
    r"|removed|deprecated|legacy|samples?"
    r"|output format|deliverables?)\b",
    re.IGNORECASE,
)
_EDGE = on_demand(r"(?<!\be\.g)(?<!\bi\.e)[.;!?][)*_]*\s|\n[ \t]*(?:\n|[-*+][ \t]|\d+[.)][ \t]|[#|>`])")
_LISTED = on_demand(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]|[ \t]{2,}\S")
_LEAD_LINES = 40
_SAMPLES = frozenset(
    (
        "example", "examples", "sample", "samples", "template", "templates", "fixture", "fixtures", "__fixtures__",
        "testdata", "test", "tests", "__tests__", "test-data", "test_data", "mocks", "__mocks__", "boilerplate",
        "starters", "scaffold",
        "scaffolds", "demo", "demos", "evals", "benchmarks", "snapshots", "__snapshots__", "skeleton", "cookiecutter",
    )
)  # fmt: skip
"""Names of directories whose files are written for other repositories than the one that holds them."""


class Reality(IntEnum):
    """How a text speaks of a thing."""

    ABSENT = 0
    """As of an example, of something that somebody makes, that is gone, or that lies elsewhere."""
    DOUBTFUL = 1
    """In words that could mean that."""
    REAL = 2
    """As of something that is there."""


def is_placeholder(path: str) -> bool:
    """Does a part of ``path`` stand for any name, as ``foo``, ``my-component`` or ``file_name.py`` do?"""
    return _PLACEHOLDER().search(path) is not None


def reality(text: str, start: int, end: int, *, is_command: bool = False) -> Reality:
    """How the sentence around a place, and the line that leads to its list, speak of what stands there.

    ``is_command``: what is generated by a command, or new, says nothing against the command.
    """
    before, after = sentence(text, start, end)
    lead = _lead(text, start)
    if (
        (not is_command and _MADE_BEFORE().search(before) is not None)
        or _DENIED().search(before) is not None
        or _MAYBE_AFTER().match(after) is not None
        or any(_ELSEWHERE().search(part) is not None for part in (before, after, lead))
        or any(_EXAMPLE_BEFORE().search(part) is not None for part in (before, lead))
    ):
        return Reality.ABSENT
    if is_command:
        before, after = before[-_BESIDE:], after[:_BESIDE]
    if any(_DOUBT().search(part) is not None for part in (before, after, lead)):
        return Reality.DOUBTFUL
    if not is_command and (_DOUBT_NEAR().search(before[-_CLOSE:]) or _DOUBT_AFTER().search(after[:_CLOSE])):
        return Reality.DOUBTFUL
    return Reality.REAL


def in_samples(path: str) -> bool:
    """Does a file lie among examples, templates or fixtures, and so speak of another repository?"""
    return any(part.lower() in _SAMPLES for part in path.split("/")[:-1])


def is_example_section(title: str) -> bool:
    """Does a heading announce examples, templates, plans or things to be made?"""
    return _TITLE().search(title) is not None


def sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind a place in its sentence: at most 200 characters each, in the same paragraph."""
    before = text[max(0, start - 200) : start]
    found = [edge.end() for edge in _EDGE().finditer(before)]
    after = text[end : end + 200]
    close = _EDGE().search(after)
    return before[found[-1] if found else 0 :], after[: close.start()] if close else after


def _lead(text: str, start: int) -> str:
    """The line with a colon at its end that stands above the list that a place lies in; empty: there is none."""
    line = text.rfind("\n", 0, start) + 1
    if _LISTED().match(text, line) is None:
        return ""
    for _ in range(_LEAD_LINES):
        above = text.rfind("\n", 0, max(0, line - 1)) + 1
        if above == line:
            return ""
        words = text[above:line].strip()
        if words and _LISTED().match(text, above) is None:
            return words[-200:] if words.endswith((":", ":**")) else ""
        line = above
    return ""
