"""Two places that say the same: which of them may go, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.together import Company, Meeting
from ctxkit.text.copies import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.detect.together import Together
    from ctxkit.evidence import Document, Evidence
    from ctxkit.model import Span
    from ctxkit.text.copies import Copy
    from ctxkit.text.passages import Passage

_NEAR = 64
"""Passages before and behind a place that are looked at."""


class Side(NamedTuple):
    """One of the two places of a copy: passages of a document, by number."""

    document: Document
    passages: Sequence[Passage]
    numbers: tuple[int, ...]

    @property
    def chosen(self) -> list[Passage]:
        """The passages."""
        return [self.passages[number] for number in self.numbers]

    @property
    def begin(self) -> int:
        """The first of them; headings above belong to it where all of their section is here."""
        shown = next((number for number in self.numbers if self.passages[number].kind != "heading"), self.numbers[0])
        return self.numbers[0] if self.is_section else shown

    @property
    def is_section(self) -> bool:
        """Does it begin with a heading and end where the next one begins?"""
        behind = self.numbers[-1] + 1
        ends = behind == len(self.passages) or self.passages[behind].kind == "heading"
        return ends and self.passages[self.numbers[0]].kind == "heading"

    @property
    def span(self) -> Span:
        """From the first to the last of them."""
        return self.document.span(self.passages[self.begin].start, self.passages[self.numbers[-1]].end)

    @property
    def line(self) -> int:
        """Where the first of them begins."""
        return self.document.line(self.passages[self.begin].start)

    @property
    def is_whole(self) -> bool:
        """Is there a list item, paragraph, fence … of which nothing else is said?"""
        chosen = set(self.numbers)
        blocks = {self.passages[number].block for number in self.numbers if self.passages[number].kind != "heading"}
        first, last = max(self.numbers[0] - _NEAR, 0), self.numbers[-1] + _NEAR
        broken = {
            each.block
            for number, each in enumerate(self.passages[first : last + 1], first)
            if each.block in blocks and number not in chosen
        }
        return blocks > broken

    def is_led_to_by(self, name: str) -> bool:
        """Does a line that ends in a colon and names the file ``name`` stand right above?"""
        at = next((number for number in self.numbers if self.passages[number].kind != "heading"), self.numbers[0])
        least = max(at - _NEAR, 0)
        while at > least and self.passages[at - 1].depth >= 0:
            at -= 1
        if not at or self.passages[at - 1].kind == "heading":
            return False
        block = self.passages[at - 1].block
        lead = [each for each in self.passages[max(at - 8, 0) : at] if each.block == block]
        text = self.document.text[lead[0].start : lead[-1].end]
        return text.rstrip("*_ ").endswith((":", "\uff1a")) and name in text

    @property
    def is_all(self) -> bool:
        """Is it all that the document says, titles apart?"""
        chosen = set(self.numbers)
        return all(number in chosen or each.kind == "heading" for number, each in enumerate(self.passages))


@dataclass(frozen=True)
class Twice:
    """That ``later`` is a copy of ``earlier``, of so many ``words``.

    ``removable``: every agent that has the later place has the earlier one too. ``exact``: not even filler differs.
    ``is_link``: the two files are one file. ``is_digest``: a line that names the other file leads to
    one of the places.
    """

    later: Side
    earlier: Side
    words: int
    meeting: Meeting
    removable: bool
    exact: bool
    is_link: bool
    is_digest: bool

    @property
    def key(self) -> str:
        """The words that stand twice."""
        return " ".join(word for each in self.later.chosen for word in each.words)

    @property
    def is_within(self) -> bool:
        """Are both places in one file?"""
        return self.later.document is self.earlier.document


def twice_of(
    copy: Copy,
    documents: Sequence[Document],
    texts: Sequence[Sequence[Passage]],
    together: Together,
) -> Twice | None:
    """What ``copy`` says; None where no agent has both places."""
    later, earlier = (
        Side(documents[number], texts[number], tuple(pair[place] for pair in copy.pairs))
        for number, place in ((copy.here, 0), (copy.there, 1))
    )
    removable = together.stands_in_for(earlier.document.path, later.document.path)
    turned = together.stands_in_for(later.document.path, earlier.document.path)
    later_stays, earlier_stays = _is_kept(later, together), _is_kept(earlier, together)
    if (later_stays or not removable) and not earlier_stays and (later_stays or turned):
        later, earlier, removable = earlier, later, turned
    elif later_stays:
        removable = False
    meeting = together.meeting(later.document.path, earlier.document.path)
    if meeting is None:
        return None
    names = [{side.document.path, side.document.path.rpartition("/")[2]} for side in (later, earlier)]
    is_digest = later.document is not earlier.document and any(
        side.is_led_to_by(name)
        for side, others in ((later, names[1] - names[0]), (earlier, names[0] - names[1]))
        for name in others
    )
    return Twice(
        later,
        earlier,
        size(later.passages, [(number, number) for number in later.numbers]),
        meeting,
        removable,
        exact=[each.words for each in later.chosen] == [each.words for each in earlier.chosen],
        is_link=later.document is not earlier.document
        and later.document.data == earlier.document.data
        and bool(together.links & {later.document.path, earlier.document.path}),
        is_digest=is_digest,
    )


def _is_kept(side: Side, together: Together) -> bool:
    """Must this place stay: in a file that is handed on to others, or between marks of a tool that writes it again?"""
    if together.is_handed_on(side.document.path):
        return True
    start, end = side.passages[side.numbers[0]].start, side.passages[side.numbers[-1]].end
    return together.is_rewritten(side.document, start, end)


def is_never_met(twice: Twice, evidence: Evidence) -> bool:
    """Is it the file behind a link, which agents load again only where nobody works: among files of agents?"""
    path = twice.later.document.path
    if not twice.is_link or twice.meeting.company is Company.START or "/" not in path:
        return False
    directory = path.rpartition("/")[0]
    files = [file for file in evidence.tree.files() if file.startswith(f"{directory}/")]
    return directory.startswith(".") or all(file in evidence.documents for file in files)
