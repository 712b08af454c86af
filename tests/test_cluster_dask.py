"""A Dask cluster gives the same bytes as this machine, and clear errors."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from kmcli.cli.quantize.scheduler import Elsewhere
from kmcli.cluster.labelling import Labelling
from kmcli.cluster.result import ClusterResult, finish_result
from kmcli.cluster.run import fit_table, prepare_table
from kmcli.cluster.workers import Threads, Workers, dask_workers
from kmcli.errors import InputError, KmcliError, LimitError, SettingsError
from tests.array_source import ArraySource
from tests.test_cluster import QUICK, groups, take_labels

distributed: Any = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two workers in processes of their own, on loopback."""
    import dask

    # By default three workers have to die before the work is blamed.
    lethal_once = dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with (
        lethal_once,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
    ):
        yield cluster.scheduler_address


def double(number: int) -> int:
    if number == 13:
        raise InputError("unlucky", "the input")
    return 2 * number


def clustered_by(workers: Workers) -> tuple[ClusterResult, bytes]:
    source = ArraySource(groups(3000), size=400)
    settings = replace(QUICK, sample_rows=500, passes=1)
    prepared = prepare_table(source, settings, workers)
    fit = fit_table(prepared, source, settings, workers)
    labelling = Labelling(source, fit.rule, take_labels, workers)
    labels = b"".join(part.numbers.tobytes() for part in labelling)
    return finish_result(source, prepared, fit, labelling.sums, settings, scored=False), labels


def test_a_dask_cluster_gives_the_same_bytes(address: str) -> None:
    here, labels = clustered_by(Threads(1))
    with dask_workers(address) as workers:
        there, others = clustered_by(workers)
    assert others == labels
    assert there.model.to_json() == here.model.to_json()
    np.testing.assert_array_equal(there.profile.farthest, here.profile.farthest)


def test_results_come_in_order_and_items_are_taken_when_needed(address: str) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    with dask_workers(address) as workers:
        results = workers.map(double, items())
        assert next(results) == 0
        assert len(taken) == 4  # two for each worker
        assert list(results) == list(range(2, 20, 2))


def test_errors_of_the_work_arrive_as_they_are(address: str) -> None:
    with dask_workers(address) as workers, pytest.raises(InputError, match="unlucky") as caught:
        list(workers.map(double, range(20)))
    assert caught.value.name == "the input"


def test_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kmcli.cluster.workers._CONNECT_SECONDS", 0.3)
    with pytest.raises(InputError, match="no Dask scheduler answers"), dask_workers("127.0.0.1:9"):
        pass


def test_another_version_on_the_workers_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kmcli.__version__", "9.9")
    with (
        pytest.raises(SettingsError, match=r"run kmcli .*, but this is 9\.9; install the same"),
        dask_workers(address),
    ):
        pass


def kill(number: int) -> int:
    import os

    if number == 1:
        os._exit(1)
    return number


def test_work_that_kills_workers_is_told(address: str) -> None:
    with pytest.raises(KmcliError) as caught, dask_workers(address) as workers:
        list(workers.map(kill, range(3)))
    assert isinstance(caught.value, LimitError)


def test_a_batch_of_pictures_gives_the_same_files_words_and_exit_code(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(f"{number}.png")
    Path("broken.png").write_bytes(b"no picture")
    command = ["quantize", "-k", "4", "0.png", "broken.png", "1.png", "2.png"]
    assert run([*command, "-d", "here", "-j", "1"]) == 6
    here = capfd.readouterr()
    assert run([*command, "-d", "there", "--scheduler", address]) == 6
    there = capfd.readouterr()
    assert there.err.replace("there/", "here/") == here.err
    assert there.out == here.out == ""
    assert sorted(path.name for path in Path("there").iterdir()) == [
        f"{number}-k4.png" for number in range(3)
    ]
    for path in Path("there").iterdir():
        assert path.read_bytes() == Path("here", path.name).read_bytes()


def test_a_deadly_task_does_not_keep_others_from_being_done(address: str) -> None:
    with dask_workers(address) as workers:
        (result,) = workers.attempt(kill, [1])
        assert isinstance(result, LimitError)
        assert list(workers.attempt(double, [1, 2])) == [2, 4]


def test_workers_that_do_not_see_the_folder_are_told() -> None:
    result = Elsewhere(double, "/no/such/folder")(1)
    assert isinstance(result, InputError)
    assert "cannot see the folder /no/such/folder" in str(result)


def test_jobs_and_a_scheduler_contradict_each_other(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", "a.png", "b.png", "-j", "2", "--scheduler", "x:1"]) == 2
    assert "-j sets the number of local processes" in capfd.readouterr().err


def test_threads_give_results_in_order_and_end_early() -> None:
    assert list(Threads(3).map(double, range(10))) == list(range(0, 20, 2))
    assert list(Threads(1).map(double, [])) == []
    results = Threads(2).map(double, iter(range(1000)))
    assert next(results) == 0
    results.close()
    with pytest.raises(InputError, match="unlucky"):
        list(Threads(2).map(double, range(20)))
