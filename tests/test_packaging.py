"""What is published: complete, the same however it is built, and enough by itself."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from kmcli.cli.manual import manual_page
from tests.conftest import ROOT, SAMPLES

pytest.importorskip("hatchling", reason="hatchling comes with the extra 'dev'")


def build(source: Path, into: Path, umask: int = 0o022) -> tuple[Path, Path]:
    """Build the sdist and the wheel, as at one moment of the past."""
    into.mkdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONDONTWRITEBYTECODE": "1"},
        umask=umask,
        capture_output=True,
        check=True,
    )
    (sdist,), (wheel,) = into.glob("*.tar.gz"), into.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("build") / "dist")


@pytest.fixture(scope="module")
def unpacked(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built[0]) as archive:
        archive.extractall(folder, filter="data")
    (inner,) = folder.iterdir()
    return inner


def test_two_builds_are_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    again = build(ROOT, tmp_path / "dist", umask=0o077)
    for first, second in zip(built, again, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_the_sdist_builds_the_same_wheel_and_itself(
    built: tuple[Path, Path], unpacked: Path, tmp_path: Path
) -> None:
    again = build(unpacked, tmp_path / "dist")
    for first, second in zip(built, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_the_wheel_holds_the_package_and_the_manual_page_alone(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = wheel.namelist()
        (page,) = (name for name in names if name.endswith(".data/data/share/man/man1/kmcli.1"))
        assert wheel.read(page).decode() == manual_page()
    names.remove(page)
    package = {name for name in names if not re.match(r"kmcli-[^/]*\.dist-info/", name)}
    files = [path for path in (ROOT / "kmcli").rglob("*") if path.is_file()]
    expected = {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}
    # The script that made a matrix lies beside it, for developers.
    assert package == expected - {"kmcli/quantize/make_blue_noise.py"}


def test_the_sdist_holds_all_that_its_tests_need(unpacked: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("only git knows which files belong to the project")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0")[:-1]:
        assert (unpacked / name).is_file(), name


def test_pipx_can_run_it() -> None:
    """A script that is called like the package needs no ``--spec``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] in project["scripts"]


@pytest.fixture(scope="module")
def alone(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel and what it requires, without extras, in an environment of its own."""
    folder = tmp_path_factory.mktemp("a folder with spaces") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    # What is not imported need not be compiled.
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--no-compile"]
    pip.append(str(built[1]))
    subprocess.run(pip, check=True, capture_output=True)
    return folder


def use(alone: Path, program: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [str(alone / "bin" / program), *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_alone_does_all(alone: Path, tmp_path: Path) -> None:
    cwd = tmp_path / "my pictures"
    cwd.mkdir()
    (cwd / "a photo.jpg").write_bytes((SAMPLES / "flower.jpg").read_bytes())
    use(alone, "kmcli", "quantize", "a photo.jpg", "-k", "8", cwd=cwd)
    assert (cwd / "a photo-k8.png").read_bytes().startswith(b"\x89PNG")
    use(alone, "python", "-m", "kmcli", "quantize", "a photo.jpg", "--compare", "-d", "x", cwd=cwd)
    assert "silhouette" in use(alone, "kmcli", "blobs", "--dpi", "30", "--report", cwd=cwd)
    assert '"accuracy"' in use(alone, "kmcli", "digits", "--no-pictures", "--json", cwd=cwd)
    assert "_KMCLI_COMPLETE" in use(alone, "kmcli", "completion", "zsh", cwd=cwd)
    code = "import kmcli; print(kmcli.quantize_image(kmcli.read_image('a photo.jpg')).palette.hex)"
    assert "#" in use(alone, "python", "-c", code, cwd=cwd)


def test_it_has_a_type_marker_a_manual_page_and_no_tests(alone: Path) -> None:
    (packages,) = alone.glob("lib/python*/site-packages")
    assert (packages / "kmcli" / "py.typed").is_file()
    assert not (packages / "tests").exists()
    assert (alone / "share" / "man" / "man1" / "kmcli.1").read_text() == manual_page()
