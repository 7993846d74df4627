"""Which of several choices that exclude one another a statement makes (``rules/choices.yaml``)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from ctxkit.data import data_file
from ctxkit.text.pattern import on_demand
from ctxkit.text.statements import statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.text.statements import Statement

_WORD = on_demand(r"[a-z0-9.][a-z0-9_]*(?:[-+#'.][a-z0-9_+#]+)*\+*#?")
_PATHS = on_demand(r"(?<![\w/])(?:\.{0,2}/)?(?:[\w@.-]+/)+[\w*.-]*|\*\.\w+")
_FRAGMENTS = {
    "<start>": r"(?:^|(?<=[,;:·(|] )|(?<=[,;:·(|])|(?<=\band ))",
    "<end>": r"(?=$|\s*[,;.!·)(|:]|\s+[-\u2013—]|\s+and\b)",
}
_CLAUSE = 80
_NUMBERS = {"two": "2", "three": "3", "four": "4", "eight": "8"}
_CONDITIONS = r"^(?:if|unless|except(?:ions?)?|whether|may|might|could|had|was|were)$"


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the choices. ``it``: how it is called; ``words``: one of them must occur, if given."""

    it: str = ""
    words: str = ""
    demanded: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


class Group(Struct, frozen=True, forbid_unknown_fields=True, rename={"not_": "not"}):
    """Choices of which only one can be followed; the file explains every field."""

    id: str
    about: str
    words: str
    options: dict[str, Option]
    not_: str = ""
    demanded: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    binary: bool = False
    agree: tuple[tuple[str, ...], ...] = ()
    compare: Literal["equal", "version"] = "equal"
    conditional: bool = False
    contrary: bool = True


class ChoiceRules(Struct, frozen=True, forbid_unknown_fields=True):
    """``rules/choices.yaml``."""

    date: str
    use: str
    doubt: str
    unsure: str
    aside: str
    quoted: str
    banned: str
    ban: str
    turning: str
    neutral: str
    forbids: str
    forbidden: str
    general: str
    orders: str
    light: str
    empty: str
    same: tuple[str, ...]
    opposite: tuple[str, ...]
    languages: dict[str, str]
    areas: dict[str, str]
    groups: tuple[Group, ...]


class Choice(NamedTuple):
    """What a statement asks for: ``option`` of ``group``, or (``demanded`` false) anything but it.

    ``number``: the value where the option has one, as written. ``firm``: false for a command shown in passing.
    """

    group: str
    option: str
    number: str = ""
    demanded: bool = True
    firm: bool = True

    def __str__(self) -> str:
        """As a sentence names it."""
        named = self.option if self.option not in _BARE else ""
        return f"{'' if self.demanded else 'not '}{' '.join(filter(None, (self.number, named)))}"


_BARE = frozenset(("limit", "of", "exact", "least"))


class Demand(NamedTuple):
    """A statement that makes choices."""

    statement: Statement
    words: frozenset[str]
    choices: tuple[Choice, ...]


class Scope(NamedTuple):
    """The languages and the areas of the repository that a statement is about; empty: all of it."""

    languages: frozenset[str]
    areas: frozenset[str]

    def meets(self, other: Scope) -> bool:
        """Is there something that both are about?"""
        return all(not mine or not theirs or mine & theirs for mine, theirs in zip(self, other, strict=True))


