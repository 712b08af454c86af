"""What ``kmcli digits`` promises the shell."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets, metrics
from sklearn.cluster import KMeans

from kmcli.cli.digits import digits
from kmcli.cli.main import run
from kmcli.errors import ExitCode
from tests.test_reliability_faults import files_in

Capture = pytest.CaptureFixture[str]

QUICK = ["--n-init", "1", "--dpi", "30"]
"""For tests in which the clustering itself does not matter."""

PICTURES = ["digits-centroids.png", "digits-confusion.png", "digits-pca.png"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kmcli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kmcli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_writes_three_pictures_and_prints_nothing_on_stdout(folder: Path) -> None:
    done = kmcli("digits")
    assert done.returncode == ExitCode.DONE
    assert done.stdout == ""
    assert done.stderr == (
        "digits: 1797 in 10 clusters, 79.2% right one to one, 79.2% by majority -> "
        "digits-centroids.png, digits-pca.png, digits-confusion.png\n"
    )
    assert names(folder) == PICTURES
    with Image.open("digits-confusion.png") as image:
        assert image.format == "PNG"
        assert image.info.keys() <= {"dpi"}


def test_every_picture_that_was_asked_for_is_written_and_the_same_each_time(folder: Path) -> None:
    arguments = ["digits", *QUICK, "--misses", "--runs", "2", "--scan", "1:2", "-d", "a/b", "-q"]
    arguments += ["--csv", "d.csv", "--report-file", "r.txt"]
    assert run(arguments) == ExitCode.DONE
    extra = ["digits-init.png", "digits-misses.png", "digits-scan.png"]
    assert names(folder / "a" / "b") == sorted([*PICTURES, *extra])
    assert names(folder) == ["a", "d.csv", "r.txt"]
    first = files_in(folder)
    assert run([*arguments, "-f"]) == ExitCode.DONE
    assert files_in(folder) == first


@pytest.mark.parametrize("k", ["1", "45"])
def test_pictures_can_be_drawn_for_any_number_of_clusters(k: str, folder: Path) -> None:
    arguments = ["-k", k, "--match", "one-to-one", "--misses", "-q", "--theme", "dark"]
    assert run(["digits", *QUICK, *arguments]) == ExitCode.DONE
    assert names(folder) == sorted([*PICTURES, "digits-misses.png"])


@pytest.mark.parametrize(("size", "pixels"), [("8x5.5", (400, 275)), ("3x7.3", (150, 365))])
def test_dpi_and_size_decide_the_pixels(size: str, pixels: tuple[int, int]) -> None:
    assert run(["digits", "--n-init", "1", "--dpi", "50", "--size", size, "-q"]) == 0
    for name in PICTURES:
        with Image.open(name) as image:
            assert image.size == pixels


def test_json_holds_what_scikit_learn_finds(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["digits", "--json", "--no-pictures", "--csv", "d.csv", "-q"]) == ExitCode.DONE
    report = json.loads(capfdbinary.readouterr().out)
    assert names(folder) == ["d.csv"]
    assert 0.78 <= report["accuracy"] <= 0.80
    true = datasets.load_digits().target
    rows = list(csv.DictReader(io.StringIO((folder / "d.csv").read_text())))
    clusters = [int(row["cluster"]) for row in rows]
    assert [int(row["true"]) for row in rows] == true.tolist()
    assert [int(row["index"]) for row in rows] == list(range(1797))
    assert report["confusion_matrix"] == metrics.confusion_matrix(true, clusters).tolist()
    assert report["v_measure"] == metrics.v_measure_score(true, clusters)
    assert report["adjusted_rand"] == metrics.adjusted_rand_score(true, clusters)
    right = [row["true"] == row["digit"] for row in rows]
    assert report["accuracy"] == sum(right) / 1797
    inertia = sum(float(row["distance"]) ** 2 for row in rows)
    assert report["inertia"] == pytest.approx(inertia)
    assert report["inertia"] == min(report["start_inertias"])
    assert len(report["start_inertias"]) == report["n_init"] == 10
    assert report["seed"] == report["start_seed"] == 0
    assert sum(one["count"] for one in report["confusions"]) == 1797 - report["n_correct"]
    assert [row["size"] for row in report["clusters"]] == np.bincount(clusters).tolist()


def test_a_start_has_a_seed_of_its_own(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    single = ["--init", "random", "--n-init", "1", "--seed", "3", "--no-pictures", "--json", "-q"]
    pixels = datasets.load_digits().data
    for more, start_seed in (([], 3), (["--start-seed", "5"], 5)):
        assert run(["digits", *single, *more]) == ExitCode.DONE
        report = json.loads(capfdbinary.readouterr().out)
        assert (report["seed"], report["start_seed"]) == (3, start_seed)
        own = KMeans(10, init="random", n_init=1, random_state=start_seed).fit(pixels)
        assert report["inertia"] == pytest.approx(own.inertia_)
        assert report["n_iter"] == own.n_iter_


def test_text_report_explains_the_definitions_the_ties_and_the_confusions(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert run(["digits", "--report", "--no-pictures", "-q"]) == ExitCode.DONE
    text = capfdbinary.readouterr().out.decode()
    assert text.startswith("1797 digits in 10 clusters\n==========================\n\nData\n")
    for line in (
        "one to one          0.7919  1423 of 1797; each digit, one cluster (Hungarian)",
        "majority (purity)   0.7919  1423 of 1797; each cluster, its commonest digit",
        "notebook's formula  0.8175  1469 of 1797; each digit's largest, even if taken",
        "Cluster 1 holds 100 ones and 100 eights, a tie; by majority it stands for ones",
        "By majority, no cluster stands for eights.",
        "100 ones taken for eights\n",
    ):
        # Remarks are wrapped.
        assert line in text or line in " ".join(text.split())
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_report_says_that_purity_rises_for_free(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["digits", *QUICK, "-k", "12", "--report", "--no-pictures", "-q"]) == 0
    text = capfdbinary.readouterr().out.decode()
    assert "Purity rises with the number of clusters" in text
    assert "One to one, 2 of 12 clusters are left over" in text


def test_report_has_the_effect_of_initialisation_and_the_scan(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    arguments = ["--json", "--no-pictures", "--runs", "3", "--scan", "4:6", "-q"]
    assert run(["digits", *QUICK, *arguments]) == ExitCode.DONE
    report = json.loads(capfdbinary.readouterr().out)
    assert [(row["init"], len(row["inertia"])) for row in report["inits"]] == [
        ("k-means++", 3),
        ("random", 3),
        ("pca", 1),
    ]
    assert [row["k"] for row in report["scan"]] == [4, 5, 6]
    # The first of the single starts is the run itself.
    assert report["inits"][0]["inertia"][0] == report["inertia"]


def test_report_file_is_what_would_be_printed(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ["digits", *QUICK, "--no-pictures", "-q", "-k", "3", "--report"]
    assert run([*arguments, "--report-file", "r.txt"]) == ExitCode.DONE
    assert capfdbinary.readouterr().out == (folder / "r.txt").read_bytes()


def test_csv_on_stdout_works_in_a_pipe() -> None:
    done = subprocess.run(
        f"{sys.executable} -m kmcli digits --no-pictures --csv - | cut -d, -f3 | sort -u",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [*"0123456789", "cluster"]


def test_csv_leaves_the_digit_of_left_over_clusters_empty(folder: Path) -> None:
    arguments = ["-k", "11", "--match", "one-to-one", "--no-pictures", "--csv", "d.csv", "-q"]
    assert run(["digits", *QUICK, *arguments]) == ExitCode.DONE
    rows = list(csv.DictReader(io.StringIO((folder / "d.csv").read_text())))
    empty = {row["cluster"] for row in rows if row["digit"] == ""}
    assert len(empty) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "0"], "0 is not in the range 1<=x<=100"),
        (["-k", "101"], "101 is not in the range 1<=x<=100"),
        (["--embed", "umap"], "'umap' is not one of none, pca:N, tsne, scale"),
        (["--embed", "pca"], "'pca' is not one of none, pca:N, tsne, scale"),
        (["--embed", "pca:65"], "n_components is 65; it must be from 1 to 64"),
        (["--scan", "5"], "'5' is not a range like 5:20"),
        (["--scan", "9:5"], "'9:5' must be an increasing range within 1 to 100"),
        (["--scan", "9:101"], "'9:101' must be an increasing range within 1 to 100"),
        (["--size", "big"], "'big' is not a size like 8x6, in inches"),
        (["--size", "nanx5"], "not a size like 8x6"),
        (["--report", "--json"], "--report and --json both print to standard output"),
        (["--report", "--csv", "-"], "standard output can carry one thing"),
        (["--no-pictures"], "--no-pictures"),
        (["--no-pictures", "--misses"], "--misses"),
        (["--csv", "digits-pca.png"], "two outputs would be written to digits-pca.png"),
        (["images.png"], "unexpected extra argument"),
    ],
)
def test_bad_usage_is_refused_before_any_work(
    arguments: list[str], message: str, folder: Path, capfd: Capture
) -> None:
    assert run(["digits", *arguments]) == ExitCode.USAGE
    captured = capfd.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert names(folder) == []


def test_an_existing_output_stops_everything(folder: Path, capfd: Capture) -> None:
    (folder / "digits-confusion.png").write_bytes(b"mine")
    assert run(["digits", "--csv", "d.csv"]) == ExitCode.OUTPUT
    assert "digits-confusion.png" in capfd.readouterr().err
    assert names(folder) == ["digits-confusion.png"]
    assert (folder / "digits-confusion.png").read_bytes() == b"mine"


def test_a_missing_parent_of_the_csv_stops_everything(folder: Path) -> None:
    assert run(["digits", "--csv", "missing/d.csv"]) == ExitCode.OUTPUT
    assert names(folder) == []


def test_the_output_folder_may_not_be_a_file(folder: Path, capfd: Capture) -> None:
    (folder / "taken").write_bytes(b"")
    assert run(["digits", "-d", "taken"]) == ExitCode.OUTPUT
    message = "kmcli: error: taken/digits-centroids.png: taken is a file, not a folder\n"
    assert capfd.readouterr().err == message


DOCS = Path(__file__).parent.parent / "docs" / "digits.md"


def test_docs_name_every_option() -> None:
    text = DOCS.read_text()
    options = [name for parameter in digits.params for name in parameter.opts]
    assert [name for name in options if f"`{name}" not in text] == []


def test_docs_name_every_json_key(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    arguments = ["--json", "--no-pictures", "--runs", "1", "--scan", "2:2", "-q"]
    assert run(["digits", *QUICK, *arguments]) == ExitCode.DONE
    report = json.loads(capfdbinary.readouterr().out)
    assert "" not in report
    keys = {*report}
    for value in report.values():
        if isinstance(value, list) and isinstance(value[0], dict):
            keys |= value[0].keys()
    text = DOCS.read_text()
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_running_again_is_no_conflict_but_other_content_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    to = [*QUICK, "-q", "-d", str(tmp_path)]
    assert run(["digits", *to, "--report-file", str(tmp_path / "report.txt")]) == 0
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert run(["digits", *to, "--json"]) == 0
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    capfd.readouterr()
    precious = (tmp_path / "digits-pca.png").read_bytes() + b" and more"
    (tmp_path / "digits-pca.png").write_bytes(precious)
    (tmp_path / "digits-confusion.png").unlink()
    assert run(["digits", *to]) == 5
    assert (
        "digits-pca.png: already exists with other content; use --force" in capfd.readouterr().err
    )
    assert (tmp_path / "digits-pca.png").read_bytes() == precious
    assert not (tmp_path / "digits-confusion.png").exists()
