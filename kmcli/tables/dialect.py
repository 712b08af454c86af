"""How the text of a table is to be understood."""

from dataclasses import dataclass

BLANKS = " "
"""The delimiter that means any run of blanks and tabs."""


@dataclass(frozen=True)
class Dialect:
    """How the text of a table is to be understood, found out or told.

    Attributes
    ----------
    delimiter : str
        What stands between cells; `BLANKS` for any white space, nothing for JSON.
    quote : str or None
        What stands around cells that hold delimiters or line breaks.
    decimal : str
        The mark before decimals.
    na : frozenset of str
        Cells, without blanks around them, that mean a missing value.
    has_comments : bool
        Whether lines that begin with ``#`` are no records.
    has_header : bool
        Whether a record of names comes first.
    names : tuple of str
        Of the columns, given or made up.
    first_line : int
        The line at which they begin, from 1.
    head_bytes : bytes
        What comes before them: a byte order mark, ``sep=``, comments, names.
    """

    delimiter: str
    quote: str | None
    decimal: str
    na: frozenset[str]
    has_comments: bool
    has_header: bool
    names: tuple[str, ...]
    first_line: int
    head_bytes: bytes

    @property
    def start(self) -> int:
        """The byte at which the records below the names begin."""
        return len(self.head_bytes)
