from hypothesis import given
from hypothesis import strategies as st

from ctxkit.text.markdown import frontmatter_end, outline, sections


def kinds(text):
    return [(region.kind, text[region.start : region.end]) for region in outline(text).regions]


def headings(text):
    return [(heading.level, heading.title) for heading in outline(text).headings]


def test_headings_of_both_kinds_outside_code():
    text = "# One\n\nTwo\n===\n\n```\n# not\n```\n\n    # not\n\n### Three ###\n#nospace\nPara\n---\n- item\n---\n"
    assert headings(text) == [(1, "One"), (1, "Two"), (3, "Three"), (2, "#nospace\nPara")]


def test_a_fence_ends_with_as_many_of_the_same_characters():
    assert kinds("````\n```\n````\nx\n") == [("code-fence", "````\n```\n````\n")]
    assert kinds("~~~\n```\n~~~\n") == [("code-fence", "~~~\n```\n~~~\n")]
    assert kinds("```never closed\n# x\n") == [("code-fence", "```never closed\n# x\n")]


def test_fences_in_lists_and_quotes():
    assert ("code-fence", "      ```\n      x\n      ```\n") in kinds(
        "- item\n\n      ```\n      x\n      ```\n- next\n"
    )
    assert kinds("> ```\n> x\n> ```\n") == [("code-fence", "> ```\n> x\n> ```\n")]


def test_comment_blocks_and_comments_in_a_line():
    assert kinds("<!-- a -->\ntext <!-- b -->\n") == [
        ("html-comment", "<!-- a -->\n"),
        ("inline-comment", "<!-- b -->"),
    ]
    assert kinds("a\n<!--\nx\n\ny\n-->\nb\n") == [("html-comment", "<!--\nx\n\ny\n-->\n")]
    assert kinds("<!-- open\nx\n") == []


def test_code_spans_do_not_cross_paragraphs():
    assert kinds("a `b` c ``d ` e`` f\n") == [("code-span", "`b`"), ("code-span", "``d ` e``")]
    assert kinds("a `b\n\nc` d\n") == []


def test_raw_html_runs_to_the_blank_line():
    assert kinds("<div>\n@x\n\n@y\n") == [("html-block", "<div>\n@x\n")]


def test_frontmatter_needs_both_fences():
    assert frontmatter_end("---\na: 1\n---\nbody") == len("---\na: 1\n---\n")
    assert frontmatter_end("\ufeff---\r\na: 1\r\n---\r\nbody") == len("\ufeff---\r\na: 1\r\n---\r\n")
    assert frontmatter_end("---\na: 1\nbody\n") == 0
    assert frontmatter_end("text\n---\n") == 0


MARKDOWN = st.lists(
    st.sampled_from(
        ["# a", "b", "", "```", "~~~", "    c", "- d", "> e", "<!-- f", "-->", "---", "===", "`", "``", "<div>", "\t"]
    ),
    max_size=30,
).map("\n".join)


@given(MARKDOWN | st.text(max_size=80))
def test_sections_cover_the_text_and_regions_stay_inside_and_apart(text):
    found = outline(text)
    pieces = sections(text, found)
    assert "".join(text[start:end] for start, end, *_ in pieces) == text
    position = 0
    for region in found.regions:
        assert position <= region.start < region.end <= len(text)
        position = region.end
