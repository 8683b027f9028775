"""Bytes to typed objects and back, beside orjson alone: microseconds and ratios."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import Any, Final

import orjson

from benchmarks.mail import SEEN, email_id, full_view, list_view
from benchmarks.measuring import figure, median_ratio, seconds_each, table
from benchmarks.micro import ours
from benchmarks.round_trips.answers import ACCOUNT, CORE, MAIL
from jmap_async.client import Client

Ways = Mapping[str, Callable[[], object]]
Writers = Mapping[str, Callable[[], bytes]]

_UPDATES: Final = 100


def decoding(view: Callable[[int], dict[str, Any]], count: int, *, peers: bool = True) -> Ways:
    """Return ways to read an answer with that many Emails."""
    body = _response([view(number) for number in range(count)])
    ways: dict[str, Callable[[], object]] = {
        "orjson.loads, no types": lambda: orjson.loads(body),
        "jmap_async, nothing read": lambda: ours.emails(body),
        "jmap_async, four properties read": lambda: ours.four_properties(body),
        "jmap_async, everything read": lambda: ours.everything(body),
    }
    if peers and find_spec("jmap"):
        read = import_module("benchmarks.micro.jmaplib").reader(list(view(0)))
        ways["jmaplib"] = lambda: read(body)
    if peers and find_spec("jmapc"):
        jmapc = import_module("benchmarks.micro.jmapc")
        ways["jmapc"] = lambda: jmapc.read(body)
    return ways


def encoding(client: Client, *, peers: bool = True) -> Writers:
    """Return ways to write a request that sets a keyword on many Emails."""
    update = {email_id(number): SEEN for number in range(_UPDATES)}
    arguments = {"accountId": ACCOUNT, "update": update}
    request = {"using": [CORE, MAIL], "methodCalls": [["Email/set", arguments, "c0"]]}
    ways: dict[str, Callable[[], bytes]] = {
        "orjson.dumps of dicts": lambda: orjson.dumps(request),
        "jmap_async": ours.update_writer(client, update),
    }
    for package, module in (("jmap", "jmaplib"), ("jmapc", "jmapc")):
        if peers and find_spec(package):
            ways[module] = import_module(f"benchmarks.micro.{module}").update_writer(update)
    return ways


def compare(ways: Ways, *, repeats: int, at_least: float = 0.05) -> dict[str, list[float]]:
    """Measure all ways in turn, again and again; return seconds."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work()
    for _ in range(repeats):
        for name, work in ways.items():
            found[name].append(seconds_each(work, at_least=at_least))
    return found


def show(title: str, times: Mapping[str, Sequence[float]], *, per: int, unit: str) -> str:
    """Return the results as a Markdown table, in microseconds for one of `per` things."""
    base, *_ = times.values()
    rows = [
        [name, figure(median(mine) * 1e6 / per), f"{median_ratio(mine, base):.1f}"]
        for name, mine in times.items()
    ]
    return f"### {title}\n\n{table(('way', f'µs {unit}', 'ratio'), rows)}"


def report(client: Client, *, repeats: int, peers: bool = True) -> list[str]:
    """Measure everything and return the tables; the client is there to make calls, not to send."""
    views = (("List view, 12 properties", list_view, 500), ("Full view, 28", full_view, 50))
    tables = [
        show(
            f"Decoding Email/get: {title}, {count} Emails",
            compare(decoding(view, count, peers=peers), repeats=repeats),
            per=count,
            unit="an Email",
        )
        for title, view, count in views
    ]
    written = compare(encoding(client, peers=peers), repeats=repeats)
    title = f"Writing a request of {_UPDATES} keyword updates"
    return [*tables, show(title, written, per=1, unit="a request")]


def _response(rows: list[dict[str, Any]]) -> bytes:
    arguments = {"accountId": ACCOUNT, "state": "e1", "list": rows, "notFound": []}
    return orjson.dumps(
        # The peers' first call has this id, ours does not care.
        {"methodResponses": [["Email/get", arguments, "c1"]], "sessionState": "s1"}
    )
