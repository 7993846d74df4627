"""``python -m ctxkit``."""

from ctxkit.cli.app import main

main()
