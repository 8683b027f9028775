"""Measure everything that README.md speaks of, in ten minutes: `python -m benchmarks`.

Prints Markdown. With `--save` it is kept as `results/<version of Python>.md` with its charts, and
the targets of all versions are put together in `results.md`.
"""

import argparse
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.charts import chart
from benchmarks.measuring import environment
from benchmarks.micro import __main__ as micro
from benchmarks.report import Chapter, Section, targets_of
from benchmarks.round_trips import __main__ as round_trips
from benchmarks.round_trips.scenarios import SCENARIOS
from benchmarks.round_trips.traffic import TRAFFIC

_HERE: Final = Path(__file__).parent

_HOW: Final = """\
Made by `make bench`; README.md says what is measured and how.
Times drift with the machine; the ratios are those within one round, and drift less."""

_DETAILS: Final = "## All results"


def chapters() -> Iterator[Chapter]:
    """Measure chapter by chapter, and print each table as soon as it is there."""
    for title, names in (
        ("Round trips", tuple(SCENARIOS)),
        ("Traffic", tuple(TRAFFIC)),
        ("Handlers and stalls", ("handlers", "stalls")),
    ):
        sections = round_trips.sections(names, repeats=5, peers=True)
        yield Chapter(title, list(map(_printed, sections)))
    for title, names in (
        ("Bytes and objects", ("decode", "encode")),
        ("Memory and imports", ("memory", "import")),
        ("Planning", ("plan", "deliver")),
    ):
        sections = micro.sections(names, repeats=5, peers=True)
        yield Chapter(title, list(map(_printed, sections)))


def _printed(section: Section) -> Section:
    print(f"{section.text}\n", flush=True)
    return section


def page(found: list[Chapter], *, charts: str) -> str:
    """Return the results of this Python; its charts are in the directory `charts`."""
    version = _version()
    parts = [
        f"# Results on CPython {version}",
        f"{datetime.now(UTC):%d %B %Y}. {environment()}\n\n{_HOW}",
        targets_of(found),
        _DETAILS,
    ]
    for chapter in found:
        parts += [f"## {chapter.title}", f"![{chapter.title}]({charts}/{chapter.chart})"]
        parts += [section.text for section in chapter.sections]
    return "\n\n".join(parts) + "\n"


def index(directory: Path) -> str:
    """Return the first part of each page: machine, versions, targets."""
    parts = ["# Latest results"]
    for one in sorted(directory.glob("*.md")):
        head = one.read_text(encoding="utf-8").partition(f"\n{_DETAILS}")[0].strip()
        link = f"[All results on this Python, with charts]({directory.name}/{one.name})"
        parts += [f"#{head}", link]
    return "\n\n".join(parts) + "\n"


def save(found: list[Chapter], home: Path) -> None:
    """Write page, charts and index below `home`."""
    version = _version()
    charts = home / "results" / version
    charts.mkdir(parents=True, exist_ok=True)
    for chapter in found:
        (charts / chapter.chart).write_text(chart(chapter.panels), encoding="utf-8")
    text = page(found, charts=version)
    (home / "results" / f"{version}.md").write_text(text, encoding="utf-8")
    (home / "results.md").write_text(index(home / "results"), encoding="utf-8")


def _version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep the results")
    options = parser.parse_args()
    found = list(chapters())
    print(targets_of(found))
    if options.save:
        save(found, _HERE)


if __name__ == "__main__":
    main()
