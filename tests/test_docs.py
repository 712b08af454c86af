"""The documentation is true: commands run as they stand there, nothing is left out."""

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from kmcli.cli.main import cli, run
from kmcli.errors import ExitCode
from tests.conftest import ROOT, SAMPLE_DATA, SAMPLES, lay_out_samples
from tests.forked import ForkedCommand

README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MANY_PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "dist" for part in page.relative_to(ROOT).parts)
)
SET_UP = "python3 -m venv"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)


def lines_of(script: str) -> str:
    """Give its commands without what is said of them."""
    return "\n" + "".join(f"{line.partition(' #')[0].strip()}\n" for line in script.splitlines())


def distinct_scripts() -> list[Any]:
    """Give each script once, and none whose lines stand in another."""
    scripts = {
        f"{path.name}-{number}": lines_of(script)
        for path in PAGES
        for number, script in enumerate(blocks(path, "sh"))
        # The tour's own tests run it as it stands.
        if SET_UP not in script and script != "kmcli tour\n"
    }
    names = {script: name for name, script in reversed(scripts.items())}
    return [
        pytest.param(script, id=name)
        for script, name in names.items()
        if not any(script in other and script != other for other in names)
    ]


@pytest.fixture(scope="module")
def command() -> Iterator[ForkedCommand]:
    # A short path: that of a socket must not have more than some 100 characters.
    with tempfile.TemporaryDirectory() as folder:
        server = ForkedCommand(Path(folder))
        yield server
        server.close()


@pytest.fixture
def workshop(tmp_path: Path, command: ForkedCommand) -> Path:
    """A folder with a photo and the sample pictures, and with kmcli on the path."""
    lay_out_samples(tmp_path)
    (tmp_path / "bin").mkdir()
    command.install(tmp_path / "bin")
    return tmp_path


def run_script(program: list[str], workshop: Path) -> None:
    path = f"{workshop / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        program, cwd=workshop, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", distinct_scripts())
def test_commands_run_as_they_stand(script: str, workshop: Path) -> None:
    for program in ("jq", "less"):
        if re.search(rf"\|\s*{program}\b", script) and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    run_script(["bash", "-euo", "pipefail", "-c", script], workshop)


