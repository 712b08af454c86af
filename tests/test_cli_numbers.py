"""Numbers of the command line: the digits 0 to 9, within bounds that all counts have."""

import math
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmcli.cli.main import cli, run
from kmcli.cli.numbers import Decimal, Integer, read_decimal

Capture = pytest.CaptureFixture[str]

INTEGERS = ["٣", "1_0", " 3", "3 ", "0x3", "3.0", "1e3", "", "³", "9" * 5000, str(2**64)]
DECIMALS = ["٣", "1_0.5", "0x3", "nan", "inf", "-inf", "1e999", "", ".", "e5", "1,5"]

COUNTS = [
    ("blobs", "-k"), ("blobs", "--samples"), ("blobs", "--centers"), ("blobs", "--compare-init"),
    ("blobs", "--n-init"), ("blobs", "--max-iter"), ("blobs", "--seed"), ("blobs", "--dpi"),
    ("blobs", "--scan"), ("digits", "-k"), ("digits", "--runs"), ("digits", "--embed"),
    ("quantize", "-k"), ("quantize", "-j"), ("quantize", "--frame"), ("quantize", "--max-pixels"),
    ("quantize", "--max-input-bytes"), ("quantize", "--max-size"), ("quantize", "--region"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "name"), COUNTS)
def test_a_count_takes_the_digits_0_to_9_only_and_has_an_upper_bound(
    command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    forms = {"--scan": "2:{}", "--embed": "pca:{}", "--region": "0,0,3,{}"}
    for value in INTEGERS:
        if name == "--region" and value.strip() == "3":
            continue  # spaces after its commas are allowed
        text = forms.get(name, "{}").format(value)
        assert run([command, *(["x.png"] if command == "quantize" else []), name, text]) == 2, value
        out, err = capfd.readouterr()
        assert (out, err.count("\n")) == ("", 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "name"),
    [("blobs", "--std"), ("blobs", "--tol"), ("blobs", "--size"), ("quantize", "--min-psnr"),
     ("quantize", "--max-delta-e"), ("quantize", "--dither-strength")],
)  # fmt: skip
@pytest.mark.parametrize("value", DECIMALS)
def test_a_number_with_decimals_takes_the_digits_0_to_9_only(
    command: str, name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if (name, value) == ("--std", ""):
        return  # as if it were not given
    text = f"{value}x5" if name == "--size" else value
    assert run([command, *(["x.png"] if command == "quantize" else []), f"{name}={text}"]) == 2


@pytest.mark.parametrize("name", ["--n-init", "--max-iter"])
@pytest.mark.parametrize("number", [2**31, 2**63, 0])
def test_starts_and_iterations_without_end_are_refused(
    name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("blobs", "digits"):
        assert run([command, name, str(number)]) == 2


def test_every_number_of_every_command_is_read_by_one_type() -> None:
    python_s_own = (click.types.IntParamType, click.types.FloatParamType)
    for command in cli.commands.values():
        for parameter in command.params:
            if isinstance(parameter.type, python_s_own) and parameter.name != "count":
                assert isinstance(parameter.type, Integer | Decimal), parameter.name
            if isinstance(parameter.type, Integer) and parameter.name not in (
                "samples", "centers", "clusters",
            ):  # fmt: skip  # the settings bound those, by the data
                assert parameter.type.max is not None, parameter.name


@given(st.integers(0, 10**18))
def test_whole_numbers_are_read_as_they_are_written(number: int) -> None:
    assert Integer().convert(str(number), None, None) == number
    assert Integer().convert(f"-{number}", None, None) == -number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_are_read_as_they_are_written(number: float) -> None:
    found = read_decimal(repr(number))
    assert found is not None
    assert math.isclose(found, number, rel_tol=0, abs_tol=0)
