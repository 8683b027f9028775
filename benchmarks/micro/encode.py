"""A call of 100 keyword updates to bytes: its arguments alone, and the whole way to the request."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import orjson

from benchmarks.mail import SEEN, email_id
from benchmarks.micro import ours
from benchmarks.micro.ways import compare, section
from benchmarks.report import Section
from benchmarks.round_trips.answers import ACCOUNT, CORE, MAIL
from jmap_async.client import Client

Writers = Mapping[str, Callable[[], bytes]]

UPDATES: Final = 100
_FLOOR: Final = "orjson.dumps of dicts"


def updates(count: int = UPDATES) -> dict[str, Mapping[str, bool]]:
    """Return patches that each set a keyword on an Email."""
    return {email_id(number): SEEN for number in range(count)}


def encoding(client: Client) -> Writers:
    """Return ways to write the arguments."""
    update = updates()
    arguments = {"accountId": ACCOUNT, "update": update}
    return {
        _FLOOR: lambda: orjson.dumps(arguments),
        "jmap_async": ours.arguments_writer(client, update),
    }


def requesting(client: Client, *, peers: bool = True) -> Writers:
    """Return ways to make the call and write the request."""
    update = updates()
    arguments = {"accountId": ACCOUNT, "update": update}
    request = {"using": [CORE, MAIL], "methodCalls": [["Email/set", arguments, "c0"]]}
    ways: dict[str, Callable[[], bytes]] = {
        _FLOOR: lambda: orjson.dumps(request),
        "jmap_async": ours.request_writer(client, update),
    }
    for package, module in (("jmap", "jmaplib"), ("jmapc", "jmapc")):
        if peers and find_spec(package):
            ways[module] = import_module(f"benchmarks.micro.{module}").update_writer(update)
    return ways


def sections(client: Client, *, repeats: int, peers: bool) -> list[Section]:
    """Measure both."""
    parts = (
        (
            f"Writing {UPDATES} keyword updates: from the arguments to bytes",
            encoding(client),
            {"encode": ("jmap_async", _FLOOR)},
        ),
        (
            f"Writing {UPDATES} keyword updates: from the call to the request",
            requesting(client, peers=peers),
            {"request": ("jmap_async", _FLOOR), "request-jmaplib": ("jmap_async", "jmaplib")},
        ),
    )
    return [
        section(
            title, compare(ways, repeats=repeats), per=1, unit="for all of them", targets=targets
        )
        for title, ways, targets in parts
    ]
