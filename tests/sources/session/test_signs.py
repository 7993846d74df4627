"""What a rule's text can be recognised by in a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.session import signs
from ctxkit.sources.session.signs import SignFinder, signs_of


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Run `make lint` before you commit.", {"make lint"}),
        ("Run `pnpm -r test --watch` often.", {"pnpm test"}),
        ("See `src/api/routes.ts`.", {"src/api/routes.ts"}),
        ("See `./src/api/`.", {"src/api"}),
        ("Never call `dangerouslySetHTML()`.", {"dangerouslySetHTML"}),
        ("Be kind, and `true` to `main`.", set()),
        ("Short: `ab`, `x.y`.", set()),
        ("```sh\n$ uv run pytest -q\ncd sub && ls\n```\n", {"uv run pytest"}),
        ("```go\nfunc Test(t *testing.T) {\n```\n", set()),
        ("Use `npm run build:all` and `mise run fmt`.", {"npm run build:all", "mise run fmt"}),
        ("~~~\nDEBUG=1 cargo build --release\n~~~\n", {"cargo build"}),
        ("Prose alone says nothing that could be looked for.", set()),
        ("Unclosed `code and ```fence", set()),
        ("``double `tick` span.py``", set()),
        ("> ```sh\n> make docs\n> ```\n", {"make docs"}),
        ("Run `make\nlint` often.", {"make lint"}),
        ("~~~a\nmake docs\n~~~\n", set()),
        ("<!-- Run `make docs`. -->\n", set()),
    ],
)
def test_signs_of_a_rule(text: str, signs: set[str]) -> None:
    assert signs_of(text) == signs


def test_a_file_full_of_code_has_a_bounded_number_of_signs() -> None:
    assert len(signs_of(" ".join(f"`name_{n}`" for n in range(5000)))) == 400


def test_a_text_is_walked_through_once_however_many_fences_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line that opens a fence and none that closes one: only the first does, and no line is looked at twice."""
    looked_at = 0
    command = signs._command

    def counted(line: str) -> str | None:
        nonlocal looked_at
        looked_at += 1
        return command(line)

    monkeypatch.setattr(signs, "_command", counted)
    assert signs_of("~~~\n" + "~~~sh\n" * 20_000) == set()
    assert looked_at == 20_000
    assert signs_of("~~~a\n" * 20_000) == set()
    assert looked_at == 20_000


@pytest.mark.parametrize(
    ("sign", "text", "found"),
    [
        ("make lint", '{"command":"make  lint"}', True),
        ("make lint", '{"command":"cmake lint"}', False),
        ("make lint", '{"command":"make linters"}', False),
        ("src/api/routes.ts", '{"file_path":"/home/me/repo/src/api/routes.ts"}', True),
        ("routes.ts", '{"file_path":"/src/routes.tsx"}', False),
        ("a.b+c", '{"x":"a.b+c"}', True),
        ("a.b+c", '{"x":"aXbbc"}', False),
        ("größe", '{"x":"die größe."}', True),
    ],
)
def test_a_sign_is_met_as_a_whole(sign: str, text: str, found: bool) -> None:
    assert (list(SignFinder([sign, "another sign"]).found_in(text)) == [sign]) is found


def test_no_signs_are_never_met() -> None:
    assert list(SignFinder([]).found_in("make lint")) == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_survived(text: str, other: str) -> None:
    finder = SignFinder(signs_of(text))
    assert set(finder.found_in(other)) <= signs_of(text)


@given(st.lists(st.from_regex(r"[a-z]{4,9}/[a-z]{4,9}\.py", fullmatch=True), min_size=1, max_size=20))
def test_every_path_set_in_code_is_met_where_it_stands_alone(names: list[str]) -> None:
    finder = SignFinder(signs_of(" ".join(f"`{name}`" for name in names)))
    for name in names:
        assert name in finder.found_in(f'{{"file_path":"/w/{name}"}}')
