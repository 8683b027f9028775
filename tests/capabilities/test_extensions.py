"""Capabilities that properties need."""

from jmap_async.capabilities.extensions import needed, written
from jmap_async.capabilities.mail.mailbox import Mailbox

EXTENSIONS = {"shareWith": "urn:share"}


def test_t1_needed() -> None:
    """A property of another capability needs it; others need nothing."""
    assert {"urn:share"} == needed(EXTENSIONS, ["name", "shareWith"])
    assert set() == needed(EXTENSIONS, ["name", 1])
    assert {"urn:share"} == needed(EXTENSIONS, [["no", "name"], "shareWith"])


def test_written() -> None:
    """What is created and patched speaks of properties, of a patch the first step."""
    create = {"k": Mailbox(name="Work")}
    update = {"MB1": {"shareWith/P1": None, "role": None}}
    assert {"name", "shareWith", "role"} == written(create, update)
    assert set() == written(None, None)
