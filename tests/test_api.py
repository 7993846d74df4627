import subprocess
import sys

import ctxkit


def test_everything_public_can_be_had():
    for name in ctxkit.__all__:
        assert getattr(ctxkit, name).__name__ == name


def test_nothing_is_imported_before_it_is_asked_for():
    code = "import ctxkit, sys; print(sorted(name for name in sys.modules if name.startswith('ctxkit.')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
