"""The tables: what an agent has, the files it may read, what could not be read. JavaScript sorts and filters them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model import Activation
from ctxkit.report.figures import count, full, percent, short_number
from ctxkit.report.html.markup import Bound, Content, Markup, element, joined
from ctxkit.report.html.tree import title_of
from ctxkit.report.summary import SERVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model import Segment, Skipped, Tokens
    from ctxkit.model.audit import AgentAudit, Audit, FileEntry

_CHILDREN = 30
"""Sections or tools of one item that are named."""
_LARGEST = (100, 100_000)
_SKIPPED = (100, 100_000)
"""Rows, and bytes of them, at most."""
_HIDERS = 3
_TALL = 24
"""A table of more rows scrolls in a box of its own, which the keyboard reaches too."""


class Column(NamedTuple):
    """A column: its heading, and whether it holds numbers. ``key``: JavaScript sorts by it when the page opens."""

    title: str
    number: bool = False
    sorted: bool = False


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Markup], identity: str = "", sort: bool = True
) -> Markup:
    """A table that scrolls by itself where it is wider than the page; ``identity`` for its filter."""
    heads = [
        element(
            "th",
            column.title,
            scope="col",
            class_="n" if column.number else None,
            aria_sort="descending" if column.sorted and sort else None,
        )
        for column in columns
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", element("span", caption)),
            element("thead", element("tr", heads)),
            element("tbody", rows),
            class_="sortable" if sort and len(rows) > 1 else None,
            id=identity or None,
        ),
        **_box(caption, len(rows) > _TALL, sort and len(rows) > 1),
    )


def _box(caption: str, tall: bool, sortable: bool) -> dict[str, str]:
    """What scrolls has to be reached by the keyboard: by itself, or because something in it is reached."""
    reached = {} if sortable and not tall else {"tabindex": "0", "role": "region", "aria_label": caption}
    return {"class_": "scroll tall" if tall else "scroll", **reached}


def number(said: Content, value: float) -> Markup:
    """A cell with a number that sorts by ``value``."""
    return element("td", said, class_="n", data_v=f"{value:.10g}")


def filter_box(identity: str, label: str) -> Markup:
    """The box that filters the table called ``identity``."""
    return element(
        "form",
        element(
            "label", f"{label} ", element("input", type="search", data_filter=identity, placeholder="words or a path")
        ),
        element("p", role="status"),
        class_="controls live",
    )


_ITEMS = (
    Column("What"),
    Column("Kind"),
    Column("When"),
    Column("First request", True, True),
    Column("If all is used", True),
)


def items_table(audit: AgentAudit, identity: str, bound: Bound) -> Markup:
    """Everything the agent has or may get, largest first."""
    segments = [s for s in audit.context.segments if s.loaded or s.tokens.n or s.tokens_if_used.n]
    segments.sort(key=lambda s: (-s.tokens.n, -s.tokens_if_used.n, s.path or "", s.title))
    rows, left = bound.of(segments, _item)
    name = audit.context.name
    made = [filter_box(identity, "Filter") if len(rows) > 5 else Markup("")]
    made.append(table(f"Everything {name} has or may get, in tokens", _ITEMS, rows, identity))
    if left:
        said = f"{count(len(left), 'smaller item')} not shown here"
        tokens = sum(segment.tokens.n for segment in left)
        made.append(
            element("p", f"{said} ({tokens:,} tokens of the first request): --format json has all.", class_="cutoff")
        )
    return joined(made)


def _item(segment: Segment) -> Markup:
    own = segment.path if segment.path is not None and segment.kind != SERVER else None
    title = title_of(segment)
    name: list[Markup] = [element("span", own or title, class_="path" if own else "name")]
    if segment.kind == SERVER and segment.path:
        name.append(element("span", segment.path, class_="path quiet"))
    if segment.via:
        name.append(element("span", f"imported by {segment.via[-1]}", class_="quiet"))
    if segment.why:
        name.append(element("span", segment.why, class_="why"))
    if segment.children:
        name.append(_parts(segment))
    used = segment.tokens_if_used
    return element(
        "tr",
        element("th", name, scope="row", data_v=own or title),
        element("td", segment.kind, class_="k"),
        element("td", segment.activation.value, class_="k", title=_MEANS[segment.activation]),
        number(_tokens(segment.tokens), segment.tokens.n),
        number(full(used) if used.n else "-", used.n),
    )


def _tokens(tokens: Tokens) -> str:
    return "?" if tokens.by == "unknown" else full(tokens) if tokens.n else "-"


_MEANS = {
    Activation.ALWAYS: "in every request, from the first",
    Activation.LAZY_DIR: "once a file in or under its directory is read",
    Activation.GLOB: "once a file that matches its patterns is read",
    Activation.DESCRIBED: "name and description at once, the body once the model asks",
    Activation.NAMED: "the name at once, the body once the model asks",
    Activation.MANUAL: "only when the user asks for it",
    Activation.NEVER: "not read by this agent",
}


def meanings(audits: Sequence[AgentAudit]) -> Markup:
    """What the words in the column "When" mean, as far as they occur."""
    met = {segment.activation for audit in audits for segment in audit.context.segments}
    pairs = [(element("dt", a.value), element("dd", said)) for a, said in _MEANS.items() if a in met]
    return element("dl", pairs, class_="words")


def _parts(segment: Segment) -> Markup:
    parts = [
        element(
            "li",
            title_of(child),
            " ",
            element("span", full(child.tokens if child.tokens.n else child.tokens_if_used), class_="n"),
        )
        for child in segment.children[:_CHILDREN]
    ]
    if more := segment.children[_CHILDREN:]:
        parts.append(element("li", f"{len(more):,} more", class_="quiet"))
    kind = segment.children[0].kind
    return element(
        "details", element("summary", count(len(segment.children), kind)), element("ul", parts), class_="parts"
    )


_FILES = (Column("Path"), Column("Kind"), Column("Size", True), Column("Tokens", True, True))
_KINDS = (Column("Kind"), Column("Files", True), Column("Tokens", True, True), Column("Share", True))


def files_section(audit: Audit) -> Markup:
    """What agents may read: by kind, and the largest."""
    inventory = audit.inventory
    total = inventory.total
    kinds = sorted(inventory.by_kind().items(), key=lambda kind: (-kind[1][1], kind[0]))
    rows = [
        element(
            "tr",
            element("th", kind, scope="row"),
            number(f"{files:,}", files),
            number(f"{tokens:,}", tokens),
            number([_bar(tokens / total if total else 0), percent(tokens / total) if total else "-"], tokens),
        )
        for kind, (files, tokens) in kinds
    ]
    largest = [entry for entry in inventory.largest(_LARGEST[0]) if entry.tokens]
    made = [
        element("h2", "Files agents may read", id="files-title"),
        element(
            "p",
            element("b", count(inventory.count, "file")),
            " that git does not ignore, ",
            element("b", f"{total:,} tokens"),
            " (o200k_base). None of them is in a window before an agent reads it.",
            class_="lead",
        ),
    ]
    if largest:
        hidden = any(entry.path in agent.hidden for entry in largest for agent in audit.agents)
        columns = (*_FILES, Column("Hidden from")) if hidden else _FILES
        listed, _ = Bound(*_LARGEST).of(largest, lambda entry: _file(entry, audit, hidden))
        made.append(
            element(
                "div",
                table("By kind", _KINDS, rows),
                element(
                    "div",
                    filter_box("largest", "Filter") if len(largest) > 5 else "",
                    table(_caption(inventory.count, len(listed)), columns, listed, "largest"),
                ),
                class_="beside",
            )
        )
    return element("section", made, id="files", aria_labelledby="files-title")


def _caption(there: int, shown: int) -> str:
    return "Largest first" if shown == there else f"The {shown:,} largest of {there:,}"


def _file(entry: FileEntry, audit: Audit, hidden_too: bool) -> Markup:
    hidden = [agent.context.name for agent in audit.agents if entry.path in agent.hidden]
    said = "all agents" if len(hidden) == len(audit.agents) > 1 else ", ".join(hidden[:_HIDERS])
    if len(hidden) > _HIDERS and said != "all agents":
        said += f" and {len(hidden) - _HIDERS} more"
    return element(
        "tr",
        element("th", element("span", entry.path, class_="path"), scope="row"),
        element("td", entry.kind, class_="k"),
        number(f"{short_number(entry.size)}B", entry.size),
        number(f"{'~' if entry.estimated else ''}{entry.tokens:,}", entry.tokens),
        element("td", said or "-") if hidden_too else "",
    )


def _bar(share: float) -> Markup:
    bar = element("rect", x=0, y=0, width=share * 60, height=8)
    return element("svg", bar, class_="spark", viewBox="0 0 60 8", width=60, height=8, aria_hidden="true")


def skipped_section(audit: Audit) -> Markup:
    """What could not be read, and what to do about it; nothing where all could."""
    found: dict[tuple[str, str, str], Skipped] = {}
    for skipped in (*audit.skipped, *(s for agent in audit.agents for s in agent.context.skipped)):
        found.setdefault((skipped.path, skipped.reason, skipped.hint), skipped)
    if not found:
        return Markup("")
    rows, left = Bound(*_SKIPPED).of(list(found.values()), _skipped)
    made = [
        element("h2", "Not read ", element("span", f"{len(found):,}", class_="n"), id="skipped-title"),
        table("What could not be read", (Column("Path"), Column("Why"), Column("What to do")), rows),
    ]
    if left:
        made.append(element("p", f"{len(left):,} more not shown here: --format json has all.", class_="cutoff"))
    return element("section", made, id="skipped", aria_labelledby="skipped-title")


def _skipped(skipped: Skipped) -> Markup:
    path = element("span", skipped.path, class_="path")
    return element("tr", element("th", path, scope="row"), element("td", skipped.reason), element("td", skipped.hint))
