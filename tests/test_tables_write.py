"""Rows come out as they came in, with columns added, or in another format."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from kmcli.errors import InputError, SettingsError
from kmcli.settings.tables import ColumnChoice, TableFormat
from kmcli.tables import blocks, frames
from kmcli.tables.frames import table_of
from kmcli.tables.sink import packed
from kmcli.tables.source import TableSource, choose, open_table
from kmcli.tables.text import TextTable
from kmcli.tables.write import Added, Appender, Framer, TextWriter
from tests.memory import Memory
from tests.test_tables import READ_RIGHTLY, opened, values


@dataclass
class Found:
    numbers: NDArray[np.int32]
    distances: NDArray[np.float64]
    margins: NDArray[np.float64]


def found(numbers: list[int]) -> Found:
    labels = np.array(numbers, dtype=np.int32)
    distances = np.where(labels < 0, np.nan, labels + 0.5)
    return Found(labels, distances, np.where(labels < 0, np.nan, 0.5))


def appended(data: str, numbers: list[int], added: Added | None = None) -> str:
    table = open_table([Memory(data.encode())])
    assert isinstance(table, TextTable)
    appender = Appender(table, added or Added())
    (block,) = table.blocks()
    return (appender.head() + appender(block, found(numbers))).decode()


@pytest.mark.parametrize("kind", [kind for kind in READ_RIGHTLY if "white" not in kind])
def test_without_the_new_cells_the_table_is_what_it_was(kind: str) -> None:
    data = READ_RIGHTLY[kind]
    out = appended(data, [0, 7, 1], Added("KLASSE"))
    for mark in ",;\t| ":
        for cell in ("0", "7", "1", "KLASSE"):
            for end in ("\r\n", "\n"):
                out = out.replace(f"{mark}{cell}{end}", end)
    assert out.rstrip() == data.rstrip()


def test_new_cells_stand_at_the_ends_of_records() -> None:
    data = 'x,who\r\n1,"a\r\nb"\r\n\r\n2,c\r\n3,d'
    assert appended(data, [1, -1, 0]) == ('x,who,cluster\r\n1,"a\r\nb",1\r\n\r\n2,c,\r\n3,d,0\n')


def test_distances_and_margins_follow_the_cluster_in_the_decimals_of_the_table() -> None:
    added = Added("c", distance=True, margin=True)
    assert appended("x,y\n1,2\n2,3\n", [0, -1], added) == (
        "x,y,c,distance,margin\n1,2,0,0.5,0.5\n2,3,,,\n"
    )
    assert appended("x;y\n1,5;2\n2;3\n", [0, 1], added) == (
        "x;y;c;distance;margin\n1,5;2;0;0,5;0,5\n2;3;1;1,5;0,5\n"
    )


def test_a_missing_label_between_blanks_is_a_word() -> None:
    assert appended("x y\n1 2\n2 NA\n", [0, -1]) == "x y cluster\n1 2 0\n2 NA NA\n"


def test_a_table_without_names_stays_without() -> None:
    assert appended("1,2\n2,3\n", [0, 1]) == "1,2,0\n2,3,1\n"


def test_a_name_that_holds_the_delimiter_is_quoted() -> None:
    assert appended("x;y\n1;2\n", [0], Added('a;"b"')) == 'x;y;"a;""b"""\n1;2;0\n'


def test_json_lines_get_a_member_more() -> None:
    data = '{"x": 1, "y": "}"} \n\n{"x": 2 }\n'
    out = appended(data, [3, -1], Added(distance=True))
    assert out == '{"x": 1, "y": "}","cluster":3,"distance":3.5} \n\n' + (
        '{"x": 2 ,"cluster":null,"distance":null}\n'
    )


def test_kept_columns_are_written_anew() -> None:
    source = opened('id,who,x\n7,"a, ""b""",1\n8,,NA\n')
    (block,) = source.blocks()
    texts = {}
    for form in ("csv", "tsv", "jsonl"):
        framer = Framer(source, Added(), (1, 2), as_text=form == "tsv")
        writer = TextWriter(framer, form)
        texts[form] = (writer.head() + writer(block, found([1, -1]))).decode()
    assert texts["csv"] == 'who,x,cluster\n"a, ""b""",1.0,1\n"",,\n'
    assert texts["tsv"] == 'who\tx\tcluster\n"a, ""b"""\t1\t1\n\tNA\t\n'
    assert [json.loads(line) for line in texts["jsonl"].splitlines()] == [
        {"who": 'a, "b"', "x": 1, "cluster": 1},
        {"who": "", "x": None, "cluster": None},
    ]


TYPED = pl.DataFrame(
    {
        "n": [3, None, 5, 8],
        "f": [0.5, float("nan"), 2.0, 1.0],
        "b": [True, False, None, True],
        "who": ["a", "b", "1", None],
        "when": pl.Series([1, 2, 3, 9]).cast(pl.Date),
    }
)


