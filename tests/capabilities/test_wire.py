"""Looking into objects and wire values alike."""

from jmap_async.capabilities._wire import items, members
from jmap_async.capabilities.email import Email
from jmap_async.protocol.filters import Comparator


def test_members() -> None:
    """Objects, records and mappings have members by wire name; nothing else has."""
    assert {"threadId": "T1"} == members(Email(thread_id="T1"))
    assert {"property": "size"} == members(Comparator("size"))
    assert {"a": 1} == members({"a": 1})
    assert {} == members("abc") == members(None)


def test_items() -> None:
    """Collections have items; strings, mappings and what is not there have none."""
    assert [1, 2] == list(items((1, 2))) == list(items(iter((1, 2))))
    assert () == items("abc") == items({"a": 1}) == items(None)
