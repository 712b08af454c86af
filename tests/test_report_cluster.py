"""The report on a clustered table, beside what the labelled rows themselves say."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from kmcli.cli.main import run
from kmcli.cluster.profile import Apart
from kmcli.report.cluster import apart_text

QUICK = ["-k", "3", "--effort", "fast", "--n-init", "3", "-q", "-o", "o.csv", "-f"]


def table(folder: Path, n: int = 240) -> None:
    """Three groups of unequal size, some missing values, and rows that count twice."""
    random = np.random.default_rng(0)
    group = random.choice(3, n, p=[0.5, 0.3, 0.2])
    x, y = group * 5 + random.normal(size=n), (group == 1) * 900 + random.normal(size=n) * 40
    lines = [f"{a:.4f},{b:.3f},{1 + i % 2},p\n" for i, (a, b) in enumerate(zip(x, y, strict=True))]
    lines[7] = ",5,1,p\n"
    lines[9] = "3,NA,1,p\n"
    (folder / "t.csv").write_text("x,y,times,who\n" + "".join(lines))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table(tmp_path)
    return tmp_path


def reported(*arguments: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    assert (
        run(["cluster", "t.csv", *QUICK, "--distance", "--report-file", "r.json", *arguments]) == 0
    )
    with open("o.csv", newline="") as file:
        return json.loads(Path("r.json").read_text()), list(csv.DictReader(file))


def test_the_report_counts_what_the_rows_show() -> None:
    report, rows = reported("-c", "x,y", "--weights", "times")
    used = [row for row in rows if row["cluster"]]
    weights = np.array([float(row["times"]) for row in used])
    values = np.array([[float(row["x"]), float(row["y"])] for row in used])
    labels = np.array([int(row["cluster"]) for row in used])
    distances = np.array([float(row["distance"]) for row in used])
    assert (report["rows"], report["rows_used"], report["rows_missing"]) == (240, 238, 2)
    assert report["weight"] == weights.sum()
    means = np.average(values, axis=0, weights=weights)
    spreads = np.sqrt(np.average((values - means) ** 2, axis=0, weights=weights))
    for place, column in enumerate(report["columns"]):
        assert column["name"] == "xy"[place]
        assert (column["missing"], column["kind"]) == (1, "number")
        assert column["mean"] == pytest.approx(means[place])
        assert column["spread"] == pytest.approx(spreads[place])
        assert (column["min"], column["max"]) == (values[:, place].min(), values[:, place].max())
        own = np.array([np.average(values[labels == k], 0, weights[labels == k]) for k in range(3)])
        within = np.average((values - own[labels])[:, place] ** 2, weights=weights)
        assert column["explained"] == pytest.approx(1 - within / spreads[place] ** 2)
    assert report["inertia"] == pytest.approx((weights * distances**2).sum())
    assert (report["method"], report["sample_rows"], report["passes"]) == ("all rows", 238, 0)
    for cluster in report["clusters"]:
        mine = labels == cluster["cluster"]
        assert cluster["rows"] == mine.sum()
        assert cluster["share"] == pytest.approx(mine.mean())
        center = np.average(values[mine], axis=0, weights=weights[mine])
        assert cluster["center"] == pytest.approx(center)
        deviations = (values[mine] - center) ** 2
        spread = np.sqrt(np.average(deviations, axis=0, weights=weights[mine]))
        assert cluster["spread"] == pytest.approx(spread)
        assert cluster["inertia"] == pytest.approx((weights * distances**2)[mine].sum())
        mean = np.average(distances[mine], weights=weights[mine])
        assert cluster["mean_distance"] == pytest.approx(mean)
        assert rows[cluster["farthest"][0] - 2]["distance"] == str(distances[mine].max())
        z = dict(zip("xy", (center - means) / spreads, strict=True))
        assert all(each["z"] == pytest.approx(z[each["column"]]) for each in cluster["apart"])
        assert cluster["apart"]


def test_scores_in_the_report_are_those_of_scikit_learn() -> None:
    report, rows = reported("-c", "x,y")
    used = [row for row in rows if row["cluster"]]
    values = np.array([[float(row["x"]), float(row["y"])] for row in used])
    points = (values - values.mean(axis=0)) / values.std(axis=0)
    labels = np.array([int(row["cluster"]) for row in used])
    silhouettes = metrics.silhouette_samples(points, labels)
    assert report["silhouette"] == pytest.approx(silhouettes.mean())
    assert report["silhouette_rows"] == len(used)
    for cluster in report["clusters"]:
        own = silhouettes[labels == cluster["cluster"]]
        assert cluster["silhouette"] == pytest.approx(own.mean())
    theirs = metrics.calinski_harabasz_score(points, labels)
    assert report["calinski_harabasz"] == pytest.approx(theirs)
    assert report["davies_bouldin"] == pytest.approx(metrics.davies_bouldin_score(points, labels))
    assert report["simplified_silhouette"] != report["silhouette"]


def test_a_sample_and_its_passes_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    sampled, _ = reported("--sample-rows", "100", "--passes", "2", "--report")
    text = capfd.readouterr().out
    assert (sampled["method"], sampled["sample_rows"], sampled["passes"]) == ("sample", 100, 2)
    assert "sample of 100 rows, then every row" in text
    # All rows are the sample: then there is nothing left for the passes to do.
    whole, _ = reported("--passes", "2")
    assert (whole["method"], whole["passes"]) == ("all rows", 0)


def test_the_text_says_what_matters_and_leaves_the_rest_out(
    capfd: pytest.CaptureFixture[str],
) -> None:
    report, _ = reported("-c", "x,y", "--report")
    text = capfd.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "rows left out 2" in lines
    assert not any(line.startswith("weight") for line in lines)
    explained = [f"{column['explained']:.1%}" for column in report["columns"]]
    assert all(any(line.endswith(share) for line in lines) for share in explained)
    weighted, _ = reported("-c", "x,y", "--weights", "times", "--report")
    assert weighted["weight"] > weighted["rows_used"]
    assert f"weight {weighted['weight']:g}" in " ".join(capfd.readouterr().out.split())


def test_a_score_without_end_is_told_in_few_digits(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "tight.csv").write_text("a\n0\n1e-7\n1000000\n1000000.0000001\n")
    assert run(["cluster", "tight.csv", "--scan", "2:3", "--report"]) == 0
    text = capfd.readouterr().out
    assert re.search(r" \d\.\d+e\+\d\d ", text)
    assert not re.search(r"\d{8}", text)


def test_one_cluster_has_no_scores_in_the_text(capfd: pytest.CaptureFixture[str]) -> None:
    report, _ = reported("-k", "1", "--report")
    text = capfd.readouterr().out
    assert report["silhouette"] is None
    assert not any(line.strip().startswith("silhouette  ") for line in text.splitlines())
    assert "-1 to 1" not in text


def test_the_recommended_number_is_that_of_the_scan() -> None:
    report, _ = reported("-c", "x,y", "--scan", "2:5")
    assert report["recommended_k"] == 3
    assert [step["k"] for step in report["scan"]] == [2, 3, 4, 5]
    alone, _ = reported()
    assert (alone["recommended_k"], alone["scan"]) == (None, [])


def test_a_difference_is_high_or_low_by_its_sign() -> None:
    assert apart_text([Apart("a", 0.54), Apart("b", -0.2)]) == "a high (+0.5), b low (-0.2)"
