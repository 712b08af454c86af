"""Messy tables at the command line: the same clusters, or exit code 3 with a line and a way out."""

from pathlib import Path

import pytest

from kmcli.cli.main import run

ROWS = [(f"{i % 3 * 10 + i / 16:.3f}", f"{i % 3 * 100 + i / 8:.2f}") for i in range(12)]
FAST = ["-k", "3", "--effort", "fast", "--n-init", "2"]


def written(separator: str = ",", names: str = "x,y\n", end: str = "\n") -> str:
    return names.replace(",", separator) + "".join(separator.join(row) + end for row in ROWS)


PLAIN = written()

READ: dict[str, str | bytes] = {
    "byte order mark": "\ufeff" + PLAIN,
    "line ends of Windows": PLAIN.replace("\n", "\r\n"),
    "both line ends": PLAIN[:60] + PLAIN[60:].replace("\n", "\r\n"),
    "no last line end": PLAIN[:-1],
    "blank lines": PLAIN.replace("\n", "\n\n"),
    "blanks around cells": PLAIN.replace(",", " , "),
    "semicolons and decimal commas": written(";").replace(".", ","),
    "tabs in a file called csv": written("\t"),
    "a separator told, and a comment": "sep=;\n# sold\n" + written(";"),
    "quoted cells with separators, quotes and line breaks": "x,y,note\n"
    + "".join(f'"{x}",{y},"a, ""b""\nc"\n' for x, y in ROWS),
    "no names": written(names=""),
    "an empty name": written(names=",y\n"),
    "an empty last column": written(names="x,y,\n").replace("\n", ",\n").replace("y,,", "y,"),
    "UTF-16": PLAIN.encode("utf-16"),
}


def centers_of(folder: Path, data: str | bytes) -> list[str]:
    (folder / "t.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    arguments = ["cluster", str(folder / "t.csv"), *FAST, "-f", "-q"]
    outputs = ["-o", str(folder / "o.csv"), "--centers", str(folder / "c.csv")]
    assert run([*arguments, *outputs]) == 0
    return (folder / "c.csv").read_text().splitlines()[1:]


@pytest.mark.parametrize("kind", READ)
def test_a_messy_table_gives_the_clusters_of_a_clean_one(kind: str, tmp_path: Path) -> None:
    found = centers_of(tmp_path, READ[kind])
    assert len(found) == 3
    assert found == centers_of(tmp_path, PLAIN)


def test_a_word_for_a_missing_value_leaves_its_row_without_a_cluster(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    centers_of(tmp_path, PLAIN + "NA,5\n?,6\n,7\n")
    assert (tmp_path / "o.csv").read_text().endswith("\nNA,5,\n?,6,\n,7,\n")
    assert capfd.readouterr().err == ""


REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "a short row": (PLAIN + "5\n", "line 14 has 1 cell, the names 2", "delete that line"),
    "a long row": (PLAIN + "5,6,7\n", "line 14 has 3 cells, the names 2", "delete that line"),
    "a line below": (PLAIN + "12 rows\n", "line 14 has 1 cell", "delete that line"),
    "a title": ("Sold\n\n" + PLAIN, "line 1 stands above the table", "put a # before it"),
    "a late word": (PLAIN + "5,many\n", "line 14, column y: 'many' is not a number", "--na"),
    "a line of units": ("x,y\ncm,kg\n" + written(names=""), "line 2, column x: 'cm'", "-x"),
    "names again": (PLAIN + PLAIN, "line 14, column x: 'x' is not a number", "-x"),
    "thousands": (PLAIN + '"1,234",5\n', "line 14, column x: '1,234'", "-x"),
    "thousands by blanks": (PLAIN + "1 234,5\n", "line 14, column x: '1 234'", "-x"),
    "an underscore": (PLAIN + "1_000,5\n", "line 14, column x: '1_000'", "-x"),
    "a hexadecimal number": (PLAIN + "0x10,5\n", "line 14, column x: '0x10'", "-x"),
    "another minus": (PLAIN + "\u22125,5\n", "line 14, column x: '\u22125'", "-x"),
    "infinity": (PLAIN + "inf,5\n", "line 14, column x: 'inf' is beyond", "-x"),
    "Latin-1": (PLAIN.encode() + b"5,J\xf6rg\n", "line 14, byte 4 (hexadecimal f6)", "iconv"),
    "a zero byte": (PLAIN + "5,\0006\n", "line 14 contains a zero byte", "tr -d"),
    "a lone quote": (PLAIN + '5,6"\n', 'line 14 has a quote "', "--quote none"),
    "a quote that is not closed": (PLAIN + '"5,6\n7,8\n', 'line 14 has a quote "', "--quote none"),
    "line ends of old": (PLAIN.replace("\n", "\r"), "line 1 has a line end of CR alone", "tr "),
    "a thousand or one": ("x;y\n1,234;5,678\n2,345;6,789\n", "1234 or 1.234", "--decimal"),
    "one name twice": (PLAIN.replace("y", "x"), "2 columns are called 'x'", "different names"),
    "single quotes": (
        PLAIN.replace("\n", "'\n'")[:-1].replace(",", "','"),
        "no numeric",
        "--quote",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place_and_a_way_out(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, place, way_out = REFUSED[kind]
    path = tmp_path / "t.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    assert run(["cluster", str(path), *FAST, "-o", str(tmp_path / "o.csv")]) == 3
    (line,) = capfd.readouterr().err.splitlines()
    message = line.removeprefix(f"kmcli: error: {path}: ")
    assert message.startswith(place) or kind == "a thousand or one"
    assert place in message
    assert way_out in message.removeprefix(place)
    assert [each.name for each in tmp_path.iterdir()] == ["t.csv"]


def test_of_very_many_columns_the_first_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [f"c{i}" for i in range(50)]
    rows = [",".join(str(i * j % 7) for j in range(1, 51)) for i in range(9)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(names), *rows]))
    assert run(["cluster", str(tmp_path / "t.csv"), *FAST, "-o", str(tmp_path / "o.csv")]) == 0
    first = capfd.readouterr().err.splitlines()[0]
    assert first.startswith("cluster: by c0, c1, ")
    assert "c45 and 3 more; left out c6 (constant), c13 (constant), " in first
