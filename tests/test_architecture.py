"""The code keeps its shape: imports go down, one owner per package, help stays light."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "kmcli"

LAYERS = {
    "errors": -1,  # the ground: even settings raise them
    "parallel": 0,
    "settings": 0,
    "text": 0,
    "clustering": 1,
    "scores": 1,
    "image_io": 1,
    "files": 1,
    "tables": 1,
    "blobs": 2,
    "cluster": 2,
    "digits": 2,
    "quantize": 2,
    "figures": 3,
    "palette_files": 3,
    "report": 3,
    "cli": 4,
    "picture_files": 4,
    "table_files": 4,
}

OWNERS = {
    "PIL": {"image_io/", "figures/canvas.py"},
    "click": {"cli/"},
    "distributed": {"cluster/workers.py"},
    "matplotlib": {"figures/"},
    "oxipng": {"image_io/optimize.py"},
    "pi_heif": {"image_io/formats.py"},
    "polars": {"tables/"},
    "rich": {"cli/console.py"},
    "scipy": {"scores/matching.py"},
    "skimage.color": {"quantize/colorspace.py"},
    "skimage.metrics": {"quantize/fidelity.py"},
    "sklearn.cluster": {"clustering/"},
    "sklearn.datasets": {"blobs/data.py", "digits/data.py"},
    "sklearn.decomposition": {"digits/embedding.py"},
    "sklearn.manifold": {"digits/embedding.py"},
    "sklearn.metrics": {"scores/internal.py", "scores/external.py", "clustering/steps.py"},
    "sklearn.mixture": {"clustering/other_methods.py"},
    "sklearn.preprocessing": {"digits/embedding.py"},
    "sklearn.exceptions": {"clustering/"},
    "threadpoolctl": {"clustering/threads.py", "digits/embedding.py"},
}

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported_names(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(module: str) -> str:
    """The name of the layer's member to which a module belongs."""
    return module.removesuffix(".py").split("/")[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module: str) -> None:
    if module in ("__init__.py", "__main__.py"):
        return
    own = part(module)
    for name in imported_names(module):
        pieces = name.split(".")
        if pieces[0] != "kmcli" or pieces[1] in ("__version__", own):
            continue
        assert LAYERS[pieces[1]] < LAYERS[own], f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_one_module_owns_each_third_party_package(module: str) -> None:
    for name in imported_names(module):
        for package, owners in OWNERS.items():
            if name == package or name.startswith(package + "."):
                assert any(module.startswith(owner) for owner in owners), f"{module}: {name}"


def texts(module: str) -> Iterator[str]:
    """All strings of a module but its docstrings."""
    tree = ast.parse((PACKAGE / module).read_text())
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    documentation = {id(node.value) for node in statements}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


def test_only_the_command_line_speaks_of_options() -> None:
    from kmcli.cli.main import cli

    names = {
        name
        for command in cli.commands.values()
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--")
    }
    assert "--force" in names
    for module in MODULES:
        if part(module) not in ("cli", "__main__"):
            spoken = {word for text in texts(module) for word in re.findall("--[a-z-]+", text)}
            assert not spoken & names, f"{module} speaks of {spoken & names}"


def test_every_module_has_a_layer() -> None:
    assert {part(module) for module in MODULES} - {"__init__", "__main__"} <= set(LAYERS)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_in_its_first_line_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse((PACKAGE / module).read_text()))


def test_the_layers_are_those_of_the_page() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (-?\d) \| (.*?) \|", page, re.MULTILINE)
    listed = {name: int(number) for number, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed == LAYERS


def loaded_by(*arguments: str) -> set[str]:
    code = (
        "import sys\n"
        "from kmcli.cli.main import run\n"
        f"code = run({list(arguments)!r})\n"
        "print('\\n' + ' '.join(sys.modules), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stderr.split()}


HEAVY = {
    "numpy",
    "scipy",
    "sklearn",
    "PIL",
    "matplotlib",
    "skimage",
    "rich",
    "polars",
    "distributed",
}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["quantize", "--help"], ["digits", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & HEAVY
