"""Signals at any moment: kmcli dies by them, and leaves what a user can live with."""

import contextlib
import errno
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.test_reliability_faults import OLD, files_in, paint
from tests.warm import Warm

Record = Callable[[str, object], None]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def members_of_group(group: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def wait_until_gone(group: int) -> list[int]:
    deadline = time.monotonic() + 20
    while (left := members_of_group(group)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def opened_for_writing(pipe: Path) -> int:
    """The named pipe, as soon as somebody reads it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """A folder with pictures that have to be learned from."""
    folder = tmp_path / "work"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    for number in range(4):
        Image.fromarray(np.roll(pixels, number)).save(folder / f"{number}.png")
    return folder


def test_signals_at_random_moments_of_a_run(
    noisy: Path, warm: Warm, record_property: Record
) -> None:
    arguments = ["quantize", "0.png", "-k", "16,8", "-f", "-q"]
    lengths = []
    for _ in range(4):  # the shortest counts, since other tests run at the same time
        begun = time.monotonic()
        assert warm.run(arguments, noisy).code == 0
        lengths.append(time.monotonic() - begun)
    length = min(lengths)
    new = files_in(noisy)
    old = {**new, "0-k16.png": OLD, "0-k8.png": OLD}
    moments = random.Random(0)
    died = 0
    for turn in range(52):
        for name in ("0-k16.png", "0-k8.png"):
            (noisy / name).write_bytes(OLD)
        pid = warm.begin(arguments, noisy)
        time.sleep(moments.uniform(0, length))
        number = SIGNALS[turn % 3]
        os.killpg(pid, number) if turn % 2 else os.kill(pid, number)
        ended = warm.end(pid)
        assert ended.code in (0, -number)
        died += ended.code != 0
        assert ended.err == b""
        found = files_in(noisy)
        assert set(found) == set(new)
        assert all(found[name] in (old[name], new[name]) for name in found)
        if ended.code == 0:
            assert found == new
    assert died >= 8
    record_property("reliability: signals at random moments", 52)


def test_signals_at_random_moments_of_a_batch(
    noisy: Path, warm: Warm, record_property: Record, tmp_path: Path
) -> None:
    arguments = ["quantize", *(f"{n}.png" for n in range(4)), "-k", "16", "-j", "2", "-d", "out"]
    sockets = tmp_path / "sockets"
    sockets.mkdir()
    more = {"env": {"TMPDIR": str(sockets)}}
    begun = time.monotonic()
    assert warm.run(arguments, noisy, **more).code == 0
    length = time.monotonic() - begun
    new = files_in(noisy)
    moments = random.Random(1)
    died = 0
    for turn in range(8):
        for path in (noisy / "out").glob("*"):
            path.unlink()
        pid = warm.begin(arguments, noisy, **more)
        time.sleep(moments.uniform(0.02, length))
        number = SIGNALS[turn % 3]
        # Ctrl-C goes to the whole group, `kill` to one process.
        os.killpg(pid, number) if turn % 2 else os.kill(pid, number)
        ended = warm.end(pid)
        assert ended.code in (0, -number)
        died += ended.code != 0
        lines = ended.err.decode().splitlines()
        problems = [line for line in lines if " -> out/" not in line]
        assert all(" of 4" in line or line == "4 done, 0 failed" for line in problems), lines
        # The signal may come when all is done and said.
        assert len([line for line in problems if line != "4 done, 0 failed"]) <= 1
        found = files_in(noisy)
        assert set(found) <= set(new)
        assert all(found[name] == new[name] for name in found)
        assert not wait_until_gone(pid)
        assert not list(sockets.iterdir())
    assert died >= 2
    record_property("reliability: signals at random moments", 8)


def test_a_batch_that_is_interrupted_keeps_what_is_finished_and_says_so(
    noisy: Path, warm: Warm
) -> None:
    os.mkfifo(noisy / "never.png")
    pid = warm.begin(["quantize", "0.png", "1.png", "never.png", "-k", "4"], noisy)
    deadline = time.monotonic() + 60
    while not (noisy / "1-k4.png").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(pid, signal.SIGINT)
    ended = warm.end(pid)
    assert ended.code == -signal.SIGINT
    assert ended.err.splitlines()[-1] == b"kmcli: interrupted after 2 of 3"
    assert {"0-k4.png", "1-k4.png"} <= set(files_in(noisy))


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_signals_that_were_ignored_stay_ignored(
    name: str, jobs: str, noisy: Path, warm: Warm
) -> None:
    arguments = ["quantize", "0.png", "1.png", "-k", "8", "-j", jobs]
    pid = warm.begin(arguments, noisy, ignored=[name])
    for _ in range(5):
        time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, getattr(signal, name))
    ended = warm.end(pid)
    assert ended.code == 0, ended.err
    assert {"0-k8.png", "1-k8.png"} <= set(files_in(noisy))


def test_it_can_be_stopped_and_continued(noisy: Path, warm: Warm) -> None:
    pid = warm.begin(["quantize", "0.png", "-k", "8"], noisy)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.1)
    os.kill(pid, signal.SIGCONT)
    assert warm.end(pid).code == 0


def test_signals_while_modules_are_imported(noisy: Path) -> None:
    """From the first line of kmcli on; before that, it is Python that is interrupted."""
    code = """
import os, sys
from kmcli.__main__ import main

sys.addaudithook(
    lambda event, names: event == "import" and names[0] == "kmcli.cli.main" and os.write(1, b".")
)
main()
"""
    os.mkfifo(noisy / "never.png")  # so that it cannot end before the signal
    for delay in (0.0, 0.1, 0.3):
        with subprocess.Popen(
            [sys.executable, "-c", code, "quantize", "never.png", "-k", "8"],
            cwd=noisy,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.read(1)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
        assert process.returncode == -signal.SIGINT
        assert err == b""


def test_control_c_stops_the_loop_of_a_shell(noisy: Path) -> None:
    import pty

    os.mkfifo(noisy / "never.png")
    script = (
        f'for f in never.png 1.png; do "{sys.executable}" -m kmcli quantize "$f" -k 8; done; '
        "echo finished"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(noisy)
        os.execvp("bash", ["bash", "-c", script])
    pipe = opened_for_writing(noisy / "never.png")
    os.write(terminal, b"\x03")
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal with an error
        while select.select([terminal], [], [], 60)[0] and (block := os.read(terminal, 4096)):
            shown += block
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    os.close(pipe)
    assert b"1.png" not in shown
    assert b"finished" not in shown
    assert b"Traceback" not in shown
    assert os.waitstatus_to_exitcode(status) in (-signal.SIGINT, 130)


def test_a_terminal_that_goes_away_does_not_stop_the_work(noisy: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["nohup", sys.executable, "-m", "kmcli", "quantize", "-k", "16", "-j", "1"]
        + [f"{number}.png" for number in range(4)],
        cwd=noisy,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        os.read(ours, 1)  # nohup's own message, or the bar
        time.sleep(0.3)
        os.close(ours)
    assert process.returncode == 0
    assert {f"{number}-k16.png" for number in range(4)} <= set(files_in(noisy))


def test_descriptors_do_not_grow_with_the_batch(tmp_path: Path, warm: Warm) -> None:
    n_files = 150
    for number in range(n_files):
        paint(tmp_path / f"{number}.png", number)
    # Fewer descriptors than files: one that leaks is one too many.
    names = [f"{number}.png" for number in range(n_files)]
    limits = {"RLIMIT_NOFILE": 40}
    for jobs in ("1", "2"):
        arguments = ["quantize", *names, "-k", "4", "-q", "-j", jobs, "-d", jobs]
        ended = warm.run(arguments, tmp_path, limits=limits)
        assert (ended.code, ended.err) == (0, b"")
        assert len(files_in(tmp_path / jobs)) == n_files


def test_signals_at_random_moments_of_a_table(
    tmp_path: Path, warm: Warm, record_property: Record
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    rows = "".join(f"{i % 97 / 7},{i * i % 89 / 3}\n" for i in range(3000))
    (folder / "t.csv").write_text("x,y\n" + rows)
    outputs = ["-o", "o.csv", "--model", "m.json", "--centers", "c.csv"]
    arguments = ["cluster", "t.csv", "-k", "5", "--effort", "fast", *outputs, "-f", "-q"]
    lengths = []
    for _ in range(3):  # the shortest counts, since other tests run at the same time
        begun = time.monotonic()
        assert warm.run(arguments, folder).code == 0
        lengths.append(time.monotonic() - begun)
    new = files_in(folder)
    old = {**new, "o.csv": OLD, "m.json": OLD, "c.csv": OLD}
    moments = random.Random(2)
    died = 0
    for turn in range(20):
        for name in ("o.csv", "m.json", "c.csv"):
            (folder / name).write_bytes(OLD)
        pid = warm.begin(arguments, folder)
        time.sleep(moments.uniform(0, min(lengths)))
        number = SIGNALS[turn % 3]
        os.killpg(pid, number) if turn % 2 else os.kill(pid, number)
        ended = warm.end(pid)
        assert ended.code in (0, -number)
        died += ended.code != 0
        assert ended.err == b""
        found = files_in(folder)
        assert set(found) == set(new)
        assert all(found[name] in (old[name], new[name]) for name in found)
        if ended.code == 0:
            assert found == new
    assert died >= 2
    record_property("reliability: signals at random moments", 20)
