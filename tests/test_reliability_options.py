"""Whatever options are put together: a result that is whole, or one line that says why not."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kmcli.cli.main import run
from tests.png import read_indexed_png
from tests.test_reliability_faults import files_in, paint

Capture = pytest.CaptureFixture[str]

ONE_OF_EACH = {
    "colors": ["-k", "4"],
    "many": ["-k", "4,2,9"],
    "bad k": ["-k", "0"],
    "output": ["-o", "out.png"],
    "stream": ["-o", "-"],
    "dir": ["-d", "new/dir"],
    "force": ["-f"],
    "compare": ["--compare"],
    "cloud": ["--cloud"],
    "suffix": ["--suffix", "-x"],
    "in place": ["--in-place"],
    "skip": ["--skip-if-larger"],
    "format": ["--format", "gif"],
    "extension": ["--keep-extension"],
    "mtime": ["--keep-mtime"],
    "dry": ["--dry-run"],
    "report": ["--report"],
    "json": ["--json"],
    "report file": ["--report-file", "r.json"],
    "report file on output": ["--report-file", "out.png"],
    "quiet": ["-q"],
    "preview": ["--preview"],
    "psnr": ["--min-psnr", "40"],
    "delta": ["--max-delta-e", "0.5"],
    "size": ["--max-size", "150"],
    "impossible": ["--max-size", "1"],
    "effort": ["--effort", "fast"],
    "space": ["--space", "oklab"],
    "region": ["--region", "0,0,4,4"],
    "outside": ["--region", "8,8,99,99"],
    "mask": ["--weight-mask", "mask.png"],
    "no mask": ["--weight-mask", "missing.png"],
    "lock": ["--lock", "#fff,#c00"],
    "order": ["--order", "hue"],
    "recursive": ["-r"],
    "jobs": ["-j", "1"],
    "shared": ["--shared-palette"],
    "pixels": ["--max-pixels", "50"],
    "bytes": ["--max-input-bytes", "100"],
    "init": ["--n-init", "2", "--seed", "1"],
    "nan": ["--min-psnr", "nan"],
    "unknown": ["--colour"],
}
INPUTS = ["a.png", "b.gif", "./a.png", "missing.png", "bad.png", "folder", ".", "a-k4.png"]


def check_output(out: str, arguments: list[str]) -> None:
    """Standard output carries one kind of thing."""
    data = out.encode("utf-8", "surrogateescape")
    if data.startswith(b"\x89PNG"):
        read_indexed_png(data)
        assert "-" in arguments
    elif data.startswith(b"GIF89a"):
        assert data.endswith(b";")
        assert {"-", "gif"} <= set(arguments)
    elif "--json" in arguments:
        for line in out.splitlines():
            json.loads(line)
    elif not {"--report", "--dry-run"} & set(arguments):
        assert out == ""


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    inputs=st.lists(st.sampled_from(INPUTS), min_size=1, max_size=2),
    options=st.lists(st.sampled_from(sorted(ONE_OF_EACH)), max_size=5, unique=True),
)
@example(inputs=["a.png"], options=["format", "cloud", "stream"])
def test_options_of_quantize(
    inputs: list[str],
    options: list[str],
    tmp_path_factory: pytest.TempPathFactory,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    folder = tmp_path_factory.mktemp("options")
    paint(folder / "a.png")
    paint(folder / "b.gif", 1)
    paint(folder / "mask.png", 2)
    paint(folder / "a-k4.png", 3)
    (folder / "bad.png").write_bytes((folder / "a.png").read_bytes()[:60])
    (folder / "folder").mkdir()
    before = files_in(folder)
    arguments = [word for option in options for word in ONE_OF_EACH[option]]
    jobs = [] if "jobs" in options else ["-j", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        code = run(["quantize", *inputs, *arguments, *jobs])
    raw_out, raw_err = capfdbinary.readouterr()
    out, err = (raw.decode("utf-8", "surrogateescape") for raw in (raw_out, raw_err))
    assert code in (0, 2, 3, 4, 5, 6, 7)
    assert "Traceback" not in err
    assert code in (0, 7) or "kmcli: error: " in err
    if code == 2:
        # One mistake, or one in each picture.
        assert err.count("\n") == 1 or err.endswith(f"\n0 done, {len(inputs)} failed\n")
    check_output(out, arguments)
    after = files_in(folder)
    allowed_to_change = {"a-k4.png", "a.png"} if {"force", "in place"} & set(options) else set()
    if "in place" in options:
        allowed_to_change.add("b.gif")
    for name, data in before.items():
        assert after[name] == data or name in allowed_to_change
    for name in set(after) - set(before):
        assert code not in (2, 3, 4) or name == "r.json" or name == "out.png"
        assert "kmcli-tmp" not in name
        if name.endswith(("compare.png", "cloud.png")):
            assert after[name].endswith(b"IEND\xaeB`\x82")
        elif name.endswith(".png") and after[name].startswith(b"\x89PNG"):
            read_indexed_png(after[name])
        elif name.endswith(".gif"):
            assert after[name].startswith(b"GIF8")
        else:
            assert "--report-file" in arguments
            assert after[name].endswith(b"\n")


BLOBS = {
    "k": ["-k", "3"], "one": ["-k", "1"], "too many": ["-k", "50"],
    "shape": ["--shape", "moons"], "std": ["--std", "x"], "init": ["--init", "far"],
    "csv": ["--csv", "-"], "html": ["--html", "p.html"], "json": ["--json"],
    "report": ["--report"], "data": ["--data", "missing.csv"], "nan": ["--tol", "nan"],
    "file": ["--report-file", "r.json"], "same": ["--report-file", "blobs.png"],
    "dir": ["-d", "new"], "seed": ["--seed", "-1"], "steps": ["--steps"],
}  # fmt: skip
DIGITS = {
    "k": ["-k", "2"], "json": ["--json"], "report": ["--report"], "csv": ["--csv", "-"],
    "none": ["--no-pictures"], "file": ["--report-file", "r.json"], "bad": ["-k", "0"],
    "misses": ["--misses"], "dir": ["-d", "new"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "known", "n_examples", "fast"),
    [
        ("blobs", BLOBS, 12, ["--samples", "20", "--dpi", "30"]),
        ("digits", DIGITS, 5, ["--dpi", "30", "--n-init", "1"]),
    ],
)
def test_options_of_the_other_commands(
    command: str,
    known: dict[str, list[str]],
    n_examples: int,
    fast: list[str],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: Capture,
) -> None:
    @settings(max_examples=n_examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(options=st.lists(st.sampled_from(sorted(known)), max_size=4, unique=True))
    def check(options: list[str]) -> None:
        folder = tmp_path_factory.mktemp("options")
        arguments = [word for option in options for word in known[option]]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            code = run([command, *fast, *arguments])
        out, err = capfd.readouterr()
        assert code in (0, 2, 3, 4, 5)
        assert "Traceback" not in err
        assert err.count("\n") >= 1
        assert code == 0 or not files_in(folder)
        if {"json", "report", "csv"} & set(options) and code == 0:
            assert out
        else:
            assert out == ""

    check()
