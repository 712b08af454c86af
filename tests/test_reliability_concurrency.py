"""Several runs at once on one output: one of them wins, and the file is whole."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.test_reliability_faults import OLD, files_in, paint
from tests.warm import Warm

N_WRITERS = 24

Record = Callable[[str, object], None]


def run_at_once(folder: Path, warm: Warm, *more: str) -> tuple[list[int], dict[str, bytes]]:
    """Start all of them before waiting for the first; each has a picture of its own."""
    results = {}
    for number in range(N_WRITERS):
        paint(folder / f"{number}.png", number)
        assert warm.run(["quantize", f"{number}.png", "-o", "whole.png", "-f"], folder).code == 0
        results[(folder / "whole.png").read_bytes()] = number
    (folder / "whole.png").unlink()
    assert len(results) == N_WRITERS
    # They wait for one another, so that all check the target before any has written.
    gate = folder / "gate"
    pids = [
        warm.begin(["quantize", f"{n}.png", "-o", "out.png", *more], folder, gate=str(gate))
        for n in range(N_WRITERS)
    ]
    gate.touch()
    codes = [warm.end(pid).code for pid in pids]
    gate.unlink()
    found = files_in(folder)
    assert found["out.png"] in results
    assert set(found) == {"out.png", *(f"{number}.png" for number in range(N_WRITERS))}
    return codes, found


def test_exactly_one_of_many_writers_wins(
    tmp_path: Path, warm: Warm, record_property: Record
) -> None:
    codes, _ = run_at_once(tmp_path, warm)
    assert sorted(codes) == [0, *[5] * (N_WRITERS - 1)]
    record_property("reliability: concurrent writers", N_WRITERS)


def test_with_force_all_writers_succeed_and_the_file_is_whole(
    tmp_path: Path, warm: Warm, record_property: Record
) -> None:
    (tmp_path / "out.png").write_bytes(OLD)
    codes, _ = run_at_once(tmp_path, warm, "--force")
    assert codes == [0] * N_WRITERS
    record_property("reliability: concurrent writers", N_WRITERS)


def test_readers_never_see_a_part_of_a_file(tmp_path: Path, warm: Warm) -> None:
    paint(tmp_path / "a.png")
    target = tmp_path / "out.png"
    target.write_bytes(OLD)
    seen: set[bytes] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            assert warm.run(["quantize", "-qf", "a.png", "-o", "out.png"], tmp_path).code == 0
    finally:
        over.set()
        reader.join()
    assert seen <= {OLD, target.read_bytes()}
