"""Tables: messy text is read rightly or refused with its line, and never as wrong numbers."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcli.errors import InputError, SettingsError
from kmcli.files import Stored
from kmcli.settings.tables import ColumnChoice, TableFormat
from kmcli.tables import blocks
from kmcli.tables.cells import number_column
from kmcli.tables.columns import select
from kmcli.tables.numbers import Column
from kmcli.tables.source import TableSource, choose, open_table, with_columns
from tests.memory import Memory

GOOD = [[-0.5, 5.895], [4.92, 5.27], [0.392, 1000]]


def opened(
    data: bytes | str, wanted: TableFormat | None = None, choice: ColumnChoice | None = None
) -> TableSource:
    data = data.encode() if isinstance(data, str) else data
    return choose(open_table([Memory(data)], wanted), choice)


def values(table: TableSource) -> list[list[float]]:
    return [row for block in table.blocks() for row in table.numbers(block).values.tolist()]


READ_RIGHTLY = {
    "plain": "x,y\n-0.5,5.895\n4.92,5.27\n0.392,1000\n",
    "byte order mark": "\ufeffx,y\n-0.5,5.895\n4.92,5.27\n0.392,1000\n",
    "line ends of Windows": "x,y\r\n-0.5,5.895\r\n4.92,5.27\r\n0.392,1000\r\n",
    "no last line end": "x,y\n-0.5,5.895\n4.92,5.27\n0.392,1000",
    "blanks around numbers": "x, y\n -0.5 , 5.895\n4.92,5.27 \n0.392,1e3\n",
    "semicolons": "x;y\n-0.5;5.895\n4.92;5.27\n0.392;1000\n",
    "tabs": "x\ty\n-0.5\t5.895\n4.92\t5.27\n0.392\t1000\n",
    "bars": "x|y\n-0.5|5.895\n4.92|5.27\n0.392|1000\n",
    "decimal commas": "x;y\n-0,5;5,895\n4,92;5,27\n0,392;1000\n",
    "decimal commas that might separate": "-0,5;5,895\n4,92;5,27\n0,392;1000,0\n",
    "a separator told": "sep=;\nx;y\n-0.5;5.895\n4.92;5.27\n0.392;1000\n",
    "comments": "# measured\n# in the dark\nx,y\n-0.5,5.895\n4.92,5.27\n# late\n0.392,1000\n",
    "names in a comment": "# x y\n-0.5 5.895\n4.92 5.27\n0.392 1000\n",
    "white space": "  x  y\n-0.5   5.895\n 4.92 \t5.27\n0.392 1000 \n",
    "white space, no names": "-0.5   5.895\n 4.92 \t5.27\n0.392 1000\n",
    "blank lines": "x,y\n\n-0.5,5.895\n4.92,5.27\n\n0.392,1000\n\n\n",
    "quotes around all": '"x","y"\n"-0.5","5.895"\n"4.92","5.27"\n"0.392","1000"\n',
    "a separator in a name": '"x, cm";"y"\n-0.5;5.895\n4.92;5.27\n0.392;1000\n',
    "a line break in a name": '"x\ncm",y\n-0.5,5.895\n4.92,5.27\n0.392,1000\n',
    "no names": "-0.5,5.895\n4.92,5.27\n0.392,1000\n",
    "two byte order marks": "\ufeff\ufeffx,y\n-0.5,5.895\n4.92,5.27\n0.392,1000\n",
    "a carriage return in a cell": 'x,who,y\n-0.5,"a\rb",5.895\n4.92,c,5.27\n0.392,d,1000\n',
    "text that begins like zlib": "x^,-0.5,5.895\nx^a,4.92,5.27\nx\x01,0.392,1000\n",
    "an index without a name": ",x,y\n0,-0.5,5.895\n1,4.92,5.27\n2,0.392,1000\n",
    "an index that pandas has read": "Unnamed: 0,x,y\n0,-0.5,5.895\n1,4.92,5.27\n2,0.392,1000\n",
    "text beside numbers": 'x,who,y\n-0.5,Ann,5.895\n4.92,"O, ""B""",5.27\n0.392,"a\nb",1000\n',
    "separators at the ends": "x,y,\n-0.5,5.895,\n4.92,5.27,\n0.392,1000,\n",
}