def test_rule_for_make_works(workshop: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    (rule,) = blocks(ROOT / "README.md", "make")
    (workshop / "Makefile").write_text(rule)
    run_script(["make", "photo-k16.png"], workshop)
    assert (workshop / "photo-k16.png").exists()


def test_rule_for_make_clusters_a_table(workshop: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    (rule,) = blocks(ROOT / "docs" / "cluster.md", "make")
    (workshop / "Makefile").write_text(rule)
    run_script(["make", "customers-clusters.csv"], workshop)
    assert (workshop / "customers-clusters.csv").exists()
    assert (workshop / "customers-model.json").exists()


def test_models_are_read_in_python_and_sql_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(SAMPLE_DATA / "customers.csv", "customers.csv")
    assert run(["cluster", "customers.csv", "-k", "5", "-q", "--model", "m.json",
                "--centers", "centers.csv"]) == 0  # fmt: skip
    lines = [line.split(",") for line in capfd.readouterr().out.splitlines()[1:]]
    expected = {row[0]: int(row[-1]) for row in lines if row[-1]}
    page = ROOT / "docs" / "cluster.md"
    (python,), (sql,) = blocks(page, "py"), blocks(page, "sql")
    done = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, text=True, check=True
    )
    found = dict(line.split() for line in done.stdout.splitlines())
    assert {name: int(cluster) for name, cluster in found.items()} == expected
    database = sqlite3.connect(":memory:")
    for name in ("customers", "centers"):
        with open(f"{name}.csv", newline="") as file:
            names, *rows = csv.reader(file)
        database.execute(f"create table {name} ({', '.join(f'{each} numeric' for each in names)})")
        marks = ", ".join("nullif(?, '')" for _ in names)
        database.executemany(f"insert into {name} values ({marks})", rows)
    assert dict(database.execute(sql)) == expected


def test_ci_runs_both_commands_of_the_readme_in_their_order() -> None:
    first, second = (line for line in README.splitlines() if line.startswith(SET_UP))
    assert "kmcli quantize sample_images/china.jpg -k 16" in first
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines.index(first) < lines.index(second)


def anchors_of(page: Path) -> set[str]:
    """Name the headings of a page as those that show Markdown do."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MANY_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_every_picture_of_the_documentation_is_shown() -> None:
    text = "".join(page.read_text() for page in PAGES)
    shown = set(re.findall(r"\]\((?:docs/)?images/([\w-]+\.png)\)", text))
    assert shown == {path.name for path in (ROOT / "docs" / "images").iterdir()}


def test_the_readme_shows_what_kmcli_makes_of_the_photo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    photo = SAMPLES / "china.jpg"
    run(["quantize", str(photo), "-k", "16", "-d", str(tmp_path), "--json"])
    told = json.loads(capfd.readouterr().out)
    shown = ROOT / "docs" / "images" / "china-k16.png"
    figures = [
        f"{told['colors_before']:,} colours, {photo.stat().st_size / 1000:.0f} kB",
        f"{told['colors_after']} colours, {shown.stat().st_size / 1000:.0f} kB",
    ]
    assert f"| {' | '.join(figures)} |" in README
    # The last bits depend on the versions of the libraries.
    assert told["output_bytes"] == pytest.approx(shown.stat().st_size, rel=0.02)


def test_the_tour_tabulates_what_kmcli_makes_of_the_photo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    photo = str(SAMPLES / "china.jpg")
    run(["quantize", photo, "-k", "64,32,16,8", "--space", "rgb", "-d", str(tmp_path), "--json"])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    tour = (ROOT / "docs" / "notebook-tour.md").read_text()
    rows = re.findall(
        r"^\| (\d+) \| ([\d.]+) dB \| ([\d.]+) dB \| (\d) \| ([\d.]+) \|$", tour, re.M
    )
    for told, (k, psnr, random_psnr, bits, written) in zip(lines, rows, strict=True):
        assert told["k"] == int(k)
        assert told["psnr"] == pytest.approx(float(psnr), abs=0.1)
        assert told["random_palette"]["psnr"] == pytest.approx(float(random_psnr), abs=0.1)
        assert told["bits_per_pixel_index"] == int(bits)
        assert told["bits_per_pixel_written"] == pytest.approx(float(written), rel=0.02)


def test_the_page_on_digits_quotes_the_report(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["digits", "--report", "--no-pictures", "-d", str(tmp_path)])
    report = [line.strip() for line in capfd.readouterr().out.splitlines()]
    quoted = blocks(ROOT / "docs" / "digits.md", "text")[0].splitlines()
    assert quoted
    assert set(quoted) <= set(report)


def options_of(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from parameter.opts


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_is_documented(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text()
    assert f"kmcli {name}" in README
    for option in options_of(cli.commands[name]):
        assert re.search(rf"`{option}[ `]", page), f"{option} is missing in docs/{name}.md"


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_choice_is_documented(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text()
    for parameter in cli.commands[name].params:
        for choice in getattr(parameter.type, "choices", ()):
            assert choice in page, f"{choice} is not in docs/{name}.md"


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_documented_option_exists(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text()
    known = {*options_of(cli.commands[name]), "--help", "-h"}
    assert set(re.findall(r"`(--?[a-z][a-z-]*)[ `]", page)) <= known


def test_every_exit_code_is_documented() -> None:
    documented = re.findall(r"^\| (\d) \| ", README, re.MULTILINE)
    assert documented == [str(int(code)) for code in ExitCode]


def keys_of(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        yield key
        if isinstance(value, Mapping):
            yield from keys_of(value)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield from keys_of(value[0])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("quantize", [str(SAMPLES / "logo.png"), "missing.png", "--min-psnr", "30"]),
        ("blobs", ["--dpi", "30", "--steps", "--scan", "1:3", "--compare-init", "2"]),
        ("digits", ["--dpi", "30", "--runs", "1", "--scan", "9:10"]),
        ("cluster", [str(SAMPLE_DATA / "customers.csv"), "-k", "2", "--scan", "2:3"]),
    ],
)
def test_every_key_of_the_report_is_documented(
    name: str, arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run([name, *arguments, "-d", str(tmp_path), "--json"])
    lines = capfd.readouterr().out.splitlines()
    assert lines
    documented = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs" / f"{name}.md").read_text()))
    for line in lines:
        assert set(keys_of(json.loads(line))) <= documented


@pytest.mark.parametrize(
    "arguments",
    [
        ["blobs", "--dpi", "30", "-k", "6", "--init", "far", "--steps", "--scan", "1:4"],
        ["blobs", "--dpi", "30", "--shape", "moons", "--compare-init", "2"],
        ["digits", "--no-pictures", "--runs", "2", "--scan", "9:11"],
    ],
    ids=" ".join,
)
def test_reports_fit_into_a_terminal(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--report", "-d", str(tmp_path)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
