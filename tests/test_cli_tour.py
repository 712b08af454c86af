"""The tour: one page whose numbers are scikit-learn's, which anybody can open anywhere."""

import base64
import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn import cluster, datasets, metrics

from kmcli.cli.blobs import blobs
from kmcli.cli.main import run
from kmcli.cli.tour import making
from kmcli.cli.tour.making import make_steps
from kmcli.cli.tour.notebook import CHAPTERS, IMPORTS
from kmcli.cli.tour.page import page
from kmcli.figures.blobs_page import page as live_page
from kmcli.figures.style import Style
from tests.browser import Browser

STEPS = {step.name: step for chapter in CHAPTERS for step in chapter.steps}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, making.Made]:
    """What the command makes of its page."""
    kept: dict[str, making.Made] = {}

    def keep(*steps: Any, **rest: Any) -> dict[str, making.Made]:
        kept.update(make_steps(*steps, **rest))
        return kept

    folder = tmp_path_factory.mktemp("tour")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(making, "make_steps", keep)
        assert run(["tour"]) == 0
    assert [path.name for path in folder.iterdir()] == ["tour.html"]
    return kept


@pytest.fixture(scope="module")
def tour(made: dict[str, making.Made]) -> str:
    return page(CHAPTERS, made, "light").decode()