@pytest.mark.parametrize("kind", READ_RIGHTLY)
def test_a_messy_table_gives_the_numbers_that_were_meant(kind: str) -> None:
    assert values(opened(READ_RIGHTLY[kind])) == GOOD


@pytest.mark.parametrize("kind", READ_RIGHTLY)
def test_pieces_of_any_size_give_the_same_blocks(kind: str) -> None:
    data = READ_RIGHTLY[kind].encode()
    for size in (1, 3, 7):
        table = choose(open_table([Memory(data, size)]))
        assert [block.data for block in table.blocks()] == [
            block.data for block in opened(data).blocks()
        ]


def test_pieces_of_any_size_give_the_same_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    data = READ_RIGHTLY["text beside numbers"].encode() * 3
    found = {
        tuple(block.data for block in open_table([Memory(data, size)]).blocks())
        for size in (1, 7, 16, 1000)
    }
    assert len(found) == 1
    assert max(map(len, found.pop())) <= 32


def test_a_point_among_decimal_commas_is_no_number() -> None:
    wanted = TableFormat(decimal=",")
    with pytest.raises(InputError, match=r"line 2, column x: '1\.234' is not a number"):
        values(opened("x;y\n1.234;0,5\n2;0,7\n", wanted, ColumnChoice(("x",))))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_with_its_mark_is_read(encoding: str) -> None:
    mark = "\ufeff" if encoding != "utf-16" else ""
    assert values(opened((mark + READ_RIGHTLY["tabs"]).encode(encoding))) == GOOD
    json_lines = mark + '{"x": 1}\n{"x": 3}\n'
    assert values(opened(json_lines.encode(encoding))) == [[1], [3]]


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a short row": ("x,y\n1,2\n3\n4,5\n", "line 3 has 1 cell, the names 2"),
    "a long row": ("x,y\n1,2\n3,4,5\n4,5\n", "line 3 has 3 cells, the names 2"),
    "a short row without names": ("1,2\n3\n4,5\n", "line 2 has 1 cell, the first record 2"),
    "a long row of words": ("  x y\n1 2\n3 4 5\n1 2\n", "line 3 has 3 cells"),
    "a lone quote": ('x,who\n1,5" pipe\n2,b\n', 'line 2 has a quote " that is neither'),
    "a quote that is not closed": ('x,who\n1,a\n2,"b\n3,c\n', "line 3 has a quote"),
    "a quote that closes early": ('x,who\n1,"a"b\n3,c\n', "line 2 has a quote"),
    "an underscore": ("x,y\n1_000,a\n3,b\n", "x (text such as '1_000'), y (text)"),
    "Latin-1": ("who,x\nAnn,1\nJörg,2\n".encode("latin-1"), "line 3, byte 2"),
    "nothing": ("", "no rows"),
    "blank lines alone": ("\n\n", "no rows"),
    "names alone": ("x,y\n", "no rows"),
    "line ends of old": ("x,y\r1,2\r3,4\r", "line 1 has a line end of CR alone"),
    "a line end of old": ("x,y\r1,2\n3,4\n", "line 1 has a line end of CR alone"),
    "a carriage return too many": ("x,y\r\r\n1,2\r\r\n", "line 1 has a line end of CR alone"),
    "a late line end of old": ("x,y\n1,2\r\n3,4\r5,6\n", "line 3 has a line end of CR alone"),
    "dollars": ("x,y\n$1.50,2\n$-3,4\n", "line 2, column x: '$1.50' is not a number"),
    "shares of a hundred": ("x,y\n1.5 %,2\n-3%,4\n", "line 2, column x: '1.5 %'"),
    "thousands in all rows": ('x,y\n"1,234.5",2\n"12,345",4\n', "line 2, column x: '1,234.5'"),
    "thousands of the Swiss": ("x,y\n1'234,2\n12'345.5,4\n", 'line 2, column x: "1\'234"'),
    "points and commas": ("x;y\n1.234,50;2\n12.345,6;4\n", "line 2, column x: '1.234,50'"),
    "losses in brackets": ("x,y\n(1.50),2\n3,4\n", "line 2, column x: '(1.50)'"),
    "digits of other scripts": ("x,y\n\u0663,2\n\u0664,4\n", "line 2, column x"),
    "zero bytes": (b"x,y\n1,\x002\n", "line 2 contains a zero byte"),
    "a thousand or one": ("x;y\n1,234;5,678\n2,345;6,789\n", "1234 or 1.234"),
    "two columns of one name": ("x,x\n1,2\n3,4\n", "2 columns are called 'x' (#1, #2)"),
    "no numbers": ("a,b\nx,y\nz,w\n", "no numeric columns are left: x1 (text), x2 (text)"),
    "names of rows without a name": (
        '"x" "y"\n"1" 1 2\n"2" 3 4\n',
        "line 1 has 2 names, the records",
    ),
    "JSON array": ('[{"x": 1}]', "jq -c"),
    "JSON array on lines": (' [\n {"x": 1}\n]\n', "jq -c '.[]'"),
    "JSON array of arrays": ("[[1, 2],\n [3, 4]]\n", "jq -r '.[] | @csv'"),
    "arrays of JSON": ("[1, 2]\n[3, 4]\n", "jq -r @csv"),
    "JSON on several lines": ('{\n"x": 1\n}\n', "line 1 is not a JSON object; write one on each"),
    "HTML": ("<table><tr><td>1</td></tr></table>\n", "is HTML or XML"),
    "an office file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "office program"),
    "a spreadsheet": (b"PK\x03\x04\0\0", "as CSV"),
    "many widths": ("a,b\n1\n2,3,4\n5,6,7,8\n", "no comma, semicolon, tab, bar or blank"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_is_refused_with_its_line(kind: str) -> None:
    data, message = REFUSED[kind]
    with pytest.raises(InputError) as caught:
        values(opened(data))
    assert message in str(caught.value)
    assert caught.value.name == "t.csv"


LATE = {
    "text": "many",
    "infinity": "inf",
    "too large a number": "1e200",
    "beyond all numbers": "1e400",
    "thousands": '"1,000"',
    "an underscore": "1_000",
    "a hexadecimal number": "0x10",
    "digits of other scripts": "٣",
}


@pytest.mark.parametrize("kind", LATE)
def test_a_late_cell_that_is_no_number_is_refused_with_line_and_column(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    rows = [f"{i % 7},2\n" for i in range(200)]
    rows[150] = f"3,{LATE[kind]}\n"
    with pytest.raises(InputError) as caught:
        values(opened("x,y\n" + "".join(rows)))
    assert str(caught.value).startswith("line 152, column y: ")


def test_a_line_end_of_old_is_refused_far_below_too() -> None:
    with pytest.raises(InputError, match="line 70002 has a line end of CR alone"):
        opened("x,y\n" + "1,2\n" * 70_000 + "3,4\r5,6\n")


def test_the_first_of_several_bad_cells_is_named() -> None:
    with pytest.raises(InputError, match="line 3, column y: 'b' is not a number"):
        values(opened("x,y\n1,2\n3,b\na,4\n", choice=ColumnChoice(("x", "y"))))


def test_words_for_missing_values_are_missing() -> None:
    cells = ["1", "", "NA", " N/A ", "NaN", "nan", "null", "NULL", "None", "?", "-", "2"]
    found = values(opened("x,y\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert [row[0] for row in found if not math.isnan(row[0])] == [1, 2]
    assert len(found) == len(cells)


@pytest.mark.parametrize("word", ["0", "-99", "7."])
def test_a_number_can_mean_a_missing_value(word: str) -> None:
    table = opened(f"x,y\n1,2\n{word},3\n5,4\n", TableFormat(na=(word,)))
    np.testing.assert_equal(values(table), [[1, 2], [math.nan, 3], [5, 4]])


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("1,2\n,-3e2\n", True),
        ("1,2\n5,inf\n", False),
        ("1,2\n5,NA\n", False),
        ('{"x": 1, "y": 2}\n\n{"y": -3e2}\n', True),
        ('{"x": 1, "y": 2}\n{"y": "3"}\n', False),
        ('{"x": 1, "y": 2}\n \n', False),
        ('{"x": 1, "y": 2}\n' * 20_000 + '{"y": 2, "x": 2, "x": 3}\n', False),
    ],
)
def test_plain_numbers_are_read_at_once_and_others_looked_at(text: str, is_plain: bool) -> None:
    table = open_table([Memory(text.encode())])
    (block,) = table.blocks()
    plain = table.plain_numbers(block, [1, 0])
    assert (plain is not None) == is_plain
    if plain is not None:
        np.testing.assert_equal(plain.tolist(), [[2, 1], [-300, math.nan]])


@given(
    cells=st.lists(
        st.one_of(
            st.floats(allow_nan=False, min_value=-1e140, max_value=1e140).map(repr),
            st.sampled_from(["", " ", " 1.5", "2 ", '"3"', '""', "+4", "-.5", "1.", "1E5", "007"]),
            st.sampled_from(["NA", "nan", "inf", "1e200", "1_0", "0x1", "x", "-", "true", "1.5e"]),
        ),
        min_size=1,
        max_size=9,
    ),
    na=st.sampled_from([TableFormat().na, ("", "-"), ("NA", "nan"), ()]),
)
def test_numbers_read_at_once_are_those_of_the_cells(cells: list[str], na: tuple[str, ...]) -> None:
    text = "x,y\n" + "".join(f"{cell},1\n" for cell in ["8", *cells])
    table = open_table([Memory(text.encode())], TableFormat(na=na, header="yes"))
    (block,) = table.blocks()
    plain = table.plain_numbers(block, [0])
    if plain is not None:
        found, wrong = number_column(table.cells(block, [0])["0"], na)
        assert wrong is None
        np.testing.assert_array_equal(plain[:, 0], found)


def test_only_the_words_that_are_told_are_missing() -> None:
    table = opened("x,y\n1,9\n-999,8\n2,7\n", TableFormat(na=("-999",)))
    assert [math.isnan(row[0]) for row in values(table)] == [False, True, False]


def test_true_and_false_count_as_one_and_zero() -> None:
    table = opened("x,y\n1,TRUE\n2,false\n3,\n")
    assert table.columns[1].kind == "boolean"
    assert values(table)[:2] == [[1, 1], [2, 0]]


def test_what_is_left_out_is_named_with_the_reason() -> None:
    table = opened(
        "id,when,who,x,none\n17,2024-01-02,Ann,1,\n4,2024-01-03,Bob,1,\n9,2024-02-01,Cy,2,\n"
    )
    assert [column.name for column in table.columns] == ["x"]
    assert [(column.name, column.why) for column in table.left_out] == [
        ("id", "row numbers"),
        ("when", "dates"),
        ("who", "text"),
        ("none", "empty"),
    ]


@pytest.mark.parametrize(
    ("name", "n_words", "kind"),
    [("y", 1, "number"), ("y", 2, "text such as 'C7'"), ("order_id", 1, "text such as 'C7'")],
)
def test_a_column_with_few_words_is_one_of_numbers_unless_it_numbers_rows(
    name: str, n_words: int, kind: str
) -> None:
    rows = ["1.5,C7\n"] * n_words + ["2,8\n", "4,6\n"] * 5
    table = opened(f"x,{name}\n" + "".join(rows[: 10 if n_words == 1 else 11]))
    assert [column.name for column in table.columns][1:] == [name] * (kind == "number")
    assert [column.why for column in table.left_out] == [kind] * (kind != "number")
    if kind == "number":
        with pytest.raises(InputError, match="line 2, column y: 'C7' is not a number"):
            values(table)


def test_a_chosen_column_of_text_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match="line 2, column x: '1_000' is not a number"):
        values(opened("x,y\n1_000,2\n3,4\n", choice=ColumnChoice(("x",))))


def test_numbers_that_rise_by_one_are_row_numbers_in_ten_rows_but_not_in_four() -> None:
    for n_rows, names in ((4, ["n", "x"]), (10, ["x"])):
        table = opened("n,x\n" + "".join(f"{i},{i * i % 7}\n" for i in range(n_rows)))
        assert [column.name for column in table.columns] == names


def test_chosen_columns_come_in_the_order_of_the_choice() -> None:
    data = "a,b,c,d\n1,2,3,4\n5,6,7,8\n"
    table = opened(data, choice=ColumnChoice(("c:d", "#1"), exclude=("d",)))
    assert values(table) == [[3, 1], [7, 5]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["pct_*"], [1, 2]),
        (["#4", "x"], [3, 0]),
        (["pct_a:odd:name"], [1, 2, 3]),
        (["odd:name"], [3]),
    ],
)
def test_columns_are_found_by_name_position_range_and_pattern(
    wanted: list[str], found: list[int]
) -> None:
    assert select(["x", "pct_a", "pct_b", "odd:name"], wanted) == found


