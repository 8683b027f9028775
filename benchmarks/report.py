"""What a benchmark found: Markdown, ratios that targets speak of, and what a chart shows."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from benchmarks.charts import Panel
from benchmarks.targets import targets_table


@attrs.frozen
class Section:
    """One table or more; `ratios` by the keys of targets.py."""

    text: str
    ratios: Mapping[str, float] = attrs.field(factory=dict[str, float])
    panels: Sequence[Panel] = ()


@attrs.frozen
class Chapter:
    """Sections that share a heading and a chart."""

    title: str
    sections: Sequence[Section]

    @property
    def chart(self) -> str:
        """The name of the chart's file."""
        return f"{self.title.lower().replace(' ', '-')}.svg"

    @property
    def panels(self) -> list[Panel]:
        """What the chart shows."""
        return [panel for section in self.sections for panel in section.panels]


def targets_of(chapters: Iterable[Chapter]) -> str:
    """Return the table of the targets, as far as they were measured."""
    ratios: dict[str, float] = {}
    for chapter in chapters:
        for section in chapter.sections:
            ratios.update(section.ratios)
    return targets_table(ratios)
