"""The command cluster: what goes where, what is refused, and that nothing is lost."""

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import zstandard
from PIL import Image

from kmcli.cli.main import run
from kmcli.files import publish
from tests.conftest import kmcli

FAST = ["--effort", "fast", "--n-init", "2"]


def rows() -> list[str]:
    """Forty rows around four far corners."""
    return [
        f'{100 + i},"Ann {i}, jr",{i % 4 // 2 * 90 + i % 5},{i % 2 * 7000 + i % 7},2024-01-0{i % 9}'
        for i in range(40)
    ]


CUSTOMERS = "id,name,age,income,joined\n" + "\n".join(rows()) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    return tmp_path


@contextlib.contextmanager
def stdin_of(data: bytes) -> Iterator[None]:
    """Put data, less than a pipe holds, into standard input."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    before = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def labels_of(table: str) -> list[str]:
    return [line.rsplit(",", 1)[1] for line in table.splitlines()[1:]]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_rows_come_out_as_they_came_with_a_cluster(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["cluster", "customers.csv", "-k", "4", *FAST]) == 0
    captured = capfd.readouterr()
    assert [line.rsplit(",", 1)[0] for line in captured.out.splitlines()] == CUSTOMERS.splitlines()
    labels = labels_of(captured.out)
    assert len({tuple(labels[i::4]) for i in range(4)}) == 4
    assert all(len(set(labels[i::4])) == 1 for i in range(4))
    assert captured.err == (
        "cluster: by age, income; left out id (row numbers), name (text), joined (dates)\n"
        "cluster: 40 rows in 4 clusters of 10, 10, 10, 10\n"
    )
    assert names(folder) == {"customers.csv"}


def test_pipe_gzip_zstd_and_several_inputs_give_the_same_bytes(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = CUSTOMERS.encode()
    (folder / "packed").write_bytes(gzip.compress(data))
    (folder / "zpacked").write_bytes(zstandard.compress(data))
    middle = CUSTOMERS.index("120,")
    (folder / "a.csv").write_text(CUSTOMERS[:middle])
    (folder / "b.csv").write_text("id,name,age,income,joined\n" + CUSTOMERS[middle:])
    with stdin_of(data):
        assert run(["cluster", "-k", "4", "-q", *FAST]) == 0
    expected = capfd.readouterr().out
    assert labels_of(expected)
    for inputs in (["packed"], ["zpacked"], ["customers.csv"]):
        assert run(["cluster", *inputs, "-k", "4", "-q", *FAST]) == 0
        assert capfd.readouterr().out == expected
    assert run(["cluster", "a.csv", "b.csv", "-k", "4", "-q", *FAST]) == 0
    both = capfd.readouterr().out
    assert [line.rsplit(",", 1)[0] for line in both.splitlines()] == CUSTOMERS.splitlines()


def test_table_model_centres_report_and_pictures_appear_together(folder: Path) -> None:
    arguments = ["cluster", "customers.csv", "-k", "4", "-q", *FAST, "-d", "out", "--dpi", "30"]
    more = ["--model", "m.json", "--centers", "c.csv", "--report-file", "r.json"]
    assert run([*arguments, *more, "--plots", "pca,profile,silhouette"]) == 0
    assert names(folder) == {"customers.csv", "out", "m.json", "c.csv", "r.json"}
    assert names(folder / "out") == {
        "customers-k4.csv",
        "cluster-pca.png",
        "cluster-profile.png",
        "cluster-silhouette.png",
    }
    for path in (folder / "out").glob("*.png"):
        Image.open(path).load()
    assert json.loads((folder / "m.json").read_text())["sizes"] == [10] * 4
    assert json.loads((folder / "r.json").read_text())["rows"] == 40
    centers = (folder / "c.csv").read_text().splitlines()
    assert centers[0] == "cluster,rows,share,age,income"
    assert len(centers) == 5


@pytest.mark.usefixtures("folder")
def test_centres_and_models_are_starts_that_give_the_clusters_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run(["cluster", "customers.csv", "-k", "4", "-q", *FAST, "--centers", "c.csv",
                "--model", "m.json"]) == 0  # fmt: skip
    expected = capfd.readouterr().out
    for start in ("c.csv", "m.json"):
        assert run(["cluster", "customers.csv", "-q", "--init", start, "--effort", "fast"]) == 0
        assert capfd.readouterr().out == expected


def test_a_report_takes_standard_output_and_the_table_goes_by_o(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["cluster", "customers.csv", "-k", "4", "--json", "-q", *FAST]) == 0
    report = json.loads(capfd.readouterr().out)
    assert [row["rows"] for row in report["clusters"]] == [10] * 4
    assert run(["cluster", "customers.csv", "-k", "4", "--report", "-o", "o.csv", *FAST]) == 0
    assert "40 rows in 4 clusters" in capfd.readouterr().out
    assert len(labels_of((folder / "o.csv").read_text())) == 40
    assert names(folder) == {"customers.csv", "o.csv"}


def test_missing_values_leave_rows_in_place_without_a_cluster(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "t.csv").write_text("x,y\n1,2\nNA,3\n9,9\n1,3\n8,9\n")
    assert run(["cluster", "t.csv", "-k", "2", *FAST]) == 0
    captured = capfd.readouterr()
    assert captured.out.splitlines()[2] == "NA,3,"
    assert "1 with missing values in none" in captured.err
    assert run(["cluster", "t.csv", "-k", "2", "--missing", "fail", *FAST]) == 3
    assert capfd.readouterr().out == ""


@pytest.mark.usefixtures("folder")
def test_rows_can_be_written_otherwise(capfd: pytest.CaptureFixture[str]) -> None:
    base = ["cluster", "customers.csv", "-k", "4", "-q", *FAST]
    assert run([*base, "--keep", "id", "--to", "jsonl", "--label", "group"]) == 0
    first = json.loads(capfd.readouterr().out.splitlines()[0])
    assert set(first) == {"id", "group"}
    assert run([*base, "-o", "o.parquet"]) == 0
    assert run(["cluster", "o.parquet", "-k", "4", "-q", *FAST, "--label", "again", "-x", "cluster",
                "--to", "tsv"]) == 0  # fmt: skip
    head = capfd.readouterr().out.splitlines()[0]
    assert head.split("\t") == ["id", "name", "age", "income", "joined", "cluster", "again"]


@pytest.mark.usefixtures("folder")
def test_the_suffix_of_the_output_compresses_the_rows() -> None:
    """With the bytes of the plain file inside, and the same bytes in each run."""
    unzstd = zstandard.ZstdDecompressor().decompressobj
    unpack: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.decompress,
        ".zst": lambda data: unzstd().decompress(data),
    }
    for name in ("plain.csv", "plain.jsonl"):
        assert run(["cluster", "customers.csv", "-k", "4", *FAST, "-o", name]) == 0
        for suffix, unpacked in unpack.items():
            for again in ("", "again-"):
                output = f"{again}{name}{suffix}"
                assert run(["cluster", "customers.csv", "-k", "4", *FAST, "-o", output]) == 0
            packed = Path(f"{name}{suffix}").read_bytes()
            assert packed == Path(f"again-{name}{suffix}").read_bytes()
            assert len(packed) < Path(name).stat().st_size
            assert unpacked(packed) == Path(name).read_bytes()


def test_a_format_that_is_compressed_inside_is_not_compressed_again(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = names(folder)
    assert run(["cluster", "customers.csv", "-k", "4", *FAST, "-o", "rows.parquet.gz"]) == 2
    assert "'rows.parquet'" in capfd.readouterr().err
    assert names(folder) == before


def test_a_scan_reports_and_auto_takes_the_stable_number(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    base = ["cluster", "customers.csv", *FAST]
    assert run([*base, "--scan", "2:5", "--json"]) == 0
    captured = capfd.readouterr()
    assert [row["k"] for row in json.loads(captured.out)["scan"]] == [2, 3, 4, 5]
    assert run([*base, "-k", "auto", "--scan", "2:5", "-d", "out", "-q"]) == 0
    assert names(folder / "out") == {"customers-k4.csv"}


def test_auto_declines_where_no_number_is_stable(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{(i * 7919) % 101},{(i * 104729) % 103},{(i * 1299709) % 107}" for i in range(90)]
    (folder / "cloud.csv").write_text("x,y,z\n" + "\n".join(lines) + "\n")
    assert run(["cluster", "cloud.csv", "-k", "auto", "--scan", "5:7", "-o", "o.csv", *FAST]) == 7
    assert "no number of clusters from 5 to 7 is stable" in capfd.readouterr().err
    assert "o.csv" not in names(folder)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "-k N"),
        (["-k", "0"], 2, "n_clusters is 0"),
        (["-k", "٣"], 2, "is neither a number nor auto"),
        (["-k", "1_0"], 2, "is neither a number nor auto"),
        (["-k", "41"], 2, "40 points cannot form 41 clusters"),
        (["-k", "4", "-c", "agee"], 2, "no column 'agee'; did you mean age?"),
        (["-k", "4", "-c", "name"], 3, "'Ann 0, jr' is not a number; exclude the column with -x"),
        (["-k", "4", "--quote", "'", "--delimiter", ":"], 3, "no numeric columns"),
        (["-k", "4", "-c", "zzzz"], 2, "no column 'zzzz'; there is "),
        (["-k", "4", "--weights", "name"], 3, "the weight 'Ann 0, jr' is not a number from 0"),
        (["-k", "4", "--label", "age"], 2, "already has a column 'age'"),
        (["-k", "4", "--json", "-o", "-"], 2, "standard output can carry one thing"),
        (["-k", "4", "-o", "customers.csv", "-f"], 5, "is the input"),
        (["-k", "4", "-o", "taken.csv"], 5, "taken.csv: exists"),
        (["-k", "4", "-o", "no/o.csv"], 5, "no such folder"),
        (["-k", "4", "--plots", "pca"], 2, "--plots needs -d"),
        (["-k", "4", "--plots", "pie", "-d", "out"], 2, "'pie' is not one of"),
        (["-k", "4", "--plots", "scan", "-d", "out"], 2, "needs --scan"),
        (["--scan", "2:4"], 2, "--scan without -k"),
        (["--scan", "2:4", "--model", "m.json", "--json"], 2, "--model needs clusters"),
        (["-k", "4", "--init", "none.csv"], 3, "none.csv: no such file"),
        (["-k", "4", "--init", "taken.csv"], 3, "taken.csv"),
        (["-k", "4", "--max-input-bytes", "100"], 4, "more than 100 bytes"),
        (["-k", "4", "--delimiter", "ab"], 2, "delimiter is 'ab'"),
        (["-k", "4", "--column-weight", "age"], 2, "is not like NAME=2"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    (folder / "taken.csv").write_text("x\n")
    before = names(folder)
    assert run(["cluster", "customers.csv", *arguments]) == code
    captured = capfd.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[-1]
    assert captured.err.count("error") == 1
    assert names(folder) == before
    assert (folder / "taken.csv").read_text() == "x\n"


def test_a_table_with_a_column_cluster_is_refused_unless_another_name_is_given(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "t.csv").write_text("x,cluster\n1,1\n2,3\n9,4\n")
    assert run(["cluster", "t.csv", "-k", "2", *FAST]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "already has a column 'cluster'" in captured.err


def test_a_late_bad_row_leaves_no_output(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmcli.tables import blocks

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 200)
    (folder / "t.csv").write_text(CUSTOMERS + "140,b,many,1,2024-01-01\n")
    assert run(["cluster", "t.csv", "-k", "4", "-o", "o.csv", "--model", "m.json", *FAST]) == 3
    assert "t.csv: line 42, column age: 'many' is not a number" in capfd.readouterr().err
    assert names(folder) == {"customers.csv", "t.csv"}


@pytest.mark.parametrize("name", ["-", "o.csv"])
def test_pieces_that_fail_midway_leave_no_file(folder: Path, name: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x\n"
        raise MemoryError

    with pytest.raises(MemoryError):
        publish([(name, pieces()), ("m.json", b"{}")], force=False)
    assert names(folder) == {"customers.csv"}


def test_a_signal_between_pieces_ends_the_run_and_leaves_nothing(folder: Path) -> None:
    code = (
        "import os, signal, time\n"
        "from kmcli.files import publish\n"
        "def pieces():\n"
        "    yield b'x'\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(0.1)\n"
        "    yield b'y'\n"
        "    open('too-far', 'w').close()\n"
        "    yield b'z'\n"
        "publish([('o.csv', pieces()), ('m.json', b'')], force=False)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    assert done.returncode == -signal.SIGTERM
    assert names(folder) == {"customers.csv"}


def test_a_reader_that_goes_away_ends_the_run_quietly(folder: Path) -> None:
    (folder / "long.csv").write_text(
        "x,y\n" + "".join(f"{i % 9},{i % 7}\n" for i in range(200_000))
    )
    command = f"{sys.executable} -m kmcli cluster long.csv -k 3 -q --effort fast | head -2"
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "x,y,cluster"
    assert lines[-1] == str(128 + signal.SIGPIPE)


def test_a_closed_standard_input_is_refused(folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m kmcli cluster -k 2 <&-"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == "kmcli: error: <stdin>: is closed\n"


@pytest.mark.usefixtures("folder")
def test_assign_gives_a_table_the_same_labels(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "customers.csv", "-k", "4", "-q", *FAST, "--model", "m.json"]) == 0
    expected = capfd.readouterr().out
    with stdin_of(CUSTOMERS.encode()):
        assert run(["assign", "m.json"]) == 0
    captured = capfd.readouterr()
    assert captured.out == expected
    assert captured.err == "assign: 40 rows\n"


def test_assign_reads_every_format(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    base = ["cluster", "customers.csv", "-k", "4", "-q", *FAST]
    assert run([*base, "-o", "o.parquet", "--model", "m.json"]) == 0
    assert run([*base, "-f", "-o", "o.jsonl"]) == 0
    expected = [json.loads(line) for line in (folder / "o.jsonl").read_text().splitlines()]
    for name in ("o.parquet", "o.jsonl"):
        assert run(["assign", "m.json", name, "--label", "again", "--to", "jsonl", "-q"]) == 0
        rows_ = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        assert [row["again"] for row in rows_] == [row["cluster"] for row in expected]


def test_assign_finds_columns_by_name_and_tells_of_drift(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["cluster", "customers.csv", "-k", "4", "-q", *FAST, "--model", "m.json",
                "-o", "o.csv"]) == 0  # fmt: skip
    (folder / "new.csv").write_text("income,more,age\n7000,a,90\n900000,b,1\n,c,2\n")
    assert run(["assign", "m.json", "new.csv"]) == 0
    captured = capfd.readouterr()
    assert captured.out.splitlines()[0] == "income,more,age,cluster"
    assert captured.out.splitlines()[3] == ",c,2,"
    assert "1 with missing values in no cluster" in captured.err
    assert "1 farther out than any row of the model" in captured.err
    assert run(["assign", "m.json", "new.csv", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["rows"] == 3


@pytest.mark.parametrize(
    ("table", "arguments", "code", "message"),
    [
        ("age,x\n1,2\n", [], 2, "has no column 'income', which the model needs"),
        ("age,income\n1,2,3\n", [], 3, "line 2 has 3 cells"),
        ("age,income\n1,many\n", [], 3, "'many' is not a number; list the words for missing"),
        ("age,income,cluster\n1,2,3\n", [], 2, "already has a column 'cluster'"),
        ("age,income\n1,2\n", ["-o", "m.json", "-f"], 5, "is the input"),
    ],
)
def test_assign_refuses_in_one_line(
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    table: str,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    assert run(["cluster", "customers.csv", "-k", "2", "-q", *FAST, "--model", "m.json",
                "-o", "o.csv"]) == 0  # fmt: skip
    model = (folder / "m.json").read_bytes()
    (folder / "t.csv").write_text(table)
    assert run(["assign", "m.json", "t.csv", *arguments]) == code
    assert message in capfd.readouterr().err
    assert (folder / "m.json").read_bytes() == model


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"format": "kmcli-cluster"}', b"\xff"])
def test_what_is_no_model_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str], data: bytes
) -> None:
    (folder / "m.json").write_bytes(data)
    assert run(["assign", "m.json", "customers.csv"]) == 3
    assert capfd.readouterr().err.startswith("kmcli: error: m.json: ")


def test_assign_answers_each_line_as_it_comes(folder: Path) -> None:
    assert kmcli("cluster", "customers.csv", "-k", "2", "-q", *FAST, "--model", "m.json",
                 "-o", "o.csv", cwd=folder).returncode == 0  # fmt: skip
    command = [sys.executable, "-m", "kmcli", "assign", "m.json", "-q"]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"age,income\n1,2\n")
        assert process.stdout.read(19) == b"age,income,cluster\n"
        first = process.stdout.read(6)
        time.sleep(0.1)
        process.stdin.write(b"1,2\n")
        assert process.stdout.read(6) == first
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_any_number_of_threads_gives_the_same_bytes(
    n_threads: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmcli.cluster import workers
    from kmcli.tables import blocks

    text = "x,y\n" + "".join(f"{i % 97 / 7},{i * i % 89 / 3}\n" for i in range(2000))
    (folder / "t.csv").write_text(text)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1500)
    arguments = ["cluster", "t.csv", "-k", "6", *FAST, "--sample-rows", "300", "--passes", "1"]

    def outputs(n: int) -> list[bytes]:
        monkeypatch.setattr(workers, "n_cores", lambda: n)
        names = [f"{n}.{name}" for name in ("o.csv", "m.json", "c.csv", "r.json")]
        options = ["-o", "--model", "--centers", "--report-file"]
        pairs = [part for pair in zip(options, names, strict=True) for part in pair]
        assert run([*arguments, *pairs, "-f", "-q", "--margin"]) == 0
        return [(folder / name).read_bytes() for name in names]

    found = outputs(n_threads)
    assert json.loads(found[3])["method"] == "sample"
    assert found == outputs(3)


@pytest.mark.usefixtures("folder")
def test_every_format_of_a_table_gives_the_same_clusters(
    capfd: pytest.CaptureFixture[str],
) -> None:
    frame = pl.read_csv("customers.csv")
    frame.write_parquet("t.parquet")
    frame.write_ipc("t.arrow")
    frame.write_ipc_stream("t.arrows")
    frame.write_ndjson("t.jsonl")
    frame.write_csv("t.tsv", separator="\t")
    arguments = ["-k", "4", *FAST, "-q", "--to", "csv", "--keep", "age", "--distance"]
    found = {}
    for name in ("customers.csv", "t.parquet", "t.arrow", "t.arrows", "t.jsonl", "t.tsv"):
        assert run(["cluster", name, *arguments]) == 0
        found[name] = capfd.readouterr().out
        with stdin_of(Path(name).read_bytes()):
            assert run(["cluster", *arguments]) == 0
        found[f"{name} from a pipe"] = capfd.readouterr().out
    assert len(found["t.arrow"].splitlines()) == 41
    assert set(found.values()) == {found["customers.csv"]}


@pytest.mark.parametrize("moment", ["while it reads", "while it writes"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(moment: str, number: signal.Signals, folder: Path) -> None:
    spools = folder / "spools"
    spools.mkdir()
    table = b"x,y\n" + b"1.5,2\n1.25,9\n7,9\n" * 50_000  # more than any pipe holds
    with subprocess.Popen(
        [sys.executable, "-m", "kmcli", "cluster", "-k", "3", "-q", "--model", "m.json"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(spools)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # This waits until some is read, and there is no end yet.
        process.stdin.write(table)
        process.stdin.flush()
        if moment == "while it writes":
            process.stdin.close()
            assert process.stdout.read(4) == b"x,y,"
        process.send_signal(number)
        assert process.wait() == -number
        assert process.stderr.read() == b""
    assert names(folder) == {"customers.csv", "spools"}
    assert names(spools) == set()


def test_assign_tells_of_categories_that_the_model_does_not_know(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "old.csv").write_text("x,kind\n1,a\n2,b\n3,a\n4,b\n")
    (folder / "new.csv").write_text("x,kind\n1,a\n2,c\n")
    base = ["cluster", "old.csv", "-k", "2", "--one-hot", "kind", "-q", *FAST]
    assert run([*base, "--model", "m.json", "-o", "o.csv"]) == 0
    assert run(["assign", "m.json", "new.csv"]) == 0
    assert "1 with a category that the model does not know" in capfd.readouterr().err