@pytest.mark.parametrize("wanted", ["heihgt", "#0", "#3", "z*", "a:z"])
def test_a_column_that_does_not_exist_is_refused_with_those_that_do(wanted: str) -> None:
    with pytest.raises(SettingsError, match=r"no column .*height"):
        select(["height", "weight"], [wanted])


def test_categories_are_all_that_occur() -> None:
    table = opened("x,kind\n1,b\n2, a \n3,\n4,b\n", choice=ColumnChoice(one_hot=("kind",)))
    assert table.columns[1].categories == ("a", "b")
    np.testing.assert_array_equal([row[1] for row in values(table)], [1, 0, np.nan, 1])


def test_too_many_categories_are_refused() -> None:
    data = "x,kind\n" + "".join(f"1,k{i}\n" for i in range(51))
    with pytest.raises(InputError, match="column kind has more than 50 categories"):
        opened(data, choice=ColumnChoice(one_hot=("kind",)))


def test_weights_are_a_column_of_their_own() -> None:
    table = opened("x,n\n1,2\n2,0\n5,3\n", choice=ColumnChoice(weights="n"))
    block = next(table.blocks())
    assert [column.name for column in table.columns] == ["x"]
    weights = table.numbers(block).weights
    assert weights is not None
    assert weights.tolist() == [2, 0, 3]


