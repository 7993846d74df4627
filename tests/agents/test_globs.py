import pytest

from ctxkit.agents.globs import expand_braces, matcher
from ctxkit.agents.spec import GlobDialect

GITIGNORE = GlobDialect(style="gitignore", drop_globstar=True, ignore_case=True, never=("./",))
GLOB = GlobDialect()


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "sub/deep/x.py", True),
        ("sub/**", "lib/sub/x.py", True),
        ("sub/*", "sub/deep/x.py", True),
        ("sub/*.py", "sub/x.py", True),
        ("sub/*.py", "lib/sub/x.py", False),
        ("/sub/**", "lib/sub/x.py", False),
        ("SUB/*.PY", "sub/x.py", True),
        ("./sub/**", "sub/x.py", False),
        ("**/*.{ts,py}", "a/b.py", True),
        ("[a-c]x.py", "bx.py", True),
        ("[!a-c]x.py", "bx.py", False),
        ("?.py", "x.py", True),
        ("a[b.py", "a[b.py", True),
    ],
)
def test_gitignore_style(pattern, path, expected):
    assert matcher([pattern], GITIGNORE)(path) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "sub/x.py", True),
        ("src/*.py", "src/x.py", True),
        ("src/*.py", "src/a/x.py", False),
        ("src/**", "src/a/x.py", True),
        ("src/**/x.py", "src/x.py", True),
        ("**", "anything", True),
        ("./src/x.py", "src/x.py", True),
    ],
)
def test_glob_style(pattern, path, expected):
    assert matcher([pattern], GLOB)(path) is expected


def test_a_later_pattern_takes_a_match_back():
    matches = matcher(["*.py", "!test_*.py"], GITIGNORE)
    assert matches("a.py")
    assert not matches("test_a.py")


def test_prefix_and_anchored_dialects():
    assert matcher(["sub/x.py"], GlobDialect(any_depth=True))("deep/sub/x.py")
    assert not matcher(["*.py"], GlobDialect(bare="anchored"))("sub/x.py")


def test_braces():
    assert sorted(expand_braces("a{b,c{d,e}}f")) == ["abf", "acdf", "acef"]
    assert expand_braces("{a") == ["{a"]
    assert len(expand_braces("{a,b}" * 20)) <= 1_100
