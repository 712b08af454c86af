"""What takes long shows a bar on a terminal, and nothing anywhere else."""

import io
import sys
from pathlib import Path

import pytest

from kmcli import digits
from kmcli.cli.main import run
from kmcli.errors import SettingsError

TABLE = "x,y\n" + "".join(f"{i % 3 * 50 + i},{i % 2 * 90 + i % 7}\n" for i in range(60))

LONG = {
    "blobs": (["blobs", "--scan", "2:3", "--compare-init", "2", "--dpi", "50", "--json"], "6/6"),
    "steps": (["blobs", "--steps", "--samples", "20", "-k2", "--dpi", "50", "--json"], "8/8"),
    "digits": (["digits", "--scan", "2:3", "--no-pictures", "--json"], "2/2"),
    "cluster": (["cluster", "table.csv", "--scan", "2:4", "--effort", "fast", "--json"], "3/3"),
}


class Terminal(io.StringIO):
    """Takes what is written to it, as a terminal would."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm")
    Path("table.csv").write_text(TABLE)


def shown_by(arguments: list[str], stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert run(arguments) == 0
    return stream.getvalue()


@pytest.mark.parametrize("name", LONG)
def test_a_terminal_is_shown_how_far_it_is_and_left_clean(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, all_done = LONG[name]
    shown = shown_by(arguments, Terminal(), monkeypatch)
    assert all_done in shown
    assert shown.endswith("\x1b[2K")  # the line of the bar is erased


def test_no_bar_is_shown_elsewhere_or_with_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, _ = LONG["cluster"]
    assert shown_by(arguments, io.StringIO(), monkeypatch) == ""
    assert shown_by([*arguments, "--quiet"], Terminal(), monkeypatch) == ""


@pytest.mark.parametrize(
    ("stream", "more", "lines"),
    [(Terminal(), [], 2), (io.StringIO(), [], 1), (Terminal(), ["-q"], 1)],
)
def test_only_a_terminal_is_told_that_a_map_takes_long(
    stream: io.StringIO,
    more: list[str],
    lines: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(_settings: object) -> None:
        raise SettingsError("no map today")

    monkeypatch.setattr(digits, "run_digits", fail)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert run(["digits", "--embed", "tsne", "--no-pictures", "--json", *more]) == 2
    shown = capfd.readouterr().err.splitlines()
    assert len(shown) == lines
    assert ("t-SNE" in shown[0]) == (lines == 2)
