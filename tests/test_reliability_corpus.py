"""Hostile and damaged files through the command line: an answer, one line, nothing else left.

What a decoder accepts is tested with it, over files that the tests make themselves
(test_image_io_hostile.py). Here are two larger collections, which are no part of the project:
they are used where they lie beside it.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kmcli.cli.main import run
from tests.conftest import NOT_HERE, ROOT
from tests.png import read_indexed_png

CORPUS = ROOT.parent / "shared" / "corpus"
FILES = CORPUS / "files"
GENERATOR = CORPUS / "make_hostile.py"

Record = Callable[[str, object], None]
Capture = pytest.CaptureFixture[str]

# What is larger is refused, so that the tests do not take long.
LIMITS = ["--max-pixels", "4000000", "-k", "256", "--effort", "fast"]
OUR_LIMIT = "limit 4.0 Mpx"

FOR_FILE = {"bomb/gif_20000_frames.gif": ["--frame", "1"]}
"""All frames would take half as long as all other files."""


def quantize(
    path: Path, output: Path, capfd: Capture, options: Sequence[str] = ()
) -> tuple[int, str, list[str]]:
    """Quantize a file: exit code, messages, and what is wrong with the way in which it ended."""
    output.unlink(missing_ok=True)
    # Unlike Path.exists, this is no error in a folder that may not be entered.
    before = path.stat() if os.path.exists(path) else None
    code = run(["quantize", *LIMITS, *options, "-o", str(output), "--", str(path)])
    out, err = capfd.readouterr()
    wrong = []
    lines = err.splitlines()
    problems = [line for line in lines if line.startswith("kmcli: error: ")]
    others = [line for line in lines if not line.startswith("kmcli: warning: ")]
    if code not in (0, 3, 4):
        wrong.append(f"ends with {code}")
    if out or len(others) != 1 or len(problems) != (code != 0):
        wrong.append(f"says {err!r} {out!r}")
    if not all(char.isprintable() or char == "\n" for char in err) or "Traceback" in err:
        wrong.append("says what cannot be printed")
    if output.exists() != (code == 0):
        wrong.append("an output is there" if output.exists() else "there is no output")
    if before is not None and path.stat().st_mtime_ns != before.st_mtime_ns:
        wrong.append("the input was changed")
    if code == 0 and output.exists():
        try:
            read_indexed_png(output.read_bytes())
        except Exception as error:  # noqa: BLE001 - whatever it is, the file is broken
            wrong.append(f"the output is broken: {error!r}")
    return code, err, wrong


@pytest.fixture
def no_ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing may be started, least of all what runs PostScript."""
    started = tmp_path / "started"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("gs", "gswin32c", "sh", "convert"):
        (folder / name).write_text(f"#!/bin/bash\necho {name} >> {started}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    yield
    assert not started.exists()


@pytest.mark.skipif(not FILES.exists(), reason=f"the corpus {NOT_HERE}")
@pytest.mark.usefixtures("no_ghostscript")
def test_corpus(tmp_path: Path, capfd: Capture, record_property: Record) -> None:
    wrong = []
    files = sorted(path for path in FILES.rglob("*") if path.is_file())
    before = {path: path.stat().st_size for path in files}
    for path in files:
        _, _, found = quantize(path, tmp_path / "out.png", capfd)
        wrong += [f"{path.relative_to(FILES)}: {each}" for each in found]
    assert {path: path.stat().st_size for path in FILES.rglob("*") if path.is_file()} == before
    assert not wrong, "\n".join(wrong)
    record_property("reliability: files of the corpus", len(files))


def expectations(folder: Path) -> Iterator[tuple[str, str, set[int]]]:
    for line in (folder / "EXPECT.tsv").read_text().splitlines()[1:]:
        name, _, verdict, codes, *_ = line.split("\t")
        yield _unescaped(name), verdict, {int(code) for code in codes.split("|")}


def _unescaped(name: str) -> str:
    text = name.encode("ascii").decode("unicode_escape")
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile") / "files"
    subprocess.run(
        [sys.executable, GENERATOR, folder, "--small"], check=True, stdout=subprocess.DEVNULL
    )
    yield folder
    for path in (folder / "fs").rglob("*"):
        with contextlib.suppress(OSError):
            path.chmod(0o700)


N_SHARES = 8
"""So that several processes share the files among them."""


@pytest.mark.skipif(not GENERATOR.exists(), reason=f"the generator of hostile files {NOT_HERE}")
@pytest.mark.usefixtures("no_ghostscript")
@pytest.mark.parametrize("share", range(N_SHARES))
def test_hostile_files(
    share: int, hostile: Path, tmp_path: Path, capfd: Capture, record_property: Record
) -> None:
    wrong = []
    n_files = 0
    for name, verdict, codes in list(expectations(hostile))[share::N_SHARES]:
        path = hostile / name
        if not _can_be_asked(path, name):
            continue
        n_files += 1
        code, err, found = quantize(path, tmp_path / "out.png", capfd, FOR_FILE.get(name, ()))
        # A picture that is over our lower limit is refused, whatever else it may be.
        allowed = codes | ({4} if OUR_LIMIT in err else set())
        if verdict == "policy":
            allowed |= {0, 3, 4}
        if code not in allowed:
            found.append(f"ends with {code}, expected {sorted(allowed)}")
        wrong += [f"{name!r}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)
    record_property("reliability: hostile files", n_files)


def _can_be_asked(path: Path, name: str) -> bool:
    """Leave out what has no writer, and what only another user cannot read."""
    with contextlib.suppress(OSError):
        if path.is_fifo() or path.is_socket():
            return False
    return not (os.geteuid() == 0 and ("unreadable" in name or "noexec" in name))
