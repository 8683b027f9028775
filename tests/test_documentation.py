"""The documentation: its code runs, its links lead somewhere, and nothing is left out of it.

The blocks of a page run one after the other in one namespace, which begins with `client`, a client
of the MemoryServer `server`. They may await at the top level. What they call `asyncio.run` with is
awaited at the end of the block, tests that they define are run, and the session URL that they name
stands for that of `server`.
"""

import ast
import asyncio
import builtins
import inspect
import logging
import re
import tomllib
from collections.abc import Awaitable, Coroutine, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

import jmap_async
from jmap_async.testing import MemoryServer
from pytest_jmap_async import jmap_client, jmap_server  # noqa: F401

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
URL = "https://api.fastmail.com/jmap/session"

BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#]*)#?(?P<anchor>[^)]*)\)")

Namespace = dict[str, object]

pages = pytest.mark.parametrize(
    "page", [pytest.param(one, id=one.relative_to(ROOT).as_posix()) for one in sorted(PAGES)]
)


def programs(page: Path, url: str) -> Iterator[CodeType]:
    """Yield the Python blocks of a page; tracebacks show where in the page they stand."""
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if block["language"] == "python":
            above = "\n" * text.count("\n", 0, block.start("code"))
            code = block["code"].replace(URL, url)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            yield compile(above + code, str(page), "exec", flags=flags, dont_inherit=True)


def prose(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return what links may have behind their `#`: the headings, as they are made into anchors."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


async def finish(result: object) -> None:
    """Await what is to be awaited."""
    if isinstance(result, Awaitable):
        await result


@pytest.fixture
def namespace(
    jmap_server: MemoryServer,  # noqa: F811
    jmap_client: jmap_async.Client,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Namespace:
    """Return what the first block of a page finds, and prepare what is around it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JMAP_TOKEN", jmap_server.token)
    caplog.set_level(logging.INFO, "jmap_async")  # put back in the end, whatever a page does
    for number in range(20):
        jmap_server.add_email(subject=f"Letter {number}", text="Bring the keys.")
    return {
        "__name__": "__main__",
        "__builtins__": builtins,
        "asyncio": asyncio,
        "jmap_async": jmap_async,
        "client": jmap_client,
        "server": jmap_server,
    }


@pages
async def test_the_code_runs(
    page: Path,
    namespace: Namespace,
    jmap_server: MemoryServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every Python block of a page runs, after those before it."""
    for program in programs(page, jmap_server.session_url):
        await run(program, namespace, monkeypatch)


async def run(program: CodeType, namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one block, the programs that it starts, and the tests that it defines."""
    started: list[Coroutine[object, object, object]] = []
    monkeypatch.setattr(asyncio, "run", started.append)
    await finish(FunctionType(program, namespace)())
    for one in started:
        await one
    for name in [name for name in namespace if name.startswith("test_")]:
        await run_test(namespace.pop(name))


async def run_test(test: object) -> None:
    """Run a test with the package's fixtures."""
    assert callable(test)
    async with (
        MemoryServer() as server,
        jmap_async.connect(server.session_url, auth=server.token) as client,
    ):
        fixtures: Namespace = {"jmap_server": server, "jmap_client": client}
        await finish(test(*(fixtures[one] for one in inspect.signature(test).parameters)))


@pages
def test_links_lead_somewhere(page: Path) -> None:
    """What a page links to in this project exists, with its heading."""
    broken: list[str] = []
    for link in LINK.finditer(prose(page)):
        target = (page.parent / link["path"]) if link["path"] else page
        anchor = link["anchor"]
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link.group())
    assert [] == broken


def test_every_page_is_in_the_index() -> None:
    """Nobody has to guess that a page exists."""
    linked = {DOCS / link["path"] for link in LINK.finditer(prose(DOCS / "index.md"))}
    assert set() == {*DOCS.rglob("*.md")} - linked - {DOCS / "index.md"}


def test_every_example_is_in_the_index() -> None:
    """Nor that an example does."""
    linked = {(DOCS / link["path"]).resolve() for link in LINK.finditer(prose(DOCS / "index.md"))}
    assert set() == {*ROOT.joinpath("examples").glob("[!_]*.py")} - linked


ARCHITECTURE = DOCS / "topics" / "architecture.md"


def test_the_layers_on_the_page_are_those_that_are_checked() -> None:
    """From above to below, for contributors too; those to come are not there yet."""
    settings = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    there = [
        [part for part in re.split(r" [|:] ", layer) if not part.startswith("(")]
        for layer in contract["layers"]
    ]
    block = ARCHITECTURE.read_text(encoding="utf-8").split("```")[1]
    assert [one for one in there if one] == [one.strip().split(", ") for one in block.split("->")]
    assert block in ROOT.joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_files_on_the_architecture_page_are_there() -> None:
    """And each of the planner's is on it, so that the picture stays whole."""
    package = ROOT / "jmap_async"
    paths = {f"/{one.relative_to(package).as_posix()}" for one in package.rglob("*")}
    text = ARCHITECTURE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", text))
    assert set() == {
        one for one in named if not any(path.endswith(f"/{one.rstrip('/')}") for path in paths)
    }
    planner = {one for one in paths if one.startswith("/planner/") and one.endswith(".py")}
    assert set() == {
        one
        for one in planner
        if not one.endswith("/__init__.py") and one.removeprefix("/planner/") not in named
    }


def test_every_error_is_explained() -> None:
    """The page about errors has each class that a program can catch."""
    errors = {
        name
        for name, value in vars(jmap_async).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    words = set(re.findall(r"\w+", DOCS.joinpath("errors.md").read_text(encoding="utf-8")))
    assert set() == errors - words


def test_every_data_type_of_the_client_is_listed() -> None:
    """The page about calls has each data type that the client offers, `client.<name>`."""
    text = DOCS.joinpath("calls.md").read_text(encoding="utf-8")
    offered = {
        name for name, value in vars(jmap_async.Facades).items() if isinstance(value, property)
    }
    assert set() == {name for name in offered if f"`client.{name}" not in text}
