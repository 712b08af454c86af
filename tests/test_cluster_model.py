"""Model files: the same bytes, the same clusters, and no harm from what strangers send."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kmcli.cluster.labelling import Labelling
from kmcli.cluster.model import MAX_MODEL_BYTES, Model, read_model_bytes
from kmcli.cluster.workers import Threads
from kmcli.errors import InputError
from tests.array_source import ArraySource
from tests.test_cluster import QUICK, clustered, groups, take_labels, with_categories


@pytest.fixture(scope="module")
def model() -> Model:
    return clustered(with_categories(), QUICK)[0].model


def changed(model: Model, **entries: Any) -> bytes:
    return json.dumps({**json.loads(model.to_json()), **entries}).encode()


def test_a_model_read_back_gives_the_same_bytes_and_clusters(model: Model) -> None:
    source = with_categories()
    again = read_model_bytes(model.to_json())
    assert again.to_json() == model.to_json()
    _, labels = clustered(source, QUICK)
    labelling = Labelling(source, again.rule, take_labels, Threads(1))
    np.testing.assert_array_equal(np.concatenate([part.numbers for part in labelling]), labels)


def test_ten_lines_of_python_assign_without_kmcli(model: Model) -> None:
    source = with_categories()
    content = json.loads(model.to_json())
    parts = []
    for column, cells in zip(content["columns"], source.values.T, strict=True):
        x = cells[:, None]
        if column["kind"] == "category":
            x = x == np.arange(len(column["categories"]))
        parts.append((x - column["offset"]) / column["divisor"] * column["weight"])
    points = np.hstack(parts)
    squared = ((points[:, None] - np.array(content["centers"])) ** 2).sum(axis=2)
    np.testing.assert_array_equal(squared.argmin(axis=1), clustered(source, QUICK)[1])


def test_the_model_tells_what_it_was_made_from(model: Model) -> None:
    content = json.loads(model.to_json())
    result, labels = clustered(with_categories(), QUICK)
    assert (content["format"], content["version"], content["k"]) == ("kmcli-cluster", 1, 3)
    assert content["sizes"] == np.bincount(labels).tolist()
    assert content["rows"] == 600
    assert content["inertia"] == result.profile.inertia
    assert content["max_distance"] == result.profile.max_distances.tolist()
    assert content["mean_distance"] == result.profile.mean_distances.tolist()
    assert all(
        m < most for m, most in zip(content["mean_distance"], content["max_distance"], strict=True)
    )
    np.testing.assert_allclose(content["centers_original"], result.profile.means, rtol=1e-9)
    assert content["columns"][4]["categories"] == ["a", "b", "c"]
    assert content["columns"][1]["mean"] == pytest.approx(with_categories().values[:, 1].mean())


def test_the_weight_of_a_column_goes_into_the_model() -> None:
    settings = replace(QUICK, column_weights={"x2": 3.0})
    result, labels = clustered(ArraySource(groups()), settings)
    content = json.loads(result.model.to_json())
    assert [column["weight"] for column in content["columns"]] == [1, 3, 1, 1]
    again = read_model_bytes(result.model.to_json())
    (part,) = Labelling(ArraySource(groups()), again.rule, take_labels, Threads(1))
    np.testing.assert_array_equal(part.numbers, labels)


def test_rows_of_unknown_categories_are_counted(model: Model) -> None:
    known = with_categories()
    values = known.values.copy()
    values[:5, 4] = -1  # a category that the model does not know
    values[5:9, 0] = -1  # a number like any other
    labelling = Labelling(ArraySource(values, known.columns), model.rule, take_labels, Threads(1))
    assert sum(len(part.numbers) for part in labelling) == len(values)
    assert labelling.n_unknown == 5


def test_missing_values_are_filled_by_the_mean_of_the_model() -> None:
    values = groups()
    values[::7, 1] = np.nan
    result, labels = clustered(ArraySource(values), replace(QUICK, missing="mean"))
    again = read_model_bytes(result.model.to_json())
    assert again.rule.scaling.fill
    new = ArraySource(values[:50])
    (part,) = Labelling(new, again.rule, take_labels, Threads(1))
    np.testing.assert_array_equal(part.numbers, labels[:50])


def test_unknown_keys_are_ignored(model: Model) -> None:
    assert read_model_bytes(changed(model, color="red")).to_json() == model.to_json()


def test_a_later_version_is_refused(model: Model) -> None:
    with pytest.raises(InputError, match="the model has version 2, but this kmcli reads 1"):
        read_model_bytes(changed(model, version=2))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b'{"format": "onnx"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": "kmcli-cluster", "version": 1, "k": NaN}',
        b'{"format": "kmcli-cluster", "version": 1, "k": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a model") as caught:
        read_model_bytes(data, "m.json")
    assert caught.value.name == "m.json"
    assert len(str(caught.value)) < 200


def test_a_model_larger_than_the_limit_is_refused_unread() -> None:
    with pytest.raises(InputError, match="larger than 67108864 bytes"):
        read_model_bytes(b" " * (MAX_MODEL_BYTES + 1))


@pytest.mark.parametrize(
    "entries",
    [
        {"k": 0},
        {"k": 2},
        {"k": 3.0},
        {"k": True},
        {"k": 10**30},
        {"centers": [[0.0] * 7] * 2},
        {"centers": [[0.0] * 6] * 3},
        {"centers": [["0"] * 7] * 3},
        {"centers": [[True] * 7] * 3},
        {"centers": [[1e155] * 7] * 3},
        {"centers": [[1e200] * 7] * 3},
        {"centers": [[10**400] * 7] * 3},
        {"centers": {"0": 1}},
        {"sizes": [1, 2]},
        {"sizes": [-1, 2, 3]},
        {"rows": -1},
        {"inertia": None},
        {"inertia": -1.0},
        {"max_distance": [1, 2, -3]},
        {"scale": "log"},
        {"missing": 1},
        {"label": ["cluster"]},
        {"label": "\ud800"},
        {"columns": []},
        {"columns": [1]},
        {"columns": [{}]},
        {"columns": "abc"},
    ],
)
def test_a_damaged_model_is_refused(model: Model, entries: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="the model is damaged: "):
        read_model_bytes(changed(model, **entries))


@pytest.mark.parametrize(
    ("place", "entries"),
    [
        (0, {"divisor": 0}),
        (0, {"divisor": -1.0}),
        (0, {"weight": 0}),
        (0, {"mean": [1.0]}),
        (0, {"offset": "1"}),
        (0, {"kind": "date"}),
        (0, {"name": "x2"}),
        (0, {"name": 7}),
        (4, {"categories": ["a", "b"]}),
        (4, {"categories": ["a", "a", "b"]}),
        (4, {"categories": []}),
        (4, {"categories": "abc"}),
        (4, {"mean": 0.5}),
    ],
)
def test_a_damaged_column_is_refused(model: Model, place: int, entries: dict[str, Any]) -> None:
    columns = json.loads(model.to_json())["columns"]
    columns[place].update(entries)
    with pytest.raises(InputError, match="the model is damaged: "):
        read_model_bytes(changed(model, columns=columns))


@pytest.mark.parametrize(
    "key",
    ["k", "columns", "centers", "sizes", "inertia", "seed", "rows", "mean_distance", "max_distance",
     "scale", "missing", "label"],
)  # fmt: skip
def test_a_model_with_a_part_missing_is_refused(model: Model, key: str) -> None:
    content = json.loads(model.to_json())
    del content[key]
    with pytest.raises(InputError, match=f"the model is damaged: '{key}' is missing"):
        read_model_bytes(json.dumps(content).encode())


def test_no_model_holds_what_json_cannot(model: Model) -> None:
    assert math.isfinite(model.inertia)
    assert b"NaN" not in model.to_json()
    assert b"Infinity" not in model.to_json()
