"""The live page: its k-means is scikit-learn's, and everybody can use it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kmcli.blobs import BlobsResult, run_blobs, trace_start
from kmcli.blobs.data import make_points
from kmcli.cli.main import run
from kmcli.errors import SettingsError
from kmcli.figures.blobs_page import page
from kmcli.figures.style import Style
from kmcli.settings import BlobsSettings, KMeansSettings, PointsSpec, StartName
from tests.browser import Browser

SIZES = [(390, 844), (844, 390), (1280, 800), (1920, 1080)]
DOWN, RIGHT, DELETE, SPACE = "\ue015", "\ue014", "\ue017", " "


def clustered(
    k: int, start: StartName = "k-means++", spec: PointsSpec | None = None
) -> BlobsResult:
    return run_blobs(make_points(spec), BlobsSettings(KMeansSettings(k, n_init=1), start))


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page with four clusters, in a window of ordinary size."""
    show(browser, clustered(4), tmp_path)
    yield browser
    assert browser.messages() == []


def show(browser: Browser, result: BlobsResult, folder: Path, theme: Any = "light") -> None:
    path = folder / "page.html"
    path.write_bytes(page(result, Style(theme)))
    browser.prefer()
    browser.resize(1280, 800)
    browser.open(path)


def frames(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.run("finish(); return frames;")
    return found


def centers(browser: Browser) -> NDArray[np.float64]:
    return np.array(browser.run("return frames[now].centers"))


def middle(browser: Browser, selector: str) -> tuple[float, float]:
    x, y = browser.run(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return [(box.left + box.right) / 2, (box.top + box.bottom) / 2]",
        selector,
    )
    return x, y


@pytest.mark.parametrize(
    ("k", "start", "spec"),
    [
        (4, "far", None),
        (2, "far", None),
        (6, "far", None),  # two centres without points
        (5, "k-means++", PointsSpec(shape="moons")),
        (12, "random", PointsSpec(shape="uniform", n_samples=1000)),
        (1, "k-means++", None),
    ],
)
def test_every_step_is_that_of_scikit_learn(
    k: int, start: StartName, spec: PointsSpec | None, browser: Browser, tmp_path: Path
) -> None:
    result = clustered(k, start, spec)
    show(browser, result, tmp_path)
    steps = trace_start(result).steps
    drawn = frames(browser)
    assert len(drawn) == 2 * len(steps) + 2
    for number, step in enumerate(steps):
        assign, update = drawn[2 * number + 1], drawn[2 * number + 2]
        assert assign["labels"] == step.labels.tolist()
        assert assign["inertia"] == pytest.approx(step.inertia_before, rel=1e-9)
        assert update["inertia"] == pytest.approx(step.inertia_after, rel=1e-9)
        np.testing.assert_allclose(update["centers"], step.after, atol=1e-9)
        assert assign["empty"] == step.empty_clusters
    np.testing.assert_allclose(drawn[-1]["centers"], steps[-1].after, atol=1e-9)
    told = browser.run("return document.getElementById('step').textContent")
    assert f"Converged after {len(steps)} iteration" in told
    assert browser.messages() == []


def test_an_empty_cluster_is_named(browser: Browser, tmp_path: Path) -> None:
    result = clustered(6, "far")
    show(browser, result, tmp_path)
    empty = trace_start(result).steps[0].empty_clusters
    browser.run("at('next').click()")
    told = browser.run("return at('step').textContent")
    assert f"No point is nearest to clusters {' and '.join(map(str, empty))}." in told


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_all_controls_are_in_the_window(
    size: tuple[int, int], browser: Browser, tmp_path: Path
) -> None:
    show(browser, clustered(4), tmp_path)
    browser.resize(*size)
    boxes = browser.run(
        "return [...document.querySelectorAll('select, button, input, #step, #plane, #curve')].map("
        "e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] })"
    )
    assert len(boxes) >= 14
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    scrolls = "return [document.body.scrollWidth, document.body.scrollHeight]"
    assert tuple(browser.run(scrolls)) == size
    plane = browser.run("const b = plane.getBoundingClientRect(); return [b.width, b.height]")
    assert min(plane) >= 0.45 * min(size)


def test_a_click_sets_a_centre_and_a_click_on_it_removes_it(shown: Browser) -> None:
    before = centers(shown)
    x, y = middle(shown, "#plane")
    shown.drag([(x, y)])
    assert len(centers(shown)) == 5
    np.testing.assert_array_equal(centers(shown)[:4], before)
    assert shown.run("return at('k-value').textContent") == "5"
    shown.drag([middle(shown, "[data-center='4']")])
    np.testing.assert_array_equal(centers(shown), before)


def test_no_more_than_twelve_centres_can_be_set(shown: Browser) -> None:
    left, top = middle(shown, "#plane")
    for number in range(10):
        shown.drag([(left - 300 + 60 * number, top + 340)])
    assert len(centers(shown)) == 12


def test_a_centre_can_be_dragged(shown: Browser) -> None:
    before = centers(shown)
    x, y = middle(shown, "[data-center='0']")
    shown.drag([(x, y), (x + 30, y), (x + 100, y)])
    after = centers(shown)
    assert after[0, 0] > before[0, 0]
    assert after[0, 1] == pytest.approx(before[0, 1], abs=0.2)
    np.testing.assert_array_equal(after[1:], before[1:])
    assert frames(shown)[-1]["inertia"] == pytest.approx(212.006, abs=1e-3)


def test_points_can_be_painted_and_cleared(shown: Browser) -> None:
    shown.run("at('clear').click()")
    assert shown.run("return points.length") == 0
    assert "No points" in shown.run("return at('step').textContent")
    shown.run("at('paint').click()")
    x, y = middle(shown, "#plane")
    shown.drag([(x, y), (x + 40, y), (x + 80, y)])
    shown.drag([(x, y - 200), (x + 40, y - 200)])
    assert shown.run("return points.length") >= 9
    assert len(centers(shown)) == 4
    assert frames(shown)[-1]["kind"] == "end"


def test_new_points_and_new_starts_are_drawn(shown: Browser) -> None:
    for shape in ("blobs", "anisotropic", "varied", "uneven", "moons", "circles", "uniform"):
        select = "at('shape').value = arguments[0]; at('shape').dispatchEvent(new Event('change'))"
        shown.run(select, shape)
        drawn = shown.run("return points")
        assert len(drawn) == 300
        shown.run("at('draw').click()")
        assert shown.run("return points") != drawn
        for start in ("far", "k-means++", "random"):
            shown.run(select.replace("shape", "start"), start)
            first = centers(shown)
            assert first.shape == (4, 2)
            shown.run("at('restart').click()")
            assert not np.array_equal(centers(shown), first)
            if start != "far":
                assert set(map(tuple, first.tolist())) <= set(
                    map(tuple, shown.run("return points"))
                )
        assert frames(shown)[-1]["kind"] == "end"


def test_k_goes_from_1_to_12(shown: Browser) -> None:
    for k in range(1, 13):
        slide = "at('k').value = arguments[0]; at('k').dispatchEvent(new Event('input'))"
        shown.run(slide, k)
        assert len(centers(shown)) == k
        assert frames(shown)[-1]["kind"] == "end"


def test_keys_reach_everything_and_do_one_thing(shown: Browser) -> None:
    reached = set()
    for _ in range(20):
        shown.press("\ue004")  # Tab
        name = "const e = document.activeElement; return e.id || e.dataset.center"
        reached.add(shown.run(name))
    controls = "return [...document.querySelectorAll('select, button, input')].map(e => e.id)"
    enabled = set(shown.run(controls)) - {"back"}
    assert enabled | {"0", "1", "2", "3"} <= reached
    shown.run("at('start').focus()")
    shown.press(DOWN)
    assert shown.run("return at('k').value") == "4"
    shown.run("at('next').focus()")
    shown.press(SPACE)
    assert shown.run("return [now, timer]") == [1, None]
    before = centers(shown)
    shown.run("document.querySelector(\"[data-center='1']\").focus()")
    shown.press(RIGHT)
    assert centers(shown)[1, 0] > before[1, 0]
    shown.press(DELETE)
    assert len(centers(shown)) == 3


def test_it_opens_with_as_many_clusters_as_the_run_had(browser: Browser, tmp_path: Path) -> None:
    show(browser, clustered(8), tmp_path)
    assert browser.run("return at('k').value") == "8"
    assert len(centers(browser)) == 8


def test_heads_of_arrows_can_be_seen(browser: Browser, tmp_path: Path) -> None:
    show(browser, clustered(2, "far"), tmp_path)
    browser.run("at('next').click(); at('next').click()")
    gaps = browser.run(
        "return [...svg.querySelectorAll('.head')].map(head => {"
        "  const tip = head.points[0];"
        "  return Math.min(...frames[now].centers.map(c => {"
        "    const q = scale().there(c); return Math.hypot(q[0] - tip.x, q[1] - tip.y) }))"
        "})"
    )
    assert len(gaps) == 2
    assert all(13 <= gap <= 18 for gap in gaps)


def test_the_plane_has_one_scale(shown: Browser) -> None:
    there = "const {there} = scale(); return [[0, 0], [1, 0], [0, 1]].map(there)"
    for size in SIZES:
        shown.resize(*size)
        origin, right, up = np.array(shown.run(there))
        assert right[0] - origin[0] == pytest.approx(origin[1] - up[1])


def test_the_readers_wishes_are_obeyed(browser: Browser, tmp_path: Path) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    show(browser, clustered(4), tmp_path)
    assert browser.run(paper) == "rgb(255, 255, 255)"
    browser.run("at('run').click()")
    assert browser.run("return [now, timer !== null]") == [1, True]
    browser.prefer(color_scheme="dark", reduced_motion="reduce")
    assert browser.run(paper) == "rgb(22, 24, 29)"
    browser.run("stop(); now = 0; at('run').click()")
    assert browser.run("return [frames[now].kind, timer]") == ["end", None]
    show(browser, clustered(4), tmp_path, theme="dark")
    assert browser.run(paper) == "rgb(22, 24, 29)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, browser: Browser, tmp_path: Path) -> None:
    pytest.importorskip("axe_core_python")
    show(browser, clustered(4), tmp_path)
    browser.prefer(color_scheme=scheme)
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    browser.devtools("Runtime.evaluate", expression=axe)
    browser.run("at('next').click()")
    found = browser.devtools(
        "Runtime.evaluate",
        expression="axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map("
        "n => n.html)])))",
        awaitPromise=True,
    )
    assert json.loads(found["result"]["value"]) == []


HOSTILE = ["<!--<script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_nothing(name: str, browser: Browser, tmp_path: Path) -> None:
    result = clustered(4)
    points = replace(result.points, names=(name, "y"), source=name)
    show(browser, replace(result, points=points), tmp_path)
    assert browser.run("return at('shape').options[0].textContent") == name
    assert name in browser.run("return at('source').textContent")
    assert browser.run("return document.querySelectorAll('[data-center]').length") == 4
    assert browser.messages() == []


def test_the_page_needs_nothing_else() -> None:
    html = page(clustered(4), Style()).decode()
    assert not re.search(r"(src|href)\s*=", html)
    assert re.findall(r"https?://[^\s\"']+", html) == ["http://www.w3.org/2000/svg"]
    assert "default-src 'none'" in html
    assert "unsafe" not in html
    without_data = re.sub(r'<script id="data".*?</script>', "", html, flags=re.DOTALL)
    assert len(without_data) < 150_000


def test_its_script_is_the_only_one_that_may_run(shown: Browser) -> None:
    shown.run(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        "document.body.appendChild(s)"
    )
    assert shown.run("return window.ran") is None
    assert "Content Security Policy" in "".join(shown.messages())


def test_points_of_any_size_are_drawn(browser: Browser, tmp_path: Path) -> None:
    for factor in (1e-5, 1e8):
        points = make_points()
        result = run_blobs(replace(points, values=points.values * factor))
        show(browser, result, tmp_path)
        assert len(centers(browser)) == 4
        assert frames(browser)[-1]["inertia"] == pytest.approx(212.006 * factor**2, rel=1e-5)


def test_what_the_page_cannot_show_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "page.html"
    arguments = ["blobs", "--dpi", "30", "-d", str(tmp_path), "--html", str(target)]
    assert run([*arguments, "-k", "13"]) == 2
    assert "up to 12 clusters, not 13" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
    result = clustered(4)
    wide = np.column_stack([result.points.values, result.points.values])
    with pytest.raises(SettingsError, match="two columns, not 4"):
        page(replace(result, points=replace(result.points, values=wide)), Style())
