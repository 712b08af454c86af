"""The contract of `kmcli blobs`: files, streams, exit codes, report and page."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from kmcli.cli.main import run
from tests.conftest import kmcli

QUICK = ["--dpi", "30", "-q"]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_default_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["blobs", "-d", str(tmp_path)]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "inertia 212.006" in err
    assert names(tmp_path) == {"blobs.png"}


def test_everything_at_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["--init", "far", "--steps", "--scan", "1:5", "--compare-init", "4"]
    files = ["--csv", str(tmp_path / "p.csv"), "--html", str(tmp_path / "p.html")]
    assert run(["blobs", "-d", str(tmp_path), *QUICK, *arguments, *files, "--json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert data["inertia"] == pytest.approx(212.006, abs=1e-3)
    assert [row["size"] for row in data["clusters"]] == [75] * 4
    for row in data["clusters"]:
        assert row["center"] == pytest.approx(row["true_center"], abs=0.2)
    assert len(data["steps"][0]["empty_clusters"]) == 1
    assert [row["k"] for row in data["scan"]] == [1, 2, 3, 4, 5]
    assert len(data["starts"][0]["inertias"]) == 4
    assert names(tmp_path) == {
        "blobs.png",
        "blobs-steps.png",
        "blobs-steps.gif",
        "blobs-scan.png",
        "blobs-init.png",
        "p.csv",
        "p.html",
    }


def test_text_report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["-k", "2", "--init", "far", "--steps", "--scan", "2:4", "--report"]
    assert run(["blobs", "-d", str(tmp_path), *QUICK, *arguments]) == 0
    out = capfd.readouterr().out
    assert "inertia 1439.861; another start reaches 1190.782" in out
    assert re.search(r"4 +212\.01 +0\.682 \*", out)
    assert "All three prefer k = 4" in out


def test_csv_through_a_pipe(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["blobs", "-d", str(tmp_path), *QUICK, "--csv", "-"]) == 0
    table = capfd.readouterr().out
    assert table.startswith("x,y,true,cluster,distance\n")
    assert table.count("\n") == 301
    again = tmp_path / "again"
    done = kmcli(
        "blobs", "--data", "-", "-d", again, *QUICK, "-k", "4", "--json", stdin=table.encode()
    )
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["features"] == 2
    assert data["adjusted_rand"] == 1


def test_columns_that_are_no_features_are_left_out_or_chosen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    rows = "".join(f"{i},{i % 3},{i % 3 + i % 2 / 9},{'ab'[i % 3 > 0]},1\n" for i in range(20))
    table.write_text("id,x,y,who,z\n" + rows)
    to = ["blobs", "--data", str(table), "-d", str(tmp_path), *QUICK, "-k", "2", "--json"]
    assert run([*to, "--columns", "x:y", "--label", "who"]) == 0
    captured = capfd.readouterr()
    data = json.loads(captured.out)
    assert (data["features"], data["adjusted_rand"]) == (2, 1)
    assert "left out" not in captured.err
    assert run([word for word in [*to, "--label", "who", "-f"] if word != "-q"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["features"] == 3
    assert "blobs: left out id (row numbers)" in captured.err


def test_named_groups_are_counted_in_each_cluster(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    where = {"setosa": [0] * 5 + [9], "a rather long name of a species": [9] * 3, "=x": [9] * 20}
    rows = [f"{x + i / 99},{x},{name}\n" for name, at in where.items() for i, x in enumerate(at)]
    table.write_text("a,b,species\n" + "".join(rows))
    to = ["blobs", "--data", str(table), "--label", "species", "-d", str(tmp_path), *QUICK]
    assert run([*to, "-k", "2", "--json"]) == 0
    groups = json.loads(capfd.readouterr().out)["groups"]
    counts = {"setosa": [1, 5], "a rather long name of a species": [3, 0], "=x": [20, 0]}
    assert {row["group"]: row["counts"] for row in groups} == counts
    assert run([*to, "-k", "2", "--report"]) == 0
    report = capfd.readouterr().out
    assert re.search(r"group  in 0  in 1\n", report)
    assert re.search(r" a rather long n...     3     0\n", report)
    assert run([*to, "-k", "12", "--report", "-f"]) == 0
    lines = capfd.readouterr().out.splitlines()
    (others,) = (line.split()[-1] for line in lines if line.split()[:1] == ["=x"])
    assert any(line.endswith("in 7  in others") for line in lines)
    assert int(others) > 0
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80


def test_centres_and_rows_of_scaled_points_are_in_units_of_the_data(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points, _ = datasets.make_blobs(60, centers=3, random_state=1)
    points = points * [1, 1000]
    table, starts = tmp_path / "t.csv", tmp_path / "starts.csv"
    rows = [f"{x!r},{y!r}\n" for x, y in points.tolist()]
    table.write_text("cm,g\n" + "".join(rows) + "3,\n")
    to = ["blobs", "--data", str(table), "-k", "3", "-d", str(tmp_path), "--dpi", "30"]
    out = tmp_path / "out.csv"
    assert run([*to, "--scale", "standard", "--json", "--csv", str(out)]) == 0
    captured = capfd.readouterr()
    assert "blobs: left out 1 row with missing values" in captured.err
    data = json.loads(captured.out)
    assert (data["scale"], data["points"], data["rows_left_out"]) == ("standard", 60, 1)
    scaler = StandardScaler().fit(points)
    model = KMeans(3, n_init=10, random_state=0).fit(scaler.transform(points))
    assert data["inertia"] == pytest.approx(model.inertia_)
    centers = scaler.inverse_transform(model.cluster_centers_)
    found = sorted(row["center"] for row in data["clusters"])
    assert found == pytest.approx(np.array(sorted(centers.tolist())))
    written = [line.split(",") for line in out.read_text().splitlines()]
    assert written[0][:2] == ["cm", "g"]
    assert [f"{x},{y}\n" for x, y, *_ in written[1:]] == rows
    starts.write_text("cm,g\n" + "".join(f"{x!r},{y!r}\n" for x, y in centers.tolist()))
    arguments = ["--scale", "standard", "--init", str(starts), "-f", "-q"]
    assert run([*to, *arguments, "--report"]) == 0
    report = capfd.readouterr().out
    assert "centres are in units of the data" in " ".join(report.split())
    assert re.search(r"iterations +[12]\n", report)  # it began where it ended
    assert run([*to, "-f", "-q", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["scale"] == "none"


def test_starts_from_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    starts = tmp_path / "starts.csv"
    starts.write_text("x,y\n0,0\n1,8\n")
    to = ["-d", str(tmp_path), *QUICK]
    assert run(["blobs", *to, "--init", str(starts), "--json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert (data["k"], data["init"], data["n_init"]) == (2, "points", 1)
    assert run(["blobs", *to, "--init", str(starts), "-k", "3"]) == 2
    assert "2 starts were given for 3 clusters" in capfd.readouterr().err
    starts.write_text("1,2,3\n4,5,6\n")
    assert run(["blobs", *to, "-f", "--init", str(starts)]) == 2
    assert "the starts have 3 columns, the points 2" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--init", "kmeans"], 2, "expected k-means++, random, far or a CSV file"),
        (["--init", "missing.csv"], 3, "missing.csv: no such file"),
        (["--init", "far", "--n-init", "3"], 2, "--n-init"),
        (["--std", "a"], 2, "is not a number"),
        (["--std", "1,2"], 2, "2 standard deviations for 4 groups"),
        (["--samples", "1"], 2, "samples is 1; it must be from 2"),
        (["-k", "0"], 2, "0 is not in the range"),
        (["-k", "50", "--samples", "20"], 2, "20 points cannot form 50 clusters"),
        (["--shape", "moons", "--centers", "3"], 2, "cannot be chosen"),
        (["--scan", "5:2"], 2, "range"),
        (["--scale", "standard"], 2, "--scale needs --data"),
        (["--columns", "x"], 2, "--columns needs --data"),
        (["--label", "x"], 2, "--label needs --data"),
        (["--csv", "-", "--json"], 2, "standard output can carry one thing"),
        (["--data", "missing.csv"], 3, "missing.csv: no such file"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(
    tmp_path: Path,
    arguments: list[str],
    code: int,
    message: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["blobs", *QUICK, *arguments]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert names(tmp_path) == set()


def test_other_content_is_not_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blobs.png").write_bytes(b"precious")
    assert run(["blobs", "-d", str(tmp_path), *QUICK]) == 5
    assert "exists with other content" in capfd.readouterr().err
    assert (tmp_path / "blobs.png").read_bytes() == b"precious"


def test_sizes_in_the_report_are_those_of_the_table(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "points.csv"
    arguments = ["--shape", "uneven", "--dpi", "30", "--csv", str(table), "-d", str(tmp_path)]
    assert run(["blobs", *arguments, "--json"]) == 0
    told = json.loads(capfd.readouterr().out)["clusters"]
    clusters = [line.split(",")[3] for line in table.read_text().splitlines()[1:]]
    assert [each["size"] for each in told] == [clusters.count(str(n)) for n in range(len(told))]
    assert len({each["size"] for each in told}) > 1


def test_another_start_leaves_the_points_as_they_are(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> dict[str, Any]:
        folder = ["-d", str(tmp_path), "-f", *QUICK]
        single = ["-k", "6", "--init", "random", "--n-init", "1", "--json"]
        assert run(["blobs", *folder, *single, *arguments]) == 0
        data: dict[str, Any] = json.loads(capfd.readouterr().out)
        return data

    same = told("--seed", "3")
    other = told("--seed", "3", "--start-seed", "8", "--compare-init", "2")
    points, _ = datasets.make_blobs(300, centers=4, random_state=3, cluster_std=0.6)
    for data, start_seed in ((same, 3), (other, 8)):
        assert (data["seed"], data["start_seed"]) == (3, start_seed)
        own = KMeans(6, init="random", n_init=1, random_state=start_seed).fit(points)
        assert data["inertia"] == pytest.approx(own.inertia_)
        assert data["n_iter"] == own.n_iter_
    assert same["inertia"] != pytest.approx(other["inertia"])
    assert other["starts"][1]["n_iters"][0] == other["n_iter"]
    table = tmp_path / "points.csv"
    table.write_text("a,b\n0,0\n0,1\n5,5\n")
    read = told("--data", str(table), "-k", "2", "--start-seed", "0")
    assert (read["seed"], read["start_seed"]) == (None, 0)


def test_the_strip_can_be_drawn_without_an_animation(tmp_path: Path) -> None:
    options = ["--steps", "--animation", "none", "--dpi", "30", "-q", "-d", str(tmp_path)]
    assert run(["blobs", *options]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"blobs.png", "blobs-steps.png"}


def test_rows_of_a_group_add_up_where_not_all_clusters_have_a_column(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    names = ["ash"] * 30 + ["oak"] * 50
    points = np.random.default_rng(0).normal(size=(80, 2)).round(3).tolist()
    rows = [f"{x},{y},{name}" for (x, y), name in zip(points, names, strict=True)]
    table.write_text("\n".join(["x,y,tree", *rows]) + "\n")
    options = ["--data", str(table), "--label", "tree", "-k", "15", "--report", "-q"]
    assert run(["blobs", *options, "--dpi", "30", "-d", str(tmp_path)]) == 0
    lines = capfd.readouterr().out.splitlines()
    counts = {
        words[0]: sum(map(int, words[1:]))
        for words in map(str.split, lines)
        if words[:1] in (["ash"], ["oak"])
    }
    assert any("in others" in line for line in lines)
    assert counts == {"ash": 30, "oak": 50}
