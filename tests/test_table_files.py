"""Tables from Python: arrays, dataframes and files give the same clusters as the command."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import kmcli
from tests.test_cluster import groups

SETTINGS = kmcli.ClusterSettings(3, effort="fast", n_init=4)
VALUES = groups(300)
FRAME = pl.DataFrame(VALUES, schema=["x1", "x2", "x3", "x4"])


class Capsule:
    """A dataframe of which nothing is known but that it exports Arrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return FRAME.__arrow_c_stream__(requested_schema)


@pytest.fixture(scope="module")
def expected() -> kmcli.TableClusters:
    return kmcli.cluster_table(VALUES, SETTINGS)


@pytest.mark.parametrize(
    "table", [FRAME, Capsule(), FRAME.to_dict(as_series=False), VALUES.tolist(), VALUES[::1, :]]
)
def test_any_kind_of_table_in_memory_is_taken(table: Any, expected: kmcli.TableClusters) -> None:
    found = kmcli.cluster_table(table, SETTINGS)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.model.to_json() == expected.model.to_json()


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "jsonl"])
def test_files_are_taken_by_their_paths(
    kind: str, tmp_path: Path, expected: kmcli.TableClusters
) -> None:
    path = tmp_path / f"table.{kind}"
    writers: dict[str, Any] = {
        "csv": FRAME.write_csv,
        "parquet": FRAME.write_parquet,
        "arrow": FRAME.write_ipc,
        "jsonl": FRAME.write_ndjson,
    }
    writers[kind](path)
    for table in (path, str(path)):
        found = kmcli.cluster_table(table, SETTINGS)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert found.model.to_json() == expected.model.to_json()


def test_several_files_are_one_table(tmp_path: Path, expected: kmcli.TableClusters) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    FRAME[:100].write_csv(paths[0])
    FRAME[100:].write_csv(paths[1])
    found = kmcli.cluster_table(paths, SETTINGS)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_columns_can_be_chosen_and_named() -> None:
    choice = kmcli.ColumnChoice(include=("a", "c"))
    found = kmcli.cluster_table(VALUES, SETTINGS, columns=choice, names=["a", "b", "c", "d"])
    assert [column.name for column in found.model.rule.columns] == ["a", "c"]
    alone = kmcli.cluster_table(VALUES[:, [0, 2]], SETTINGS)
    np.testing.assert_array_equal(found.labels, alone.labels)


def test_a_model_from_a_file_assigns_the_same(
    tmp_path: Path, expected: kmcli.TableClusters
) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(expected.model.to_json())
    for source in (path, str(path), path.read_bytes()):
        model = kmcli.read_model(source)
        np.testing.assert_array_equal(kmcli.assign(model, VALUES), expected.labels)
    FRAME.select("x4", "x2", "x1", "x3").write_csv(tmp_path / "t.csv")
    np.testing.assert_array_equal(kmcli.assign(model, tmp_path / "t.csv"), expected.labels)
    with pytest.raises(kmcli.SettingsError, match="x4"):
        kmcli.assign(model, VALUES[:, :3])
    with pytest.raises(kmcli.InputError, match="not a model"):
        kmcli.read_model(tmp_path / "t.csv")


def test_the_report_is_that_of_the_command(expected: kmcli.TableClusters) -> None:
    report = expected.report()
    assert report["k"] == 3
    assert [each["rows"] for each in report["clusters"]] == np.bincount(expected.labels).tolist()
    assert report["silhouette"] > 0.4


def test_nothing_but_numbers_is_refused() -> None:
    with pytest.raises(kmcli.InputError, match="not a table of numbers"):
        kmcli.cluster_table(np.zeros(3), SETTINGS)
