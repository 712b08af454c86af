"""What can go wrong, and the exit code by which the shell learns of it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; the README lists them."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    INPUT = 3
    LIMIT = 4
    OUTPUT = 5
    PARTIAL = 6
    DECLINED = 7


class KmcliError(Exception):
    """A problem that the user can act on, described in one line.

    Parameters
    ----------
    message : str
        What is wrong, with the numbers. No line breaks and no names of options: `cli.hints`
        and `picture_files` add the way out, by the class of the error.
    name : str, optional
        The file or stream concerned, if the context does not tell.
    """

    exit_code: ExitCode = ExitCode.FAULT

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class SettingsError(KmcliError, ValueError):
    """An invalid option or combination of options."""

    exit_code = ExitCode.USAGE


class InputError(KmcliError):
    """An input that is missing, damaged or not of a supported kind."""

    exit_code = ExitCode.INPUT


class FolderInputError(InputError):
    """An input is a folder."""


class NoPaletteError(InputError):
    """A picture without a palette where one is needed."""


class CellError(InputError):
    """A cell of a table is no number where there should be one."""


class NoNumbersError(InputError):
    """No column of a table holds numbers."""


class QuoteError(InputError):
    """A quote in a table is neither around a cell nor doubled within one."""


class DelimiterError(InputError):
    """It is not certain what stands between the cells of a table."""


class DecimalError(InputError):
    """It is not certain what stands before the decimals in a table."""


class LimitError(KmcliError):
    """An input or a computation beyond a limit of size or memory."""

    exit_code = ExitCode.LIMIT


class TooManyBytesError(LimitError):
    """An input has more bytes than allowed."""


class TooManyPixelsError(LimitError):
    """A picture has more pixels than allowed."""


class TooManyFramesError(TooManyPixelsError):
    """The frames of a picture together have more pixels than allowed."""


class DeclinedError(KmcliError):
    """A condition set by the user is not met, so nothing was done."""

    exit_code = ExitCode.DECLINED


class SkippedError(DeclinedError):
    """An input was left alone, as the user asked for such a case."""


class OutputError(KmcliError):
    """An output that cannot or must not be written."""

    exit_code = ExitCode.OUTPUT


class ExistsError(OutputError):
    """An output exists, and was not to be replaced."""


class FolderOutputError(OutputError):
    """An output is a folder."""