@pytest.mark.parametrize("weight", ["-1", "", "many"])
def test_a_weight_that_is_none_is_refused_with_its_line(weight: str) -> None:
    table = opened(f"x,n\n1,2\n2,{weight}\n5,3\n", choice=ColumnChoice(("x",), weights="n"))
    with pytest.raises(InputError, match="line 3, column n"):
        values(table)


def test_a_column_that_a_model_needs_and_that_stands_twice_is_refused() -> None:
    table = open_table([Memory(b"x,y,x\n1,2,3\n4,5,6\n")])
    assert with_columns(table, [Column("y")]).positions == (1,)
    with pytest.raises(InputError, match="2 columns are called 'x' "):
        with_columns(table, [Column("x")])


def test_json_lines_are_read_by_the_names_of_their_members() -> None:
    data = (
        '{"x": 1, "who": "Ann", "y": 2.5}\n{"y": 1e1, "x": null}\n\n{"x": 3, "y": true, "z": 1}\n'
    )
    table = opened(data, choice=ColumnChoice(("x", "y")))
    with pytest.raises(InputError, match="line 4, column y: 'true' is not a number"):
        values(table)
    np.testing.assert_array_equal(
        values(opened(data.replace("true", "7"), choice=ColumnChoice(("x", "y")))),
        [[1, 2.5], [np.nan, 10], [3, 7]],
    )


