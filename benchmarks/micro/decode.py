"""Bytes to typed Emails, beside orjson alone, and what it costs to ask for more properties."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import orjson

from benchmarks.mail import LIST_PROPERTIES, full_view, list_view
from benchmarks.measuring import figure, table
from benchmarks.micro import ours
from benchmarks.micro.ways import Ways, compare, section
from benchmarks.report import Section
from benchmarks.round_trips.answers import ACCOUNT
from jmap_async.client import Client

View = Callable[[int], dict[str, Any]]

VIEWS: Final[Mapping[str, tuple[str, View, int]]] = {
    "list": ("list view, 12 properties", list_view, 500),
    "full": ("full view, 28 properties", full_view, 50),
}
"""Title, the Email with a number, and how many are decoded at once."""

READERS: Final = {"list": ours.read_list, "full": ours.read_full}
"""What reads all of an Email, by view."""

_FLOOR: Final = "orjson.loads, no types"
_FOUR: Final = "jmap_async, four properties read"
_ALL: Final = "jmap_async, everything read"

_BODIES: Final = ("bodyStructure", "textBody", "htmlBody", "attachments")
_HEADERS: Final = (*LIST_PROPERTIES, "headers")
SELECTIONS: Final[Mapping[str, Sequence[str]]] = {
    "`id`": ("id",),
    "`id`, `subject`, `from`, `receivedAt`": ("id", "subject", "from", "receivedAt"),
    "list view": LIST_PROPERTIES,
    "list view, and all `headers`": _HEADERS,
    "list view, and the structure of the body": (*LIST_PROPERTIES, *_BODIES),
    "list view, and `bodyValues`": (*LIST_PROPERTIES, "bodyValues"),
    "full view": tuple(full_view(0)),
}


def response(rows: list[dict[str, Any]]) -> bytes:
    """Return a response to Email/get."""
    arguments = {"accountId": ACCOUNT, "state": "e1", "list": rows, "notFound": []}
    return orjson.dumps(
        # The peers' first call has this id, ours does not care.
        {"methodResponses": [["Email/get", arguments, "c1"]], "sessionState": "s1"}
    )


def decoding(client: Client, view: View, count: int, *, peers: bool = True) -> Ways:
    """Return ways to read an answer with that many Emails."""
    body = response([view(number) for number in range(count)])
    emails = ours.reader(client, tuple(view(0)))
    read_all = READERS["list" if view is list_view else "full"]
    ways: dict[str, Callable[[], object]] = {
        _FLOOR: lambda: orjson.loads(body),
        "jmap_async, nothing read": lambda: emails(body),
        _FOUR: lambda: ours.read_four(emails(body)),
        _ALL: lambda: read_all(emails(body)),
    }
    if peers and find_spec("jmap"):
        read = import_module("benchmarks.micro.jmaplib").reader(list(view(0)))
        ways["jmaplib"] = lambda: read(body)
    if peers and find_spec("jmapc"):
        jmapc = import_module("benchmarks.micro.jmapc")
        ways["jmapc"] = lambda: jmapc.read(body)
    return ways


def selecting(client: Client, count: int) -> tuple[Ways, dict[str, float]]:
    """Return a way to read each selection of properties, and the octets of an Email."""
    ways: dict[str, Callable[[], object]] = {}
    octets: dict[str, float] = {}
    for name, properties in SELECTIONS.items():
        whole = (full_view(number) for number in range(count))
        body = response([{one: email[one] for one in properties} for email in whole])
        emails = ours.reader(client, properties)
        octets[name] = len(body) / count
        ways[name] = lambda emails=emails, body=body: emails(body)  # type: ignore[misc]
        ways[f"{name}: JSON"] = lambda body=body: orjson.loads(body)  # type: ignore[misc]
    return ways, octets


def properties(client: Client, *, repeats: int, count: int = 100) -> Section:
    """Show what it costs to ask for more."""
    ways, octets = selecting(client, count)
    times = compare(ways, repeats=repeats, at_least=0.02)
    each = {name: 1e6 * min(found) / count for name, found in times.items()}
    rows = [
        [name, figure(size), figure(each[f"{name}: JSON"]), figure(each[name])]
        for name, size in octets.items()
    ]
    head = ("properties", "octets an Email", "µs an Email, JSON alone", "µs an Email, objects")
    title = "What it costs to ask for more properties"
    note = "Decoding alone, and nothing read; the server's work and the network come on top."
    return Section(f"### {title}\n\n{note}\n\n{table(head, rows)}")


def sections(client: Client, *, repeats: int, peers: bool) -> list[Section]:
    """Measure both views, and the selections."""
    found = []
    for key, (title, view, count) in VIEWS.items():
        times = compare(decoding(client, view, count, peers=peers), repeats=repeats)
        targets = {
            f"decode-{key}-four": (_FOUR, _FLOOR),
            f"decode-{key}-all": (_ALL, _FLOOR),
            f"decode-{key}-jmaplib": (_FOUR, "jmaplib"),
        }
        name = f"Decoding Email/get: {title}, {count} Emails"
        found.append(section(name, times, per=count, unit="an Email", targets=targets))
    return [*found, properties(client, repeats=repeats)]
