"""The project as a whole: public names, layout, layers, change log, and what no file may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import jmap_async

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jmap_async"

TESTED_ELSEWHERE = {
    "_version.py": "a constant, which the change log has to know",
}
"""Modules without a test file of their own, as paths in the package, each with the reason."""


def modules() -> list[str]:
    """Return the path of each module in the package, less those that only export or start it."""
    paths = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in paths if not Path(path).stem.startswith("__"))


def project_files() -> Iterator[Path]:
    """Yield the files that belong to the project, which is more than git knows of."""
    for top in ROOT.iterdir():
        if top.name in {"dist", "htmlcov"} or (top.name.startswith(".") and top.is_dir()):
            continue
        yield from (top.rglob("*") if top.is_dir() else [top])
    yield from (ROOT / ".ci").iterdir()


def test_all_public_names_are_exported_in_order() -> None:
    """`__all__` lists exactly what the package imports, sorted."""
    public = {
        name
        for name in dir(jmap_async)
        if not name.startswith("_") and not isinstance(getattr(jmap_async, name), ModuleType)
    }
    assert sorted({*public, "__version__"}) == jmap_async.__all__
    with pytest.raises(AttributeError, match="no attribute 'Emial'"):
        _ = jmap_async.Emial  # type: ignore[attr-defined]


def test_what_is_imported_later_is_what_type_checkers_see() -> None:
    """Names of capabilities stand twice in the package's root: both lists say the same."""
    tree = ast.parse(PACKAGE.joinpath("__init__.py").read_text(encoding="utf-8"))
    (branch,) = (one for one in tree.body if isinstance(one, ast.If))
    seen = {
        name.name: one.module
        for one in branch.body
        if isinstance(one, ast.ImportFrom)
        for name in one.names
    }
    later: dict[str, str] = vars(jmap_async)["_MODULES"]
    assert seen == {name: f"jmap_async.{module}" for name, module in later.items()}


@pytest.mark.parametrize(
    ("use", "imported"),
    [
        ("jmap_async", set()),
        ("jmap_async.MaskedEmail", {"masked_email"}),
        ("jmap_async.Facades(None).masked_email", {"masked_email"}),
        ("jmap_async.Facades(None)._known('Core/echo')", {"core"}),
    ],
)
def test_what_is_not_used_is_not_imported(use: str, imported: set[str]) -> None:
    """A program pays for the capabilities that it uses."""
    program = f"import sys, jmap_async; {use}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    folders = {path.parent.name for path in PACKAGE.joinpath("capabilities").glob("*/__init__.py")}
    modules = {name.split(".")[2] for name in done.stdout.split() if name.count(".") > 1}
    assert imported == modules & folders


@pytest.mark.parametrize("module", modules())
def test_each_module_has_tests_under_the_same_path(module: str) -> None:
    """`a/b.py` is tested by `tests/a/test_b.py`, or by a folder `tests/a/b/`."""
    path = Path("tests", module)
    name = path.stem.lstrip("_")
    found = ROOT.joinpath(path.with_name(f"test_{name}.py")).is_file()
    assert found or ROOT.joinpath(path.with_name(name)).is_dir() or module in TESTED_ELSEWHERE


def test_the_exceptions_to_the_layout_exist() -> None:
    """Only modules that are there may go without tests of their own."""
    assert set() == set(TESTED_ELSEWHERE) - set(modules())


def test_folders_of_tests_are_packages() -> None:
    """Two test files may have one name only where their folders are packages."""
    folders = {path.parent for path in ROOT.joinpath("tests").rglob("*.py")}
    assert set() == {folder for folder in folders if not folder.joinpath("__init__.py").exists()}


def test_layers() -> None:
    """Every import contract of pyproject.toml is kept."""
    # In a process of its own: it configures logging, which would silence the package's logger.
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_change_log_knows_this_version() -> None:
    """There is a section for the version that the package says it is."""
    text = ROOT.joinpath("CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[?([^\]\s]+)", text, re.MULTILINE)
    assert jmap_async.__version__ in sections


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is said by the settings of whoever installs them."""
    registry = re.compile(rb"(pypi|npmjs|pythonhosted)\.(org|com)|deb\.debian\.org")
    named = [path for path in project_files() if path.is_file() and names(registry, path)]
    assert [] == named


def names(pattern: re.Pattern[bytes], path: Path) -> bool:
    """Tell whether a file's content matches `pattern`."""
    return pattern.search(path.read_bytes()) is not None