@pytest.mark.parametrize("line", ["[1]", "{", "1", " ", '{"x": 1} {"x": 2}'])
def test_a_line_that_is_no_json_object_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="line 2 is not a JSON object"):
        values(opened('{"x": 1}\n' + line + "\n"))


def test_members_of_one_name_in_one_line_of_json_are_refused() -> None:
    with pytest.raises(InputError, match="line 3 has several members 'x'"):
        opened('{"x": 1}\n\n{"x": 2, "x": 3}\n')


@given(
    members=st.lists(
        st.one_of(
            st.floats(allow_nan=False, min_value=-1e140, max_value=1e140).map(repr),
            st.integers(-(2**80), 2**80).map(str),
            st.sampled_from(["null", "1e200", "1E5", "0.1234567890123456789", "-0.0", "1e-400"]),
            st.sampled_from(
                ['"2"', '"NA"', "true", "NaN", "1e400", "[1]", '{"y": 3}', '"\\"y\\""']
            ),
        ),
        min_size=1,
        max_size=9,
    ),
    na=st.sampled_from([TableFormat().na, ("", "-99"), ()]),
)
def test_numbers_of_json_read_at_once_are_those_of_the_cells(
    members: list[str], na: tuple[str, ...]
) -> None:
    lines = [f'{{"y": {member}, "x": 1}}\r\n' for member in ["8", *members]]
    table = open_table([Memory("\n".join(lines).encode())], TableFormat(na=na))
    (block,) = table.blocks()
    plain = table.plain_numbers(block, [1, 0])
    if plain is not None:
        found, wrong = number_column(table.cells(block, [0])["0"], na)
        assert wrong is None
        np.testing.assert_array_equal(plain, np.column_stack([np.ones(len(found)), found]))


