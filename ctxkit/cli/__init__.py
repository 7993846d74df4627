"""The command line: a thin face of :mod:`ctxkit.service`."""