@pytest.fixture
def quick(made: dict[str, making.Made], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command take what was made already."""
    monkeypatch.setattr(making, "make_steps", lambda _steps, quiet: made)  # noqa: ARG005


def article(tour: str, name: str) -> str:
    (found,) = re.findall(rf'<article id="{name}">.*?</article>', tour, re.DOTALL)
    return re.sub(r"<iframe .*?</iframe>", "", str(found), flags=re.DOTALL)


def shown(tour: str, name: str) -> list[dict[str, str]]:
    """The numbers of a step as they are written, a dictionary for each report."""
    text = article(tour, name)
    rows = re.findall(r"<tr>(<td.*?)</tr>", text) or [text]
    return [dict(re.findall(r'data-key="(\w+)">(.*?)</', row)) for row in rows]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def codes(tour: str, name: str) -> list[str]:
    return [
        html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", article(tour, name), re.S)
    ]


@pytest.mark.parametrize("name", STEPS)
def test_the_python_of_each_step_gives_its_number(
    name: str,
    tour: str,
    made: dict[str, making.Made],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, data in next(iter(made[name].files.values())).items():
        (tmp_path / file).write_bytes(data)
    lines = codes(tour, name)[-1].splitlines()
    assert len(lines) == 3
    names: dict[str, Any] = {}
    exec("\n".join([IMPORTS, *lines[:-1]]), names)
    found = float(eval(lines[-1], names))
    number_of_step = STEPS[name].numbers[0]
    value: Any = made[name].reports[-1]
    for key in number_of_step.key.split("."):
        value = value[key]
    assert value == pytest.approx(found, rel=1e-9)
    assert re.findall(r"<output>(.*?)</output>", article(tour, name)) == [
        format(found, number_of_step.form)
    ]


def blobs_by_sklearn() -> dict[str, float]:
    points, groups = datasets.make_blobs(300, centers=4, random_state=0, cluster_std=0.60)
    found = cluster.KMeans(4, n_init=10, random_state=0).fit(points)
    return {
        "inertia": found.inertia_,
        "n_iter": found.n_iter_,
        "silhouette": metrics.silhouette_score(points, found.labels_),
        "adjusted_rand": metrics.adjusted_rand_score(groups, found.labels_),
    }


def steps_by_sklearn() -> dict[str, float]:
    points, _ = datasets.make_blobs(300, centers=4, random_state=0, cluster_std=0.60)
    start = np.random.RandomState(2).randn(2, 2)
    found = cluster.KMeans(2, init=start, n_init=1).fit(points)
    return {"inertia": found.inertia_, "n_iter": found.n_iter_}


def digits_by_sklearn() -> dict[str, float]:
    pixels, digits = datasets.load_digits(return_X_y=True)
    found = cluster.KMeans(10, n_init=10, random_state=0).fit(pixels)
    counts = metrics.cluster.contingency_matrix(digits, found.labels_)
    from scipy.optimize import linear_sum_assignment

    matched = counts[linear_sum_assignment(counts, maximize=True)].sum()
    return {
        "inertia": found.inertia_,
        "n_iter": found.n_iter_,
        "n_samples": len(pixels),
        "n_features": pixels.shape[1],
        "purity": counts.max(axis=0).sum() / len(pixels),
        "accuracy": matched / len(pixels),
        "inverse_purity": counts.max(axis=1).sum() / len(pixels),
        "adjusted_rand": metrics.adjusted_rand_score(digits, found.labels_),
        "adjusted_mutual_info": metrics.adjusted_mutual_info_score(digits, found.labels_),
        "v_measure": metrics.v_measure_score(digits, found.labels_),
    }


@pytest.mark.parametrize(
    ("compute", "names"),
    [
        (blobs_by_sklearn, ["points"]),
        (steps_by_sklearn, ["steps"]),
        (digits_by_sklearn, ["centres", "names", "confusion"]),
    ],
)
def test_every_number_is_that_of_scikit_learn(
    compute: Callable[[], dict[str, float]], names: list[str], tour: str
) -> None:
    right = compute()
    for name in names:
        (found,) = shown(tour, name)
        forms = {each.key: each.form for each in STEPS[name].numbers}
        assert found == {key: format(right[key], form) for key, form in forms.items()}


def squared_error(pixels: NDArray[Any], palette: NDArray[Any]) -> float:
    distances = metrics.pairwise_distances_argmin_min(pixels, palette)[1]
    return float(np.square(distances).mean())


def test_the_numbers_of_the_colours_are_those_of_the_pictures_in_the_page(
    tour: str, made: dict[str, making.Made]
) -> None:
    photo = np.asarray(datasets.load_sample_image("china.jpg"))
    pixels = photo.reshape(-1, 3).astype(float)
    pictures = [base64.b64decode(code) for code in re.findall(r"base64,([^\"]+)", tour)]
    rows = {int(row["k"]): row for row in shown(tour, "fewer")}
    assert list(rows) == [64, 32, 16, 8]
    rows[64] |= shown(tour, "photo")[0]
    files = made["fewer"].files[None]
    for k, row in rows.items():
        written = files[f"china-k{k}.png"]
        assert written in pictures or k == 64
        palette = np.unique(np.asarray(_rgb(written)).reshape(-1, 3), axis=0)
        error = squared_error(pixels, palette.astype(float))
        assert len(palette) == k
        assert number(row["psnr"]) == pytest.approx(10 * np.log10(3 * 255**2 / error), abs=0.051)
        assert row["bits_per_pixel_written"] == f"{len(written) * 8 / len(pixels):.2f}"
        assert number(row["bits_per_pixel_index"]) == np.log2(k)
    assert rows[64]["colors_before"] == f"{len(np.unique(photo.reshape(-1, 3), axis=0)):,}"
    assert rows[64]["colors_after"] == "64"
    # The notebook's own way, which learns from every third pixel.
    sample = photo[::3, ::3].reshape(-1, 3).astype(float)
    theirs = cluster.KMeans(8, n_init=4, random_state=0).fit(sample).cluster_centers_
    assert number(rows[8]["mse"]) <= squared_error(pixels, np.round(theirs)) * 1.02


def _rgb(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_random_pixels_are_told_beside_the_learned(tour: str) -> None:
    (random,), (learned,) = shown(tour, "random"), shown(tour, "photo")
    assert random["psnr"] == learned["psnr"]
    error = number(random["random_palette_mse"])
    expected = 10 * np.log10(3 * 255**2 / error)
    assert number(random["random_palette_psnr"]) == pytest.approx(expected, abs=0.051)
    of_64 = shown(tour, "fewer")[0]
    assert of_64["random_palette_psnr"] == random["random_palette_psnr"]


def test_the_photo_is_that_of_scikit_learn(tour: str) -> None:
    (saved,) = re.findall(r'download="china.jpg" href="data:image/jpeg;base64,([^"]+)"', tour)
    path = resources.files("sklearn.datasets.images").joinpath("china.jpg")
    assert base64.b64decode(saved) == path.read_bytes()


@pytest.mark.parametrize("name", STEPS)
def test_the_command_of_a_step_stands_in_it_and_makes_its_pictures(
    name: str, tour: str, made: dict[str, making.Made]
) -> None:
    step = STEPS[name]
    assert codes(tour, name)[:2] == [step.cells, step.command]
    for each in step.pictures:
        files = [files[each.file] for files in made[name].files.values()]
        themed = len(set(files)) == 2
        assert themed == each.is_themed
        alt = html.escape(each.caption)
        assert article(tour, name).count(f'alt="{alt}"') == (2 if themed else 1)


def test_the_page_needs_nothing_else(tour: str) -> None:
    assert set(re.findall(r'(?:src|href)="(\w+:|#|[^"]{1,20})', tour)) <= {"data:", "#"}
    bare = re.sub(r'(src|href)="data:[^"]*"', "", tour)
    assert set(re.findall(r"https?://[^\s&\"']+", bare)) == {"http://www.w3.org/2000/svg"}
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', tour)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_every_answer_is_filled_in(tour: str) -> None:
    answers = re.findall(r"<details>.*?</details>", tour, re.DOTALL)
    assert len(answers) == len(STEPS)
    assert not any("{" in answer for answer in answers)
    assert "This start ends at 1,439.9; others end lower." in tour
    dithered = re.search(r"brings (\d+\.\d) instead of (\d+\.\d) dB", tour)
    assert dithered is not None
    assert 30 < float(dithered[1]) < 35
    assert 26 < float(dithered[2]) < 30


@pytest.fixture
def opened(browser: Browser, tour: str, tmp_path: Path) -> Iterator[Browser]:
    path = tmp_path / "tour.html"
    path.write_text(tour)
    browser.prefer()
    browser.resize(1280, 800)
    browser.open(path)
    yield browser
    assert browser.messages() == []


VISIBLE = "[...document.images].filter(i => i.getClientRects().length).map(i => i.className)"


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_it_fits_every_window_and_shows_all_pictures(
    size: tuple[int, int], opened: Browser
) -> None:
    opened.resize(*size)
    assert opened.run("return document.documentElement.scrollWidth <= innerWidth")
    loaded = opened.run(
        "return Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert min(loaded) >= 600
    assert "light" in opened.run(f"return {VISIBLE}")
    assert "dark" not in opened.run(f"return {VISIBLE}")


def test_it_is_dark_for_readers_who_like_it_and_light_on_paper(
    opened: Browser, made: dict[str, making.Made], tmp_path: Path
) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    opened.prefer(color_scheme="dark")
    assert opened.run(paper) == "rgb(22, 24, 29)"
    assert "light" not in opened.run(f"return {VISIBLE}")
    opened.prefer()
    (tmp_path / "dark.html").write_bytes(page(CHAPTERS, made, "dark"))
    opened.open(tmp_path / "dark.html")
    assert opened.run(paper) == "rgb(22, 24, 29)"
    assert "light" not in opened.run(f"return {VISIBLE}")
    opened.devtools("Emulation.setEmulatedMedia", media="print", features=[])
    assert opened.run(paper) == "rgb(255, 255, 255)"
    assert "dark" not in opened.run(f"return {VISIBLE}")
    hidden = "return [...document.querySelectorAll('iframe, details')].map(e => e.offsetHeight)"
    assert set(opened.run(hidden)) == {0}
    opened.devtools("Emulation.setEmulatedMedia", media="", features=[])


def test_the_live_figure_is_that_of_blobs(tour: str, opened: Browser) -> None:
    from kmcli.blobs import run_blobs
    from kmcli.blobs.data import make_points
    from kmcli.settings import BlobsSettings, KMeansSettings

    (within,) = re.findall(r'srcdoc="([^"]*)"', tour)
    result = run_blobs(make_points(), BlobsSettings(KMeansSettings(2, n_init=1), "far"))
    assert html.unescape(within).encode() == live_page(result, Style())
    opened.run("document.querySelector('iframe').scrollIntoView()")
    opened.inside("iframe")
    assert opened.run("finish(); return frames.at(-1).inertia") == pytest.approx(1439.861395)
    assert opened.run("return document.querySelectorAll('[data-center]').length") == 2
    opened.inside(None)


def test_axe_finds_nothing_in_either_scheme(opened: Browser) -> None:
    pytest.importorskip("axe_core_python")
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    opened.devtools("Runtime.evaluate", expression=axe)
    for scheme in ("light", "dark"):
        opened.prefer(color_scheme=scheme)
        found = opened.devtools(
            "Runtime.evaluate",
            expression="axe.run({iframes: false}).then(r => JSON.stringify("
            "r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))])))",
            awaitPromise=True,
        )
        assert json.loads(found["result"]["value"]) == []


@pytest.mark.usefixtures("quick")
def test_it_is_written_where_asked_and_not_over_another(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tour: str
) -> None:
    folder = tmp_path / "new" / "folder"
    assert run(["tour", str(folder)]) == 0
    assert [path.name for path in folder.iterdir()] == ["tour.html"]
    assert (folder / "tour.html").read_text() == tour
    out, err = capfd.readouterr()
    assert (out, err) == ("", f"tour: 8 steps of the notebook -> {folder / 'tour.html'}\n")
    assert run(["tour", str(folder), "-q"]) == 0  # the same content is not in the way
    (folder / "tour.html").write_text("mine")
    assert run(["tour", str(folder)]) == 5
    assert "exists with other content; use --force" in capfd.readouterr().err
    assert (folder / "tour.html").read_text() == "mine"
    assert run(["tour", str(folder), "-f", "-q", "--theme", "dark"]) == 0
    assert '<html lang="en" data-theme="dark">' in (folder / "tour.html").read_text()
    monkeypatch.chdir(tmp_path)
    assert run(["tour"]) == 0
    assert capfd.readouterr().err == "tour: 8 steps of the notebook -> tour.html\n"
    assert (tmp_path / "tour.html").exists()


@pytest.mark.usefixtures("quick")
def test_its_numbers_are_given_as_json(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], made: dict[str, making.Made]
) -> None:
    assert run(["tour", str(tmp_path), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert list(told) == list(STEPS)
    assert told["points"]["inertia"] == made["points"].reports[0]["inertia"]
    assert [each["k"] for each in told["fewer"]] == [64, 32, 16, 8]
    documented = (Path(__file__).parent.parent / "docs" / "tour.md").read_text()
    assert all(f"`{name}`" in documented for name in told)
    assert run(["tour", str(tmp_path), "--report"]) == 0
    assert "Four groups of points\n  inertia" in capfd.readouterr().out


def test_what_cannot_be_done_is_refused_before_any_work(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "make_steps", lambda *_steps, **_rest: pytest.fail("worked"))
    (tmp_path / "file").write_text("")
    assert run(["tour", str(tmp_path / "file")]) == 5
    assert run(["tour", str(tmp_path), "--json", "--report"]) == 2
    assert run(["tour", str(tmp_path), "another"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("how", ["disk full", "no memory"])
def test_nothing_is_left_when_a_command_fails(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def fail(_arguments: list[str], **_rest: Any) -> int:
        assert list(temporary.iterdir())
        if how == "no memory":
            raise MemoryError
        return 5

    monkeypatch.setattr(blobs, "main", fail)
    assert run(["tour", str(folder)]) == (5 if how == "disk full" else 4)
    assert list(temporary.iterdir()) == []
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_nothing_is_left_when_it_is_ended(tmp_path: Path) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "kmcli", "tour", str(folder)],
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
    )
    while not list(temporary.glob("kmcli-tour-*/*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    error = process.communicate()[1]
    assert process.returncode == -signal.SIGTERM
    assert b"Traceback" not in error
    assert list(temporary.iterdir()) == []
    assert not folder.exists()