def test_several_inputs_are_one_table() -> None:
    parts = [Memory(b"x,y\n1,2\n", name="a"), Memory(b"x,y\n3,4\n5,many\n", name="b")]
    table = choose(open_table(parts))
    blocks_ = list(table.blocks())
    assert [block.number for block in blocks_] == [0, 1]
    with pytest.raises(InputError) as caught:
        table.numbers(blocks_[1])
    assert (caught.value.name, str(caught.value)) == (
        "b",
        "line 3, column y: 'many' is not a number",
    )


@pytest.mark.parametrize("other", [b"x,z\n1,2\n", b"x;y\n1;2\n"])
def test_inputs_that_are_written_otherwise_are_refused(other: bytes) -> None:
    with pytest.raises(InputError, match=r"^has .* a\.csv"):
        open_table([Memory(b"x,y\n1,2\n", name="a.csv"), Memory(other)])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.text('a,;"\n 1#', max_size=5)), min_size=1, max_size=30
    ),
    st.integers(8, 60),
)
def test_whatever_is_quoted_rightly_is_read_rightly(
    rows: list[tuple[float, str]], block_bytes: int
) -> None:
    lines = [f'{number!r},"' + text.replace('"', '""') + '"\n' for number, text in rows]
    data = ("x,what\n" + "".join(lines)).encode()
    table = choose(open_table([Memory(data)]), ColumnChoice(("x",)))
    before = blocks.BLOCK_BYTES
    blocks.BLOCK_BYTES = block_bytes
    try:
        found = list(table.blocks())
    finally:
        blocks.BLOCK_BYTES = before
    assert b"".join(block.data for block in found) == data[len("x,what\n") :]
    assert [row[0] for b in found for row in table.numbers(b).values.tolist()] == [
        x for x, _ in rows
    ]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_compressed_table_is_read_and_a_cut_one_refused(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    data = "".join(f"{i % 13},{i * i % 101}\n" for i in range(5000)).encode()
    packed = pack(data) + pack(b"5,6\n")
    path = tmp_path / "t.csv"
    path.write_bytes(packed)
    assert b"".join(Stored(str(path)).pieces()) == data + b"5,6\n"
    path.write_bytes(packed[:-12])
    with pytest.raises(InputError, match="cut off"):
        b"".join(Stored(str(path)).pieces())


@pytest.mark.parametrize("once", [True, False])
def test_content_tells_the_format_and_not_the_name(once: bool) -> None:
    table = open_table([Memory(b'{"x": 1}\n', name="t.csv")], once=once)
    assert table.format == "jsonl"
    assert [block.data for block in table.blocks()] == [b'{"x": 1}\n']
