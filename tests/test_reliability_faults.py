"""Whatever fails while outputs are written, nothing is lost, broken or called a success."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.warm import Ended, Warm

ERRORS = {
    "open": ("ENOSPC", "EDQUOT", "EMFILE", "EROFS", "EACCES", "EEXIST", "EINTR"),
    "write": ("ENOSPC", "EDQUOT", "EIO", "EFBIG", "SHORT"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "fchmod": ("EPERM", "EIO"),
    "utime": ("EPERM",),
    "close": ("EIO", "EDQUOT"),
    "link": ("EEXIST", "EPERM", "EXDEV", "EMLINK", "ENOSPC", "EROFS", "EIO"),
    "replace": ("EXDEV", "ENOSPC", "EROFS", "EIO"),
    "unlink": ("EIO",),
    "mkdir": ("EACCES", "ENOSPC"),
}
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.kmcli-tmp")
OLD = b"old, and precious"

TABLE = b"a,b\n1,2\n2,1\n8,9\n9,8\n"
COLUMN = {"kind": "number", "mean": 5, "spread": 4, "offset": 5, "divisor": 4, "weight": 1}
MODEL = {
    "format": "kmcli-cluster", "version": 1, "kmcli": "0", "label": "cluster", "scale": "standard",
    "missing": "skip", "columns": [{"name": name, **COLUMN} for name in "ab"], "k": 2,
    "centers": [[-1, -1], [1, 1]], "centers_original": [[1, 1], [9, 9]], "sizes": [2, 2],
    "inertia": 1, "seed": 0, "rows": 4, "mean_distance": [0, 0], "max_distance": [1, 1],
}  # fmt: skip

Files = dict[str, bytes]


def paint(path: Path, seed: int = 0) -> None:
    """Three colours, so that nothing has to be learned."""
    indices = np.random.default_rng(seed).integers(0, 3, (9, 12))
    colors = np.array([[200, 30, 40], [20, 90, 220], [240, 240, 230]], dtype=np.uint8)
    Image.fromarray(colors[indices]).save(path, compress_level=0)


def files_in(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True)
class Scenario:
    """A run of kmcli that writes something."""

    arguments: tuple[str, ...]
    command: str = "quantize"
    prepare: Callable[[Path], None] = lambda _folder: None
    replaces_several: bool = False
    report: str = ""
    inputs: tuple[str, ...] = ("a.png",)
    always: dict[str, str] = field(default_factory=dict)
    in_all_ways: bool = False

    def ways(self, call: str) -> tuple[str, ...]:
        """How a call is disturbed: by each error and signal, or by one of each to save time."""
        errors = ERRORS.get(call, ("EIO",))
        return (*errors, *SIGNALS) if self.in_all_ways else (errors[0], "SIGTERM", "SIGKILL")

    @property
    def line(self) -> list[str]:
        """What follows `kmcli`."""
        return [self.command, "-q", *self.arguments]

    def sandbox(self, folder: Path) -> Path:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        for seed, name in enumerate(self.inputs):
            paint(folder / name, seed)
        self.prepare(folder)
        return folder


def in_the_way(*names: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        for name in names:
            (folder / name).write_bytes(OLD)
            (folder / name).chmod(0o640)

    return prepare


def table(*names: str) -> Callable[[Path], None]:
    """Prepare a table and a model, and old files that are in the way."""

    def prepare(folder: Path) -> None:
        (folder / "t.csv").write_bytes(TABLE)
        (folder / "m.json").write_text(json.dumps(MODEL))
        in_the_way(*names)(folder)

    return prepare


CLUSTER = ("t.csv", "-k", "2", "--effort", "fast", "--n-init", "1", "-o", "out.csv")

SCENARIOS = {
    "one output": Scenario(("a.png", "-k", "4", "-o", "out.png"), in_all_ways=True),
    "forced clusters": Scenario(
        (*CLUSTER, "--report-file", "r.json", "-f"),
        "cluster",
        table("out.csv", "r.json"),
        replaces_several=True,
        report="r.json",
        inputs=(),
    ),
    "assigned": Scenario(("m.json", "t.csv", "-o", "out.csv"), "assign", table(), inputs=()),
    "versions and sheet": Scenario(("a.png", "-k", "4,3", "--compare")),
    "forced": Scenario(("a.png", "-o", "out.png", "-f"), prepare=in_the_way("out.png")),
    "forced versions": Scenario(
        ("a.png", "-k", "4,3", "-f"),
        prepare=in_the_way("a-k4.png", "a-k3.png"),
        replaces_several=True,
    ),
    "in place": Scenario(("a.png", "--in-place", "--keep-mtime"), in_all_ways=True),
    "with a report": Scenario(("a.png", "-k", "4", "--report-file", "r.json"), report="r.json"),
    "with a forced report": Scenario(
        ("a.png", "-k", "4", "--report-file", "r.json", "-f"),
        prepare=in_the_way("a-k4.png", "r.json"),
        replaces_several=True,
        report="r.json",
    ),
    "new folders": Scenario(("a.png", "-k", "4,3", "-d", "new/folder")),
    "without hard links": Scenario(("a.png", "-o", "out.png"), always={"link": "EPERM"}),
}


@dataclass
class Judge:
    """What may be there after a run that was disturbed."""

    scenario: Scenario
    before: Files
    after: Files

    def faults_of(self, ended: Ended, folder: Path, how: str, call: str) -> list[str]:
        """List what must not have happened."""
        now = files_in(folder)
        # A kill leaves a temporary file, and so does a system that refuses to remove it.
        may_leave = how == "SIGKILL" or call == "unlink"
        left = {name for name in now if TEMPORARY.fullmatch(Path(name).name)}
        wrong = [] if may_leave else [f"{name} was left behind" for name in left]
        for name in {*self.before, *self.after, *now} - left:
            wrong += self._fault_of(name, now.get(name), ended.code)
        if ended.code > 0:
            lines = ended.err.splitlines()
            if not lines or not all(line.startswith(b"kmcli: error: ") for line in lines):
                wrong.append(f"says {ended.err!r}")
            if any(path.is_dir() for path in folder.iterdir()):
                wrong.append("left a folder")
        expected = (-_number(how),) if how.startswith("SIG") else (0, 5)
        if ended.code not in expected:
            wrong.append(f"ends with {ended.code}: {ended.err!r}")
        return wrong

    def _fault_of(self, name: str, content: bytes | None, code: int) -> list[str]:
        old, new = self.before.get(name), self.after.get(name)
        is_failure_report = (content or b"").startswith(b'{"status": "failed"')
        if name == self.scenario.report and code > 0 and is_failure_report:
            return []
        if content not in (old, new):
            return [f"{name} is {'lost' if content is None else 'broken'}"]
        if code == 0 and content != new:
            return [f"{name} is missing, and called a success"]
        may_be_new = self.scenario.replaces_several and name in self.before
        if code > 0 and content != old and not may_be_new:
            return [f"{name} is new, though the run failed"]
        return []


def _number(name: str) -> int:
    return int(getattr(signal, name))


def watched(scenario: Scenario, folder: Path, warm: Warm) -> tuple[Judge, Counter[str]]:
    before = files_in(scenario.sandbox(folder))
    ended = warm.run(scenario.line, folder, watch=True, always=scenario.always)
    assert (ended.code, ended.err) == (0, b"")
    calls = Counter(call for call in ended.calls if call not in scenario.always)
    return Judge(scenario, before, files_in(folder)), calls


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_may_fail_or_be_the_last(
    name: str, tmp_path: Path, warm: Warm, record_property: Callable[[str, object], None]
) -> None:
    scenario = SCENARIOS[name]
    folder = tmp_path / "sandbox"
    judge, calls = watched(scenario, folder, warm)
    wrong = []
    n_faults = n_signals = 0
    for call, count in calls.items():
        for how in scenario.ways(call):
            for n in range(1, count + 1):
                scenario.sandbox(folder)
                ended = warm.run(
                    scenario.line,
                    folder,
                    fault={"call": call, "n": n, "how": how},
                    always=scenario.always,
                )
                assert ended.was_hit
                is_signal = how.startswith("SIG")
                n_signals += is_signal
                n_faults += not is_signal
                found = judge.faults_of(ended, folder, how, call)
                wrong += [f"{how} at {call} {n}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)
    assert n_faults >= (10 if scenario.in_all_ways else 5)
    record_property("reliability: errors injected at a call", n_faults)
    record_property("reliability: signals injected at a call", n_signals)


@pytest.mark.parametrize("how", ["ENOSPC", "EDQUOT"])
def test_disk_that_fills_up_in_the_middle_of_a_batch_ends_it(
    how: str, tmp_path: Path, warm: Warm
) -> None:
    names = [f"{number}.png" for number in range(9)]
    for number, name in enumerate(names):
        paint(tmp_path / name, number)
    fault = {"call": "write", "n": 4, "how": how}
    ended = warm.run(["quantize", *names, "-j", "1", "-d", "out", "--json"], tmp_path, fault=fault)
    assert ended.code == 6
    assert sorted(files_in(tmp_path / "out")) == [f"{number}-k16.png" for number in range(3)]
    lines = ended.err.decode().splitlines()
    assert lines[3].startswith("kmcli: error: out/3-k16.png: ")
    assert lines[4:] == [
        "kmcli: error: the disk is full; skipped 5 more inputs",
        "3 done, 6 failed",
    ]
    assert ended.out.count(b'"status": "done"') == 3
    assert ended.out.count(b'"status": "failed"') == 6


def test_limit_on_the_size_of_files_leaves_nothing_half(tmp_path: Path, warm: Warm) -> None:
    noise = np.random.default_rng(0).integers(0, 3, (300, 300), dtype=np.uint8) * 90
    Image.fromarray(noise).save(tmp_path / "large.png")
    paint(tmp_path / "small.png")
    before = files_in(tmp_path)
    limits = {"RLIMIT_FSIZE": 4096}
    ended = warm.run(["quantize", "large.png", "-k", "3"], tmp_path, limits=limits)
    assert (ended.code, ended.err) == (
        5, b"kmcli: error: large-k3.png: file too large\n",
    )  # fmt: skip
    assert files_in(tmp_path) == before
    # Others may be small enough: this is no reason to stop a batch.
    names = ["large.png", "small.png"]
    ended = warm.run(["quantize", *names, "-k", "3", "-j", "1"], tmp_path, limits=limits)
    assert ended.code == 6
    assert set(files_in(tmp_path)) - set(before) == {"small-k3.png"}


def test_leftovers_of_a_kill_do_not_block_the_next_run(tmp_path: Path, warm: Warm) -> None:
    paint(tmp_path / "a.png")
    arguments = ["quantize", "-q", "a.png", "-o", "out.png"]
    fault = {"call": "fsync", "n": 1, "how": "SIGKILL"}
    assert warm.run(arguments, tmp_path, fault=fault).code == -9
    (left,) = set(files_in(tmp_path)) - {"a.png"}
    assert TEMPORARY.fullmatch(left)
    assert warm.run(arguments, tmp_path).code == 0
    assert set(files_in(tmp_path)) == {"a.png", "out.png", left}


def test_names_that_look_like_temporary_files_are_left_alone(tmp_path: Path, warm: Warm) -> None:
    paint(tmp_path / "a.png")
    mine = ["out.png.tmp", ".out.png.kmcli-tmp", "out.png~", ".out.png.0123456789ab.kmcli-tmp"]
    for name in mine:
        (tmp_path / name).write_bytes(OLD)
    assert warm.run(["quantize", "-q", "a.png", "-o", "out.png"], tmp_path).code == 0
    found = files_in(tmp_path)
    assert set(found) == {"a.png", "out.png", *mine}
    assert all(found[name] == OLD for name in mine)


STRACE = [
    ("link", "error=ENOSPC", 5),
    ("link", "signal=KILL", -9),
    ("link", "signal=TERM", -15),
    ("fsync", "error=EIO", 5),
    ("fsync", "signal=INT", -2),
    ("rename", "error=EIO", 5),
    ("rename", "signal=KILL", -9),
]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(("call", "fault", "code"), STRACE)
def test_faults_of_the_system_itself(
    call: str,
    fault: str,
    code: int,
    tmp_path: Path,
    warm: Warm,
    record_property: Callable[[str, object], None],
) -> None:
    scenario = SCENARIOS["forced" if call == "rename" else "one output"]
    folder = tmp_path / "sandbox"
    judge, _ = watched(scenario, folder, warm)
    scenario.sandbox(folder)
    calls = {"link": "link,linkat", "rename": "rename,renameat,renameat2"}.get(call, call)
    command = [
        *("strace", "-f", "-qq", "-o", str(tmp_path / "log"), "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:{fault}:when=1", sys.executable, "-m", "kmcli", "quantize", "-q"),
        *scenario.arguments,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if b"ptrace" in done.stderr or b"PTRACE" in done.stderr:
        pytest.skip("strace may not trace here")
    how = "SIG" + fault.removeprefix("signal=") if "signal" in fault else fault
    assert done.returncode == code, done.stderr
    assert not judge.faults_of(Ended(code, done.stdout, done.stderr), folder, how, call)
    record_property("reliability: faults injected by strace", 1)