def parquet(frame: pl.DataFrame = TYPED) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def arrow(frame: pl.DataFrame = TYPED) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def arrow_stream(frame: pl.DataFrame = TYPED) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("made", [parquet, arrow, arrow_stream])
@pytest.mark.parametrize("on_disk", [True, False])
def test_typed_tables_are_read_by_content_from_file_or_pipe(
    made: object, on_disk: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(made)
    monkeypatch.setattr(frames, "_BLOCK_CELLS", 3 * len(TYPED.columns))
    monkeypatch.setattr(frames, "_LEAST_BLOCK_ROWS", 1)
    data = made()
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    table = choose(open_table([Memory(data, path=str(path) if on_disk else None)]))
    assert [column.name for column in table.columns] == ["n", "f", "b"]
    assert [(column.name, column.why) for column in table.left_out] == [
        ("who", "text such as 'a'"),
        ("when", "dates"),
    ]
    nan = float("nan")
    np.testing.assert_array_equal(
        values(table), [[3, 0.5, 1], [nan, nan, 0], [5, 2, nan], [8, 1, 1]]
    )
    assert [table.line(block, 0) for block in table.blocks()] == [1, 4]


def test_a_typed_cell_that_cannot_be_squared_is_refused_with_its_row() -> None:
    frame = pl.DataFrame({"x": [1.0, float("inf")]})
    with pytest.raises(InputError, match="row 2, column x: 'inf' is beyond 1e140"):
        values(choose(table_of(frame)))


@pytest.mark.parametrize("made", [parquet, arrow])
def test_damaged_typed_tables_are_refused(made: object, tmp_path: Path) -> None:
    assert callable(made)
    data = made()
    for size in (len(data) // 2, len(data) - 5, 20):
        path = tmp_path / "t"
        path.write_bytes(data[:size])
        with pytest.raises(InputError, match="damaged, cut off"):
            values(choose(open_table([Memory(data[:size], path=str(path))])))


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_typed_tables_are_written_with_their_types(form: str) -> None:
    source = choose(table_of(TYPED), ColumnChoice(("n",)))
    framer = Framer(source, Added(distance=True), tuple(range(5)))
    parts = [framer(block, found([0, -1, 1, 0])) for block in source.blocks()]
    data = b"".join(packed(parts * 2, form))  # type: ignore[arg-type]
    read = pl.read_parquet if form == "parquet" else pl.read_ipc
    again = read(io.BytesIO(data))
    assert again.height == 8
    assert again.columns == [*TYPED.columns, "cluster", "distance"]
    assert again[:4].select(TYPED.columns).equals(TYPED)
    assert again["cluster"].to_list() == [0, None, 1, 0] * 2


def test_numbers_in_columns_of_text_keep_their_type() -> None:
    frame = pl.DataFrame({"x": ["1", "2", "4"], "y": [1.5, 2, 3]})
    (block,) = table_of(frame).blocks()
    for as_text in (True, False):
        made = Framer(choose(table_of(frame)), Added(), (0, 1), as_text)(block, found([0, 1, 0]))
        assert made.drop("cluster").equals(frame)


NO_TEXT = {
    "lists": (pl.Series([[1.0], [2.0]]), ["csv", "tsv"]),
    "members": (pl.Series([{"a": 1}, {"a": 2}]), ["csv"]),
    "spans of time": (pl.Series([1, 2], dtype=pl.Duration), ["csv"]),
    "bytes": (pl.Series([b"a", b"b"]), ["csv", "jsonl"]),
    "lists of bytes": (pl.Series([[b"a"], [b"b"]]), ["csv", "jsonl"]),
}


@pytest.mark.parametrize("kind", NO_TEXT)
def test_types_without_text_are_refused_before_anything_is_written(kind: str) -> None:
    column, refused = NO_TEXT[kind]
    table = table_of(pl.DataFrame({"x": [1.0, 2.0], "v": column}))
    source = choose(table)
    (block,) = table.blocks()
    for form in ("csv", "tsv", "jsonl"):
        framer = Framer(source, Added(), (0, 1), form != "jsonl")
        if form in refused:
            with pytest.raises(SettingsError, match=f"column 'v' holds .*, which {form} cannot"):
                TextWriter(framer, form)
        elif form == "jsonl":
            assert TextWriter(framer, form)(block, found([0, 1])).count(b"\n") == 2
    assert (
        TextWriter(Framer(source, Added(), (0,)), "csv")(block, found([0, 1])) == b"1.0,0\n2.0,1\n"
    )
    with pytest.raises(InputError, match="column v holds"):
        choose(table, ColumnChoice(one_hot=("v",)))


def test_text_becomes_typed_where_it_is_computed_with() -> None:
    source = opened("id,x\na,1\nb,\n")
    (block,) = source.blocks()
    frame = Framer(source, Added(), (0, 1))(block, found([1, -1]))
    assert frame.schema == {"id": pl.String, "x": pl.Float64, "cluster": pl.Int32}
    assert frame["x"].to_list() == [1, None]


class OnlyArrow:
    """A dataframe of some other library."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def test_tables_in_memory_are_arrays_mappings_and_dataframes() -> None:
    array = np.array([[1.0, 2], [3, 4]])
    for data in (array, {"x1": [1, 3], "x2": [2, 4]}, OnlyArrow(pl.DataFrame(array, ["x1", "x2"]))):
        table = choose(table_of(data))
        assert [column.name for column in table.columns] == ["x1", "x2"]
        assert values(table) == array.tolist()
    with pytest.raises(InputError, match="1 dimensions"):
        table_of(array[0])
    with pytest.raises(InputError, match="type <U1"):
        table_of(np.array([["a"]]))


def test_blocks_can_be_worked_on_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    table: TableSource = opened("x,y\n" + "1,2\n" * 20)
    elsewhere = pickle.loads(pickle.dumps(table))
    for block in table.blocks():
        again = pickle.loads(pickle.dumps(block))
        assert elsewhere.numbers(again).values.tolist() == table.numbers(block).values.tolist()


def test_pieces_are_answered_at_once_if_a_table_is_read_once() -> None:
    table = open_table([Memory(b"x,y\n1,2\n3,4\n5,6\n7,8\n", 4)], TableFormat(), once=True)
    sizes = [len(block.data) for block in table.blocks()]
    assert sizes == [4, 4, 4, 4]
