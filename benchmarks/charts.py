"""Bar charts as SVG, readable on light and on dark backgrounds, without fonts from elsewhere."""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

import attrs

from benchmarks.measuring import figure

# Of medium lightness: about the same contrast to white as to near-black.
_TEXT: Final = "#7d828a"
_OTHERS: Final = "#9aa0a8"
_OURS: Final = "#2f81f7"

_WIDTH: Final = 760
_LEFT: Final = 260
_RIGHT: Final = 90
_ROW: Final = 22
_HEAD: Final = 44


@attrs.frozen
class Panel:
    """Bars below a title; `unit` says what is counted."""

    title: str
    unit: str
    bars: Sequence[tuple[str, float]]


def chart(panels: Iterable[Panel]) -> str:
    """Return an SVG with one panel below the other."""
    lines: list[str] = []
    top = 0
    for panel in panels:
        lines += _panel(panel, top)
        top += _HEAD + _ROW * len(panel.bars) + 12
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
        f'width="{_WIDTH}" height="{top}" fill="{_TEXT}" font-size="13" '
        'font-family="ui-sans-serif, system-ui, sans-serif">'
    )
    return "\n".join([head, *lines, "</svg>", ""])


def _panel(panel: Panel, top: int) -> Iterator[str]:
    scale = _Scale.of([value for _, value in panel.bars])
    note = f"{panel.unit}, {'logarithmic' if scale.logarithmic else 'linear'}"
    yield _text(panel.title, x=0, y=top + 18, style=' font-weight="600"')
    yield _text(note, x=_LEFT, y=top + 36, style=' font-size="11"')
    for number, (name, value) in enumerate(panel.bars):
        y, width = top + _HEAD + _ROW * number, scale.width(value)
        ours = name.startswith("jmap_async")
        style = ' font-weight="600"' if ours else ""
        yield _text(name, x=_LEFT - 8, y=y + 14, style=f' text-anchor="end"{style}')
        color = _OURS if ours else _OTHERS
        yield f'<rect x="{_LEFT}" y="{y + 3}" width="{width:.1f}" height="15" fill="{color}"/>'
        yield _text(figure(value), x=_LEFT + width + 6, y=y + 14, style=style)


def _text(text: str, *, x: float, y: float, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y}"{style}>{escape(text)}</text>'


@attrs.frozen
class _Scale:
    """From zero or, where the largest is too much larger than the smallest, by magnitudes."""

    logarithmic: bool
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "_Scale":
        low, high = min(values), max(values)
        if high <= 20 * low:
            return cls(logarithmic=False, low=0, high=high)
        # A whole magnitude below, so that the smallest has a bar, too.
        return cls(logarithmic=True, low=math.log10(low) - 0.5, high=math.log10(high))

    def width(self, value: float) -> float:
        """Return how long the bar of a value is."""
        at = math.log10(value) if self.logarithmic else value
        return (_WIDTH - _LEFT - _RIGHT) * (at - self.low) / (self.high - self.low)
