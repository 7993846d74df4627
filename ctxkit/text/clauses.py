"""Statements cut into clauses, each with what it asks for: to do something, to leave it, or that it may be done."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.choices import choice_rules, words_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.text.statements import Statement

_NOT = r"(?:never|don't|do not|must not|mustn't|should not|shouldn't|shall not|may not|cannot|can't|not)"
_LABEL = on_demand(r"^[\w /&'.+#-]{1,40}: (?=\S)")
_CUT = on_demand(
    rf"(?:;|\.|,| -| \u2013| —)\s+(?:and |but |so )?(?={_NOT}\b|avoid\b|always\b|no\b)|;\s+|\s[\u2013—-]\s|\.\s+"
    rf"|\s(?:and|but)\s(?={_NOT}\b|avoid\b)|(?<=\w):\s|\s\((?={_NOT}\b|no\b|use\b)"
)
_INSTEAD = on_demand(r",?\s(?:instead of|rather than|in place of|as opposed to|,? not)\s(?:a |an |the |with |in |by )?")
_PREFERRED = on_demand(r",?\s(?:over|to|instead of|rather than)\s(?:a |an |the )?")
_PREFERS = on_demand(r"(?:always |please |strictly |generally |strongly )*prefer\b")
_VAGUE = on_demand(
    r"[,(]?\s?\b(?:if|when|whenever|where|wherever|as|as far as|as soon as) (?:it is |this is |that is |it's )?"
    r"(?:possible|convenient|needed|necessary|helpful|useful|practical|feasible|appropriate|you like|sensible)\b"
)
_EXAMPLE = on_demand(r"[,(]?\s?(?:\b(?:e\.g\b|i\.e\b|for example\b|for instance\b|such as\b)|\((?:like|as|see)\b).*$")
_SPOKEN = on_demand(
    r"(?:use|run|create|follow|keep|add|write|put|prefer|avoid|never|do|don't|always|make sure|ensure)\b"
)
_SUBJECT = on_demand(r"(?:must|should|may|can|needs? to|is|are)\b")
_ASIDE = on_demand(r"\s\([^()]*\)?")
_BANNED = on_demand(r"^(?:don't|do not|never|avoid|not|no|forbidden|prohibited): ")
_TELLS = on_demand(r"\b(?:is|are|was|has|have|uses|does)\b")
_NARROW = on_demand(
    r"[,(]?\s?\b(?:if|unless|except|when|whenever|while|where|wherever|until|(?<!-)only|once|just|as long as|in case"
    r"|for (?:these|this|those|such)|but|by default|generally|usually|normally)\b"
)
_WHICH = on_demand(r"\s(?:which|who|that)\b.*$")
_REASON = on_demand(
    r"[,(]?\s?\b(?:because|since|so that|so|as it|as they|to avoid|to prevent|to keep|or explain|why|unlike)\b.*$"
    r"|, (?:it|they|this|that|these|there)(?:'s|\b).*$"
)
_PERMITS = on_demand(
    r"^(?:please )?(?:feel free to|go ahead and|you (?:may|can)"
    r"|it(?:'s| is) (?:\w+ )?(?:fine|ok|okay|acceptable|allowed) (?:to|if)|you are (?:free|allowed|welcome) to)\s"
)
_EXEMPTS = on_demand(
    r"^(?:there is |there's )?(?:no need (?:to|for)|you (?:don't|do not) (?:need|have) to|need not"
    r"|don't bother (?:to|with)?|do not bother (?:to|with)?|no longer|not necessary to|it(?:'s| is) not necessary to)\s"
)
_FORBIDS = on_demand(
    rf"^(?:please |you |we |agents? |the agent |try to )*(?:(?:must |should |shall )?(?:{_NOT})(?: ever| use)?(?: any)?"
    r"|avoid|refrain from|under no circumstances|stop|skip|omit|ban|no|leave out)\s"
)
_DEMANDS = on_demand(
    r"^(?:please |you |we |agents? |the agent )*(?:always|must always|must|should always|should|shall"
    r"|make sure (?:to|that)?|be sure to|ensure (?:that )?|remember to|you need to|need to)\s"
)
_INSIDE = on_demand(
    r"\s(?:(?P<exempt>(?:need not|needn't|(?:do|does) not (?:need|have)(?: to)?)(?: be)?)|"
    r"(?P<no>(?:must|should|may(?! not be\b| not have\b)|shall|can|is|are|do|does|will) (?:not|never)(?: be| use)?"
    r"|mustn't|shouldn't|cannot|can't|isn't|aren't|doesn't|don't|never|needs? no)|(?P<may>may|can)(?: be)?"
    r"|(?P<must>must|should|shall|always|needs? to|has to|have to)(?: always)?(?: be)?)\s"
)
_NEGATION = on_demand(
    r"\b(?:never|not|don't|doesn't|avoid|no|nothing|neither|nor|cannot|can't|isn't|aren't|nobody"
    r"|none|free (?:of|from))\b"
)
_ENDS = on_demand(
    r"\s(?:is|are|be)? ?(?:(?P<no>not allowed|not permitted|forbidden|banned|prohibited|disallowed|off[- ]limits"
    r"|not used|not supported|not welcome|read-only)"
    r"|(?P<exempt>optional|not (?:needed|required|necessary|mandatory)|unnecessary)"
    r"|(?P<may>fine|ok|okay|welcome|allowed|acceptable|permitted|encouraged|enough|sufficient)"
    r"|(?P<must>required|mandatory|preferred))"
    r"(?: everywhere| here| too| as well| by default)?$"
)
_BOUND = on_demand(
    r"\b(?:with|in|for|on|under|during|inside|via|using|as|of|at|per|from|into|to|by) "
    r"(?:the |a |an |your )?([^\s,.;:]+)"
)
_ADVERB = on_demand(r"^(?!only|apply|reply|supply|rely|comply|multiply|directly|manually|explicitly)\w{2,}ly\b")
_LEFT_OUT = on_demand(r"^(?:please |always )*(?:leave|keep) (.{1,80}?) out(?: of| in)?\s")
_LEADING = on_demand(r"^(?:in|with|through|by|via|from|on|at|to|as|under)\s")
_QUALIFIED = on_demand(
    r"\b(?:unnecessary|redundant|empty|consecutive|circular|unconditional\w*|excessive|superfluous|obvious|trivial|needless|stray"
    r"|plain|bare|vanilla|other|another|more than|too many|random|unused|unrelated|duplicate)\b"
)
_DOUBLE = on_demand(r"^(?:ever )?(?:skip|omit|forget to|forget|neglect to|neglect|leave out|avoid|refrain from)\s")
_OCCASION = on_demand(
    r"^((?:after|before|when|whenever|if|once|while|during|upon|prior to|on|for|in|at) [^,]{1,80}), (?:then )?(?=\S)"
)
_EXCEPT = on_demand(r"\b(?:unless|except|only|until|but)\b")
_HANGS = on_demand(r"(?:in|with|through|by|via|from|on|at|to|as|under)\s")
_CONDITION = on_demand(
    r"^(?:if|when|whenever|for|in case|on|else|otherwise|while|during|phase|step)\b|\b(?:if|unless)\b"
)
_NAME = on_demand(r"\b(?:[A-Z][a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*|[A-Z]{2,}[A-Z0-9_]*|\w+_\w+|[A-Za-z]+\d\w*)\b")
_SHOWN = on_demand(r"(?:[ \t]*(?:[-+*]|\d{1,9}[.)])[ \t]+)?[*_]{0,3}`")
_CODE = on_demand(r"`([^`\n]{1,120})`")
_PRONOUN = frozenset(("it", "them", "they", "those"))
_LONG_ENOUGH = 4
_LONG_STEM = 9


class Mood(Enum):
    """What a clause asks for."""

    DEMAND = "demand"
    PERMIT = "permit"
    EXEMPT = "exempt"
    """It need not be done."""
    FORBID = "forbid"


_KINDS = {"no": Mood.FORBID, "exempt": Mood.EXEMPT, "may": Mood.PERMIT, "must": Mood.DEMAND}


class Clause(NamedTuple):
    """A part of a statement that asks for one thing.

    ``verb``: the first word that tells something; ``content``: all of them; ``core``: those before the first
    preposition; ``bounds``: those behind a preposition, which say where, when or with what; ``marked``: names, as they
    stand in code spans. Words are stems, synonyms are one word. ``label``: what stands before a colon in front of it.
    ``when``: the words of the condition on which it holds.
    ``narrow``: it holds for a case only. ``firm``: it is an order, not a description.
    ``told``: it says so in a word (must, always, never). ``head``: its first word, as written.
    ``listed``: it names several things.
    """

    mood: Mood
    verb: str
    content: frozenset[str]
    core: frozenset[str]
    bounds: frozenset[str]
    marked: frozenset[str]
    label: str
    when: frozenset[str]
    narrow: bool
    firm: bool
    told: bool
    head: str
    listed: bool


def clauses(statement: Statement, source: str, banned: bool = False) -> Iterator[Clause]:
    """The clauses of ``statement``. ``source``: its text as written, for the code spans.

    ``banned``: it stands in a list of what is not to be done.
    """
    marked = frozenset(_marked(source)) - (_empty() - frozenset(match[1] for match in _CODE().finditer(source)))
    text = _BANNED().sub("never ", statement.text)
    labelled = _LABEL().match(text) if not _SPOKEN().match(text) else None
    label = labelled[0] if labelled is not None else ""
    text = f"{label[:-2]} {text[len(label) :]}" if _SUBJECT().match(text, len(label)) else text[len(label) :]
    if banned and not _NEGATION().search(text):
        text = f"never {text}"
    narrow = text.endswith(":") or _CONDITION().search(statement.lead) is not None
    shown = _SHOWN().match(source) is not None
    previous: Clause | None = None
    start = 0
    for end in [*(match.span() for match in _CUT().finditer(text)), (len(text), len(text))]:
        piece, start = text[start : end[0]], end[1]
        for part, rejected in _sides(piece):
            found = _clause(part, rejected, marked, previous, shown and previous is None)
            if found is not None:
                previous = found
                yield found._replace(label=label, narrow=found.narrow or narrow)


def _marked(source: str) -> Iterator[str]:
    """The words of ``source`` that are names: those in code spans, and those that are spelled as no word is."""
    for match in _CODE().finditer(source):
        yield from map(_canonical, _split(match[1].lower()))
    for match in _NAME().finditer(source):
        yield _canonical(match[0].lower())


def _sides(piece: str) -> Iterator[tuple[str, bool]]:
    """What ``piece`` asks for, and what it asks to leave for that."""
    sides = (_PREFERRED() if _PREFERS().match(piece) else _INSTEAD()).split(piece, maxsplit=1)
    if len(sides) > 1 and _TELLS().search(sides[0]):
        yield sides[0], False
        return
    yield f"always {sides[0]}" if len(sides) > 1 and not _FORBIDS().match(sides[0]) else sides[0], False
    for side in sides[1:]:
        yield side, True


def _clause(piece: str, rejected: bool, marked: frozenset[str], previous: Clause | None, shown: bool) -> Clause | None:
    """The clause ``piece``; None where it asks for nothing. ``shown``: it begins with code, which is no order."""
    text = piece.strip(" .,;:!()\"'")
    if not text:
        return None
    text = _VAGUE().sub("", _REASON().sub("", _EXAMPLE().sub("", _ASIDE().sub("", text))))
    occasion = _OCCASION().match(text)
    text = text[occasion.end() :] if occasion is not None else text
    mood, rest, told = _mood(f"{text} ")
    if rejected:
        mood = {Mood.DEMAND: Mood.FORBID, Mood.PERMIT: Mood.FORBID, Mood.FORBID: Mood.DEMAND}.get(mood, mood)
    if mood is Mood.FORBID and (double := _DOUBLE().match(rest)) is not None:
        mood, rest = Mood.DEMAND, rest[double.end() :]
    narrowed = _NARROW().search(rest)
    which = _WHICH().search(rest) if _INSIDE().search(text) is None else None
    when = frozenset(stems(occasion[1])) if occasion is not None else frozenset()
    for cut in (narrowed, which):
        if cut is not None:
            when |= frozenset(stems(rest[cut.end() if cut is narrowed else cut.start() :]))
    rest = rest[: min((cut.start() for cut in (narrowed, which) if cut is not None), default=len(rest))]
    if _NEGATION().search(rest):
        return None
    order = list(stems(rest))
    content = frozenset(order) | (marked & _empty() & words_of(rest))
    if previous is not None and mood is Mood.FORBID and (_PRONOUN & words_of(rest) or _HANGS().match(rest)):
        content |= previous.core - ({previous.verb} if _PRONOUN & words_of(rest) else set())
        order = order if _PRONOUN & words_of(rest) else [previous.verb, *order]
    if not content:
        return None
    bounds = frozenset(_canonical(match[1].strip("()\"'")) for match in _BOUND().finditer(rest))
    first = rest.split(maxsplit=1)
    firm = told or rejected or mood is Mood.FORBID or (not shown and bool(first) and first[0] in _orders())
    verb = order[0] if order else ""
    place = _BOUND().search(rest)
    core = content & frozenset(stems(rest[: place.start()])) if place is not None else content
    if narrowed is not None and not when:
        when = frozenset((narrowed[0].strip(" ,("),))
    if (adverb := _ADVERB().search(rest)) is not None:
        when |= {adverb[0]}
    narrow = narrowed is not None and _EXCEPT().search(narrowed[0]) is not None
    if mood is Mood.FORBID:
        narrow = narrow or _LEADING().search(rest) is not None
        when |= frozenset(map(_canonical, _QUALIFIED().findall(rest)))
    return Clause(
        mood,
        verb,
        content,
        core,
        bounds,
        marked & (content | when),
        "",
        when,
        narrow,
        firm,
        told,
        first[0] if first else "",
        ", " in rest or " or " in rest,
    )


@cache
def _orders() -> frozenset[str]:
    """The words that orders begin with."""
    return frozenset(choice_rules().orders.split())


def _mood(text: str) -> tuple[Mood, str, bool]:
    """What ``text`` asks for, the rest of it, and whether it says so in a word."""
    left = _LEFT_OUT().match(text)
    if left is not None:
        return Mood.FORBID, f"{left[1]} {text[left.end() :]}", True
    for pattern, mood in (
        (_PERMITS(), Mood.PERMIT),
        (_EXEMPTS(), Mood.EXEMPT),
        (_FORBIDS(), Mood.FORBID),
        (_DEMANDS(), Mood.DEMAND),
    ):
        match = pattern.match(text)
        if match is not None:
            return mood, text[match.end() :], match[0].split()[-1] not in ("no", "stop")
    text = text.rstrip()
    condition = _NARROW().search(text)
    text, tail = (text[: condition.start()], text[condition.start() :]) if condition is not None else (text, "")
    ends = _ENDS().search(text)
    if ends is not None:
        rest = text[: ends.start()] + tail
        return _KINDS[ends.lastgroup or "must"], f"edit {rest}" if ends["no"] == "read-only" else rest, True
    inside = _INSIDE().search(text)
    if inside is not None:
        return _KINDS[inside.lastgroup or "must"], f"{text[: inside.start()]} {text[inside.end() :]}{tail}", True
    return Mood.DEMAND, text + tail, False


def stems(text: str) -> Iterator[str]:
    """The words of ``text`` that tell something, those behind "without" turned round."""
    turned = False
    for word in _split(text):
        if word == "without":
            turned = True
            continue
        stem = _canonical(word)
        if stem and stem not in _empty() and word not in _empty() and not _ADVERB().fullmatch(word):
            yield f"!{stem}" if turned else stem
            turned = False


_WORDS = on_demand(r"[a-z0-9.@-][\w.@/+#'-]*")


def _split(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORDS().findall(text):
        stripped = word.strip("./'-") or word
        sides = stripped.split("/")
        found += sides if len(sides) > 1 and all(map(str.isalpha, sides)) else [stripped]
    return found


@cache
def _canonical(word: str) -> str:
    """The stem of ``word``, or the word that stands for it and its synonyms."""
    stem = _stem(word)
    return _synonyms().get(stem, stem)


@cache
def _empty() -> frozenset[str]:
    """The words that tell nothing of what a clause is about."""
    return frozenset(choice_rules().empty.split())


@cache
def light_verbs() -> frozenset[str]:
    """Verbs that say no more than that something is to be done."""
    return frozenset(map(_canonical, choice_rules().light.split()))


@cache
def _synonyms() -> dict[str, str]:
    return {_stem(word): _stem(group.split()[0]) for group in choice_rules().same for word in group.split()}


@cache
def opposites() -> frozenset[tuple[str, str]]:
    """Pairs of words of which one undoes the other, each way round."""
    pairs = [(one, other) for one, other in (pair.split() for pair in choice_rules().opposite)]
    both = {(_canonical(one), _canonical(other)) for one, other in pairs}
    return frozenset(both | {(other, one) for one, other in both})


_ENDING = on_demand(r"(?:ings?|ed|ies|es|s|ly)$")


_NOUN = on_demand(r"(?:ation|ance|ence)$")


def _stem(word: str) -> str:
    word = word.strip(".,;:!?()\"'")
    if not word.isalpha() or len(word) < _LONG_ENOUGH:
        return word
    stem = re.sub(r"ie[sd]$", "y", word)
    stem = _ENDING().sub("", stem) if stem == word and not word.endswith("ss") else stem
    stem = _NOUN().sub("", stem) if len(stem) >= _LONG_STEM else stem
    stem = stem[:-4] if stem.endswith("ment") and len(stem) > _LONG_STEM else stem
    if len(stem) < _LONG_ENOUGH - 1:
        return word
    if stem != word and len(stem) > _LONG_ENOUGH - 1 and stem[-1] == stem[-2] and stem[-1] not in "sl":
        stem = stem[:-1]
    return stem.rstrip("e") if len(stem) > _LONG_ENOUGH - 1 else stem
