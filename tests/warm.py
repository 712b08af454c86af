"""A process that has imported everything, and gives birth to runs of kmcli in no time.

It is started once and forks for each run. A run is a process like any other: it has its own
group, streams and limits, and ends as `kmcli` does. Faults can be planted into it: the n-th call
of a function of `os` that has to do with outputs fails, or is met by a signal.
"""

import atexit
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kmcli.__main__ import main

ROOT = Path(__file__).parent.parent

CALLS = (
    "open", "write", "fsync", "fchmod", "fchown", "utime", "close", "link", "replace", "unlink",
    "mkdir", "rmdir",
)  # fmt: skip
"""What is called on the way to an output."""


@dataclass(frozen=True)
class Ended:
    """What became of a run: exit code, or minus the signal that it died by."""

    code: int
    out: bytes
    err: bytes
    calls: tuple[str, ...] = ()
    was_hit: bool = False


class Warm:
    """The side of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.warm"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def close(self) -> None:
        """End it."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()

    def begin(self, arguments: Sequence[str], cwd: Path, **more: Any) -> int:
        """Begin a run, and give the number of its process, which leads a group."""
        for name in ("out", "err", "calls", "hit"):
            (self.folder / name).unlink(missing_ok=True)
        where = {name: str(self.folder / name) for name in ("out", "err", "calls", "hit")}
        request = {"arguments": list(arguments), "cwd": str(cwd), **where, **more}
        return int(self._ask(request))

    def end(self, pid: int) -> Ended:
        """Wait for the end of a run."""
        code = int(self._ask({"wait": pid}))
        calls = self._read("calls").decode().split()
        hit = (self.folder / "hit").exists()
        return Ended(code, self._read("out"), self._read("err"), tuple(calls), hit)

    def run(self, arguments: Sequence[str], cwd: Path, **more: Any) -> Ended:
        """Begin a run and wait for its end."""
        return self.end(self.begin(arguments, cwd, **more))

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request).encode() + b"\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())


def serve() -> None:
    """Do what is asked for, line by line."""
    import sklearn.cluster  # noqa: F401
    from PIL import Image

    # Polars comes with these, and is not used here: its threads would not survive a fork.
    import kmcli.cluster.result
    import kmcli.cluster.run
    import kmcli.report.cluster
    import kmcli.tables.source
    import kmcli.tables.write  # noqa: F401
    from kmcli.cli.main import run

    # Whatever is imported late, is imported here, by a run that needs it all.
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (9, 9)).save(f"{folder}/a.png")
        run(["quantize", f"{folder}/a.png", "-q", "--compare", "--report-file", f"{folder}/r"])

    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _be_kmcli(request)
            while os.getpgid(answer) != answer:  # so that a signal to its group finds it
                time.sleep(0.0001)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _be_kmcli(request: dict[str, Any]) -> None:
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as kmcli does first, before any can come
        os.setsid()
        os.chdir(request["cwd"])
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for descriptor, path in enumerate((os.devnull, request["out"], request["err"])):
            opened = os.open(path, os.O_RDONLY if descriptor == 0 else flags, 0o666)
            os.dup2(opened, descriptor)
            os.close(opened)
        sys.stdin = os.fdopen(0, closefd=False)
        for name, soft in request.get("limits", {}).items():
            resource.setrlimit(getattr(resource, name), (soft, soft))
        for name in request.get("ignored", ()):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        os.environ.update(request.get("env", {}))
        if "fault" in request or "watch" in request:
            _Plant(request)
        while "gate" in request and not os.path.exists(request["gate"]):
            time.sleep(0.001)
        sys.argv = ["kmcli", *request["arguments"]]
        try:
            main()
        except SystemExit as ending:
            code = int(ending.code or 0)
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


class _Plant:
    """Watches the calls that have to do with outputs, and lets one of them fail."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.always = request.get("always", {})
        self.counts: Counter[str] = Counter()
        self.ours: set[int] = set()
        self.real = {name: getattr(os, name) for name in CALLS}
        for name in CALLS:
            setattr(os, name, partial(self._call, name))

    def _call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        real = self.real[name]
        if not _is_about_output(name, arguments, self.ours):
            return real(*arguments, **keywords)
        self.counts[name] += 1
        if self.request.get("watch"):
            self._note("calls", f"{name}\n".encode())
        if name in self.always:
            raise _error(self.always[name])
        fault = self.request.get("fault")
        if fault and (name, self.counts[name]) == (fault["call"], fault["n"]):
            self._note("hit", b"")
            if fault["how"] == "SHORT":
                return real(arguments[0], arguments[1][:1])
            self._strike(name, fault["how"], arguments)
        result = real(*arguments, **keywords)
        if name == "open":
            self.ours.add(result)
        elif name == "close":
            self.ours.discard(arguments[0])
        return result

    def _strike(self, name: str, how: str, arguments: Sequence[Any]) -> None:
        if how.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, how))
            return
        if name == "close":
            self.real[name](*arguments)
        raise _error(how)

    def _note(self, name: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = self.real["open"](self.request[name], flags, 0o666)
        self.real["write"](descriptor, data)
        self.real["close"](descriptor)


def _error(name: str) -> OSError:
    number = getattr(errno, name)
    return OSError(number, os.strerror(number))


def _is_about_output(name: str, arguments: Sequence[Any], ours: set[int]) -> bool:
    if name == "open":
        return bool(arguments[1] & os.O_CREAT)
    if name in ("write", "fsync", "fchmod", "fchown", "close"):
        return arguments[0] in ours
    return True


if __name__ == "__main__":
    serve()
