"""Tests of the list of methods."""

from jmap_async.testing.registry import METHODS

STANDARD = {
    "Mailbox": "get changes query queryChanges set",
    "Thread": "get changes",
    "Email": "get changes query queryChanges set copy import parse",
    "SearchSnippet": "get",
    "Identity": "get changes set",
    "EmailSubmission": "get changes query queryChanges set",
    "VacationResponse": "get set",
    "PushSubscription": "get set",
    "MaskedEmail": "get set",
    "Core": "echo",
    "Blob": "copy",
}


def test_all_methods_of_the_rfcs_are_there() -> None:
    """RFC 8620 and RFC 8621 are covered, and the masked addresses of one vendor."""
    expected = {f"{type}/{name}" for type, names in STANDARD.items() for name in names.split()}
    assert expected == set(METHODS)


def test_what_changes_something_says_so() -> None:
    """Read-only accounts refuse exactly these."""
    writing = {name for name, method in METHODS.items() if method.writes}
    kinds = {name.partition("/")[2] for name in writing}
    assert {"set", "copy", "import"} == kinds
    assert all(METHODS[name].writes for name in METHODS if name.endswith(("/set", "/copy")))
