"""Errors a user can cause, each with the next step to take."""


class CtxkitError(Exception):
    """Something the user can mend: one sentence saying what is wrong, one saying what to do.

    The command line prints both and exits with ``exit_code``; it never shows a traceback for it.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CtxkitError):
    """A configuration or data file is not of the form its schema asks for."""


class UnknownNameError(CtxkitError):
    """A name (agent, model, format) that the data files do not hold."""


class NothingToAuditError(CtxkitError):
    """There is nothing here that an agent would load."""

    exit_code = 3
