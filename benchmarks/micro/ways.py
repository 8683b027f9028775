"""Ways to do the same: measured in turn, shown as a table and as a chart."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from benchmarks.charts import Panel
from benchmarks.measuring import figure, median_ratio, seconds_each, table
from benchmarks.report import Section

Ways = Mapping[str, Callable[[], object]]
Times = Mapping[str, Sequence[float]]


def compare(ways: Ways, *, repeats: int, at_least: float = 0.05) -> Times:
    """Measure all ways in turn, again and again; return seconds of CPU."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work()
    for _ in range(repeats):
        for name, work in ways.items():
            found[name].append(seconds_each(work, at_least=at_least))
    return found


def section(
    title: str,
    times: Times,
    *,
    per: int,
    unit: str,
    targets: Mapping[str, tuple[str, str]],
) -> Section:
    """Return the results in microseconds for one of `per` things, with ratios to the first way.

    `targets` says which two ways a target compares.
    """
    base, *_ = times
    each = {name: median(mine) * 1e6 / per for name, mine in times.items()}
    rows = [
        [name, figure(mine), f"{median_ratio(times[name], times[base]):.2f}"]
        for name, mine in each.items()
    ]
    ratios = {
        key: median_ratio(times[mine], times[other])
        for key, (mine, other) in targets.items()
        if other in times
    }
    text = f"### {title}\n\n{table(('way', f'µs {unit}', 'ratio'), rows)}"
    return Section(text, ratios, [Panel(title, f"µs {unit}", list(each.items()))])
