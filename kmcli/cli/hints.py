"""The options that help against an error: lower layers give facts and know no options."""

import click

from kmcli.errors import (
    CellError,
    DecimalError,
    DelimiterError,
    ExistsError,
    FolderInputError,
    FolderOutputError,
    KmcliError,
    NoNumbersError,
    NoPaletteError,
    QuoteError,
    TooManyBytesError,
    TooManyFramesError,
    TooManyPixelsError,
)

_HINTS: dict[type[KmcliError], dict[str, str]] = {
    CellError: {
        "--exclude": "exclude the column with -x",
        "--na": "list the words for missing values with --na",
    },
    DecimalError: {"--decimal": "say which with --decimal"},
    DelimiterError: {"--delimiter": "say with --delimiter what does"},
    ExistsError: {"--force": "use --force to replace it"},
    FolderInputError: {"--recursive": "use --recursive to process the pictures in it"},
    FolderOutputError: {"--output-dir": "use -d to name a folder for the outputs"},
    NoNumbersError: {
        "--one-hot": "name categories with --one-hot, or say with --delimiter, --quote or "
        "--decimal how numbers are written"
    },
    NoPaletteError: {
        "--palette-out": "find a palette with kmcli quantize PICTURE --palette-out palette.gpl"
    },
    QuoteError: {"--quote": "fix it, or use --quote none to read quotes as plain text"},
    TooManyFramesError: {
        "--max-pixels": "raise it with --max-pixels, or pick one frame with --frame"
    },
    TooManyPixelsError: {"--max-pixels": "raise it with --max-pixels"},
    TooManyBytesError: {"--max-input-bytes": "raise the limit with --max-input-bytes"},
}


def with_hint(error: KmcliError, command: click.Command | None = None) -> str:
    """Say what is wrong and, if the command that runs has options that help, what to do."""
    if command is None:
        context = click.get_current_context(silent=True)
        command = context.command if context else None
    known = {name for parameter in command.params for name in parameter.opts} if command else set()
    hints = [hint for option, hint in _HINTS.get(type(error), {}).items() if option in known]
    return f"{error}; {', or '.join(hints)}" if hints else str(error)