@cache
def choice_rules() -> ChoiceRules:
    """The shipped choices. Raises ConfigError when the file does not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("choices.yaml"), ChoiceRules)


@cache
def group_of(identity: str) -> Group:
    """The group of this id. Raises KeyError when there is none."""
    return next(group for group in choice_rules().groups if group.id == identity)


def words_of(text: str) -> frozenset[str]:
    """The words of ``text`` (in small letters), as triggers and scopes name them."""
    return frozenset(_WORD().findall(text))


@lru_cache(maxsize=512)
def demands(text: str) -> tuple[Demand, ...]:
    """The statements of the Markdown ``text`` that make choices; remembered, as several questions are asked of them."""
    found = []
    aside = compiled(choice_rules().aside)
    asides: dict[str, bool] = {}
    for statement in statements(text):
        words = words_of(statement.text)
        choices = tuple(choices_of(statement.text, words))
        if choices:
            for title in (*statement.under, statement.lead):
                if title not in asides:
                    asides[title] = aside.search(title) is not None
            if not any(asides[title] for title in (*statement.under, statement.lead)):
                found.append(Demand(statement, words, choices))
    return tuple(found)


def choices_of(text: str, words: frozenset[str]) -> list[Choice]:
    """What the statement ``text`` (see :attr:`Statement.text`) demands or forbids, a choice each."""
    found: list[Choice] = []
    doubts: list[str] | None = None
    for group in _triggered(words):
        if group.not_ and compiled(group.not_).search(text):
            continue
        if doubts is None:
            doubts = [match[0] for match in compiled(choice_rules().doubt).finditer(text)]
        if all(group.conditional and re.match(_CONDITIONS, doubt) for doubt in doubts):
            found += _of_group(group, text, words)
    return found


def conflicting(one: Choice, other: Choice) -> bool:
    """Can the two not both be followed?"""
    group = group_of(one.group)
    if one.group != other.group or not (one.demanded or other.demanded):
        return False
    if not (one.firm or other.firm) and not (one.number and one.number == other.number):
        return False
    same = one.option == other.option
    if not (one.demanded and other.demanded):
        return same and (not one.number or not other.number or one.number == other.number)
    if group.compare == "version" and "least" in (one.option, other.option) and one.number and other.number:
        if same:
            return one.number != other.number
        least, exact = (one, other) if one.option == "least" else (other, one)
        return _version(exact.number) < _version(least.number)
    if same:
        return bool(one.number and other.number) and one.number != other.number
    return not any(one.option in together and other.option in together for together in group.agree)


def scope_of(statement: Statement, words: frozenset[str], places: frozenset[str]) -> Scope:
    """What of the repository ``statement`` is about. ``places``: names of its directories, small letters."""
    languages: set[str] = set()
    areas: set[str] = set()
    _add_scope(words, frozenset(), languages, areas)
    areas.update(path.strip("./") for path in _PATHS().findall(statement.text))
    own = bool(languages), bool(areas)
    for text in (*statement.under[1:], statement.lead):
        told: tuple[set[str], set[str]] = set(), set()
        _add_scope(words_of(text), places, *told)
        told[1].update(path.strip("./") for path in _PATHS().findall(text))
        languages |= set() if own[0] else told[0]
        areas |= set() if own[1] else told[1]
    return Scope(frozenset(languages), frozenset(areas))


def _add_scope(words: Iterable[str], places: frozenset[str], languages: set[str], areas: set[str]) -> None:
    known_languages, known_areas = _scope_words()
    for word in words:
        if word in known_languages:
            languages.add(known_languages[word])
        elif word in known_areas:
            areas.add(known_areas[word])
        elif word in places:
            areas.add(word)


def _of_group(group: Group, text: str, words: frozenset[str]) -> list[Choice]:
    """The choices within ``group``; none where several options are demanded at once, which are alternatives."""
    found: dict[Choice, None] = {}
    for name, option in group.options.items():
        if words.isdisjoint(option.words.split() or _own_word(group, name, option)):
            continue
        for number, demanded, firm in _mentions(group, name, text):
            if demanded or not group.binary:
                found[Choice(group.id, name, number, demanded, firm)] = None
            else:
                other = next(other for other in group.options if other != name)
                found[Choice(group.id, other, "", True, firm)] = None
    demanded_ones = {(*choice[:2], choice.number if choice.firm else "") for choice in found if choice.demanded}
    specific = {choice for choice in demanded_ones if choice[2]} or demanded_ones
    if len(specific) > 1 or len({choice[1] for choice in demanded_ones}) > 1:
        return []
    if {choice[1] for choice in demanded_ones} & {choice.option for choice in found if not choice.demanded}:
        return []
    return list(found)


def _mentions(group: Group, name: str, text: str) -> Iterable[tuple[str, bool, bool]]:
    """(number, demanded, firm) of each place where ``text`` asks for the option or refuses it."""
    data = choice_rules()
    demanded, rejected, used = _patterns(group.id, name)
    for pattern, firm in ((demanded, True), (used, False)):
        for match in pattern.finditer(text) if pattern is not None else ():
            before = text[max(0, match.start() - _CLAUSE) : match.start()]
            number = next((value for value in match.groups() if value), "")
            if compiled(data.neutral).search(before):
                continue
            if not firm and compiled(data.forbids).search(before):
                continue
            refused = compiled(data.forbids).search(before) or compiled(data.forbidden).search(text, match.end())
            yield _NUMBERS.get(number, number), not refused or bool(number and group.id in _LIMITS), firm
    refusal = rejected.search(text) if rejected is not None else None
    if refusal is not None and not (option := group.options[name]).it:
        yield "", False, True
    elif refusal is not None:
        rest = f"{text[: refusal.start()]} {text[refusal.end() :]}"
        if not compiled(rf"(?<![\w-])(?:{option.it})(?![\w-])").search(rest):
            yield "", False, True


def _own_word(group: Group, name: str, option: Option) -> list[str]:
    """What must occur where the option says nothing of it: its name if that is a trigger, or any trigger."""
    triggers = group.words.split()
    return [option.it] if option.it == name.lower() and option.it in triggers else triggers


_LIMITS = frozenset(("line-length", "function-length", "file-length", "coverage"))
"""Groups whose number is a bound, so that "never over 100" demands it."""


@cache
def _patterns(group_id: str, name: str) -> tuple[re.Pattern[str] | None, ...]:
    """The expressions by which the option is demanded, rejected and used; None where there are none."""
    group = group_of(group_id)
    option = group.options[name]
    shared = bool(option.it)
    return tuple(
        _joined([*own, *(every if shared else ())], option.it)
        for own, every in (
            (option.demanded, group.demanded),
            (option.rejected, group.rejected),
            ((), group.used),
        )
    )


def _joined(patterns: list[str], it: str) -> re.Pattern[str] | None:
    if not patterns:
        return None
    text = "|".join(f"(?:{pattern})" for pattern in patterns).replace("<it>", f"(?:{it})")
    for macro, meaning in {**_FRAGMENTS, "<use>": rf"\b{choice_rules().use}"}.items():
        text = text.replace(macro, meaning)
    numbers = re.compile(r"\?P<n\d?>")
    return re.compile(numbers.sub("", text))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression ``pattern``; remembered."""
    return re.compile(pattern)


@cache
def _triggers() -> dict[str, tuple[Group, ...]]:
    found: dict[str, list[Group]] = {}
    for group in choice_rules().groups:
        for word in group.words.split():
            found.setdefault(word, []).append(group)
    return {word: tuple(groups) for word, groups in found.items()}


def _triggered(words: frozenset[str]) -> list[Group]:
    """The groups that one of ``words`` calls for, in the order of the file."""
    triggers = _triggers()
    called = {group.id for word in words if word in triggers for group in triggers[word]}
    return [group for group in choice_rules().groups if group.id in called] if called else []


@cache
def language_words() -> frozenset[str]:
    """The words that name a language."""
    return frozenset(_scope_words()[0])


@cache
def _scope_words() -> tuple[dict[str, str], dict[str, str]]:
    """Word → language, and word → area."""
    data = choice_rules()
    return tuple(  # type: ignore[return-value]
        {word: name for name, words in table.items() for word in words.split()}
        for table in (data.languages, data.areas)
    )


def _version(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".") if part.isdigit())
