"""What Python users get: names that are imported late, examples that are true, clear errors."""

import ast
import doctest
import importlib
import inspect
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

import kmcli
from tests.conftest import ROOT, Pixels, lay_out_samples
from tests.test_architecture import HEAVY

FUNCTIONS = [name for name in kmcli.__all__ if inspect.isfunction(getattr(kmcli, name))]


def test_importing_kmcli_imports_nothing_heavy() -> None:
    code = "import sys, kmcli; dir(kmcli); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & {*HEAVY, "click"}


def test_every_public_name_can_be_imported_and_is_typed() -> None:
    """The lists for users, for the machine and for type checkers say the same."""
    tree = ast.parse(inspect.getsource(kmcli))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    homes = {
        alias.name: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert [*sorted(homes), "__version__"] == sorted(kmcli.__all__, key=lambda n: (n[0] == "_", n))
    for name, home in homes.items():
        assert getattr(kmcli, name) is getattr(importlib.import_module(str(home)), name)
        assert name in kmcli.__dir__()


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="'kmcli' has no attribute 'quantise_image'"):
        _ = kmcli.quantise_image  # type: ignore[attr-defined]  # and mypy knows it too


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sample pictures and a photo, as the examples expect it."""
    lay_out_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workshop")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_is_true(name: str) -> None:
    function = getattr(kmcli, name)
    (test,) = doctest.DocTestFinder(recurse=False).find(function, name, globs={})
    assert test.examples, f"{name} has no example"
    failures: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=failures.append)
    assert not failures, "".join(failures)


@pytest.mark.parametrize("name", [name for name in kmcli.__all__ if name != "__version__"])
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(kmcli, name))


def python_blocks() -> list[Any]:
    return [
        pytest.param(block, id=f"{path.name}-{number}")
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for number, block in enumerate(
            re.findall(r"^```python\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
        )
    ]


@pytest.mark.parametrize("block", python_blocks())
def test_python_in_the_documentation_runs_as_it_stands(block: str, workshop: Path) -> None:
    if "m.json" in block:  # which a command before it has written
        from kmcli.cli.main import run

        command = ["cluster", "customers.csv", "-k", "5", "--effort", "fast", "-q"]
        assert run([*command, "--model", "m.json", "-o", "out.csv"]) == 0
    done = subprocess.run([sys.executable, "-c", block], cwd=workshop, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_the_same_file_as_by_the_command(workshop: Path) -> None:
    from kmcli.cli.main import run

    Image.open("photo.jpg").save("photo.png", dpi=None)  # an array has no density
    assert run(["quantize", "photo.png", "-k", "8", "-o", "command.png"]) == 0
    image = kmcli.quantize_image(kmcli.read_image("photo.png"), kmcli.QuantizeSettings(8))
    kmcli.write_png(image, Path("python.png"))
    assert (workshop / "python.png").read_bytes() == (workshop / "command.png").read_bytes()


@pytest.mark.usefixtures("workshop")
def test_what_is_lost_in_reading_is_a_warning() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save("frames.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="only the first of 2 frames") as caught:
        kmcli.read_image("frames.gif")
    assert caught[0].filename == __file__


def test_an_error_names_the_file_and_speaks_python(workshop: Path) -> None:
    with pytest.raises(kmcli.InputError, match=r"^missing\.png: no such file$"):
        kmcli.read_image(Path("missing.png"))
    with pytest.raises(kmcli.LimitError, match=r"photo\.jpg: .* raise it with max_pixels$"):
        kmcli.read_image("photo.jpg", max_pixels=100)
    with pytest.raises(kmcli.InputError, match=r"^the picture: the file is empty$"):
        kmcli.read_image(b"")
    before = (workshop / "photo.jpg").read_bytes()
    with pytest.raises(kmcli.OutputError, match=r"^photo\.jpg: exists; use force to replace it$"):
        kmcli.write_png(kmcli.quantize_image(kmcli.read_image("photo.jpg")), "photo.jpg")
    assert (workshop / "photo.jpg").read_bytes() == before


@pytest.mark.parametrize(("format_name", "pillow"), [("png", "PNG"), ("gif", "GIF")])
def test_an_animation_is_encoded_with_its_times(
    china: Pixels, format_name: Any, pillow: str
) -> None:
    frames = np.stack([china[top : top + 20, :30] for top in (0, 150, 300)])
    image = kmcli.quantize_image(frames, kmcli.QuantizeSettings(8))
    data = kmcli.encode_image(image, format_name, durations=[50, 100, 70], n_plays=2)
    with Image.open(io.BytesIO(data)) as animation:
        assert animation.format == pillow
        shown = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(animation)
        ]
    assert [duration for _, duration in shown] == [50, 100, 70]
    for pixels, (seen, _) in zip(image.pixels, shown, strict=True):
        np.testing.assert_array_equal(seen, pixels)
    for wrong in ({}, {"durations": [50]}, {"durations": [50] * 3, "format_name": "webp"}):
        with pytest.raises(kmcli.SettingsError, match="has 3 frames"):
            kmcli.encode_image(image, **wrong)


def test_pictures_of_pillow_and_views_are_taken(china: Pixels) -> None:
    settings = kmcli.QuantizeSettings(4)
    expected = kmcli.quantize_image(china[::9, ::9].copy(), settings)
    pictures: list[Any] = [china[::9, ::9], Image.fromarray(china[::9, ::9])]
    for pixels in pictures:
        image = kmcli.quantize_image(pixels, settings)
        np.testing.assert_array_equal(image.pixels, expected.pixels)
        assert image.palette.hex == expected.palette.hex


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\); expected \(height, width, 3\)"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), "at least one pixel"),
        (np.zeros((4, 4, 3)), "dtype float64; expected uint8"),
        (Image.new("P", (4, 4)), r"shape \(4, 4\)"),
        ("photo.jpg", "dtype <U9"),
    ],
)
def test_what_is_no_picture_is_refused(pixels: Any, message: str) -> None:
    with pytest.raises(kmcli.SettingsError, match=message):
        kmcli.quantize_image(pixels)
    with pytest.raises(ValueError, match=message):
        kmcli.apply_palette(pixels, [[0, 0, 0]])


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        ([0, 0, 0], r"shape \(3,\)"),
        (np.zeros((0, 3), np.uint8), "0 colours; it must have 1 to 256"),
        (np.zeros((257, 3), np.uint8), "257 colours"),
        ([[0, 0, 256]], "whole numbers from 0 to 255"),
        ([[0.5, 0, 1]], "whole numbers from 0 to 255"),
    ],
)
def test_what_is_no_palette_is_refused(palette: Any, message: str) -> None:
    pixels: NDArray[np.uint8] = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(kmcli.SettingsError, match=message):
        kmcli.apply_palette(pixels, palette)


def test_a_result_shows_itself_in_a_notebook(china: Pixels) -> None:
    image = kmcli.quantize_image(china[::9, ::9], kmcli.QuantizeSettings(4))
    np.testing.assert_array_equal(kmcli.read_image(image._repr_png_()), image.pixels)
