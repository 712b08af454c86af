"""Numbers and foreign texts in messages and reports."""

import pytest

from kmcli.errors import InputError
from kmcli.palette_files import decode_palette
from kmcli.report.model import Field, Report, Table
from kmcli.tables import columns
from kmcli.tables.numbers import Column
from kmcli.text import number, share_text, shortened


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (212.0059, "212.006"),
        (0, "0.000"),
        (3.1416e-6, "3.142e-06"),
        (1e21, "1e+21"),
        (-0.5, "-0.500"),
    ],
)
def test_numbers_of_any_size_show_their_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0%"), (0.0002, "<0.1%"), (0.0005, "0.1%"), (1, "100.0%")]
)
def test_a_share_that_is_there_is_not_called_zero(share: float, text: str) -> None:
    assert share_text(share) == text


def test_a_long_text_is_cut_to_the_letters_that_there_is_room_for() -> None:
    assert shortened("setosa", 6) == "setosa"
    assert shortened("virginica", 6) == "vir..."


def test_messages_quote_no_more_of_a_file_than_a_line_holds() -> None:
    fits, quoted = "x" * 43, f"'{'x' * 40}...'"
    for text, shown in ((fits, f"'{fits}'"), ("x" * 44, quoted), ("x" * 100_000, quoted)):
        error = columns.not_a_number(f" {text} ", "line 2", Column("a", "number"), "t.csv")
        assert str(error) == f"line 2, column a: {shown} is not a number"
        error = columns.not_a_number(text, "line 2", Column("a", "boolean"), "t.csv")
        assert str(error) == f"line 2, column a: {shown} is neither true nor false"
        with pytest.raises(InputError, match=f"line 1: {shown} is not a colour"):
            decode_palette(text.encode(), "a.hex")


def test_a_value_is_written_as_it_is_unless_it_has_a_text_even_an_empty_one() -> None:
    rows = [[Field("k", "k", 3), Field("", "what", None, ""), Field("x", "x", 0.5, "half")]]
    assert Report("Title", [Table("", "", rows)]).to_text().splitlines()[-2:] == [
        "  k  what     x",
        "  3        half",
    ]
