"""Tests of Email/import, Email/parse, Email/copy and SearchSnippet/get."""

from typing import Any

import pytest

from tests.testing.model import Model, message

RAW = message(
    "Received: by b; Sun, 01 Mar 2026 11:00:00 +0100",
    "Received: by a; Sun, 01 Mar 2026 09:00:00 +0000",
    "Subject: Hi",
    "",
    "Hello",
)


def blob(model: Model, data: bytes = RAW, account_id: str = "A1") -> str:
    """Store bytes and return their blob id."""
    return model.server.world.accounts[account_id].put_blob(data)


def imported(model: Model, **properties: object) -> dict[str, Any]:
    """Import one message and return the whole response."""
    email = {"blobId": blob(model), "mailboxIds": {"P1": True}, **properties}
    return model.call("Email/import", emails={"k": email})


def test_t132_import_makes_an_email_of_a_blob(model: Model) -> None:
    """ReceivedAt comes from the latest Received header, unless it is given."""
    response = imported(model, keywords={"$Seen": True})
    created = response["created"]["k"]
    assert {"id", "blobId", "threadId", "size"} == set(created)
    found = model.get_one("Email", created["id"])
    assert ("2026-03-01T10:00:00Z", {"$seen": True}, "Hi") == tuple(
        found[name] for name in ("receivedAt", "keywords", "subject")
    )
    assert (model.state("Email"), None) == (response["newState"], response["notCreated"])
    created = imported(model, receivedAt="2020-01-01T00:00:00Z")["created"]["k"]
    assert "2020-01-01T00:00:00Z" == model.get_one("Email", created["id"])["receivedAt"]


def test_import_without_a_usable_received_header_is_now(model: Model) -> None:
    """A broken date counts as none."""
    for raw in (message("Subject: Hi", "", ""), message("Received: by a; whenever", "", "")):
        created = imported(model, blobId=blob(model, raw))["created"]["k"]
        assert "2026-03-01T12:00:00Z" == model.get_one("Email", created["id"])["receivedAt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"blobId": "nope"},
        {"blobId": 1},
        {"mailboxIds": {}},
        {"mailboxIds": {"nope": True}},
        {"mailboxIds": {"#nope": True}},
        {"keywords": {"a b": True}},
        {"receivedAt": "x"},
        {"subject": "x"},
    ],
)
def test_t132_bad_imports_name_their_properties(model: Model, wrong: dict[str, object]) -> None:
    """Each message fails for itself."""
    response = imported(model, **wrong)
    assert response["created"] is None
    failure = response["notCreated"]["k"]
    assert ("invalidProperties", [*wrong]) == (failure["type"], failure["properties"])


def test_import_needs_blob_and_mailbox_and_a_message(model: Model) -> None:
    """What is missing is named; what is no message is invalidEmail."""
    response = model.call("Email/import", emails={"k": {}})
    assert ["blobId", "mailboxIds"] == response["notCreated"]["k"]["properties"]
    response = imported(model, blobId=blob(model, b"hello"))
    assert "invalidEmail" == response["notCreated"]["k"]["type"]


def test_import_checks_state_size_and_creation_ids(model: Model) -> None:
    """IfInState stops it; a later call can refer to what was imported."""
    emails = {"k": {"blobId": blob(model), "mailboxIds": {"P1": True}}}
    assert "stateMismatch" == model.error("Email/import", emails=emails, ifInState="x")
    model.server.limits.max_objects_in_set = 0
    assert "requestTooLarge" == model.error("Email/import", emails=emails)
    model.server.limits.max_objects_in_set = 5
    *_, (_, response) = model.responses(
        ("Mailbox/set", {"create": {"m": {"name": "M"}}}),
        ("Email/import", {"emails": {"k": {**emails["k"], "mailboxIds": {"#m": True}}}}),
        ("Email/set", {"update": {"#k": {"keywords/$seen": True}}}),
    )
    [(id, news)] = response["updated"].items()
    assert news is None
    assert {"$seen": True} == model.get_one("Email", id)["keywords"]


def test_t133_parse_sorts_blobs_into_three(model: Model) -> None:
    """Metadata is null, and so is a map without members."""
    good, bad = blob(model), blob(model, b"hello")
    response = model.call("Email/parse", blobIds=[good, bad, "nope", good])
    assert ([good], [bad], ["nope"]) == (
        [*response["parsed"]],
        response["notParsable"],
        response["notFound"],
    )
    assert "id" not in response["parsed"][good]
    names = ["id", "mailboxIds", "keywords", "receivedAt", "threadId", "blobId", "size", "subject"]
    response = model.call("Email/parse", blobIds=[good], properties=names)
    assert [None] * 5 + [good, len(RAW), "Hi"] == [response["parsed"][good][n] for n in names]
    assert (None, None) == (response["notParsable"], response["notFound"])
    assert model.call("Email/parse", blobIds=[])["parsed"] is None


def test_parse_reads_an_attached_message_by_its_part(model: Model) -> None:
    """Parts of an Email are blobs."""
    id = model.server.add_email(text="See", attachments=[("m.eml", RAW, "message/rfc822")])
    [part] = model.get_one("Email", id, "attachments")["attachments"]
    response = model.call("Email/parse", blobIds=[part["blobId"]], fetchTextBodyValues=True)
    [parsed] = response["parsed"].values()
    assert ("Hi", "Hello") == (parsed["subject"], parsed["bodyValues"]["1"]["value"])


def test_parse_checks_its_arguments(model: Model) -> None:
    """Unknown properties, forbidden forms and too many blobs are refused."""
    for wrong in ({"properties": ["nope"]}, {"bodyProperties": ["header:Date:asText"]}):
        assert "invalidArguments" == model.error("Email/parse", blobIds=[], **wrong)
    model.server.limits.max_objects_in_get = 1
    assert "requestTooLarge" == model.error("Email/parse", blobIds=["a", "b"])


def snippet(
    model: Model, filter: object, *, text: str, subject: str = ""
) -> tuple[str | None, str | None]:
    """Return subject and preview of the snippet of a new Email."""
    id = model.server.add_email(subject=subject, text=text)
    response = model.call("SearchSnippet/get", filter=filter, emailIds=[id])
    [found] = response["list"]
    assert id == found["emailId"]
    return found["subject"], found["preview"]


def test_t135_snippets_mark_and_escape(model: Model) -> None:
    """Matches are marked in any case, and what is special in HTML is escaped."""
    assert ("a &lt; <mark>Foo</mark> &amp; <mark>foo</mark>", None) == snippet(
        model, {"text": "foo"}, subject="a < Foo & foo", text="nothing"
    )
    assert (None, "say <mark>foo</mark> &gt; bar") == snippet(
        model, {"body": "foo"}, subject="foo", text="say foo > bar"
    )
    assert ("<mark>foo</mark>", None) == snippet(
        model, {"subject": "foo"}, subject="foo", text="foo"
    )


def test_snippets_know_which_parts_of_a_filter_are_searches(model: Model) -> None:
    """Operators are looked into, but for NOT; other conditions have no text."""
    both = {"operator": "OR", "conditions": [{"text": "foo"}, {"subject": "bar"}]}
    assert ("<mark>bar</mark>", "<mark>foo</mark>") == snippet(
        model, both, subject="bar", text="foo"
    )
    for filter in (None, {"inMailbox": "P1"}, {"operator": "NOT", "conditions": [{"text": "foo"}]}):
        assert (None, None) == snippet(model, filter, subject="foo", text="foo")


def test_t135_previews_are_short(model: Model) -> None:
    """At most 255 octets around the first match, however much there is to escape."""
    for text in ("& " * 200 + "foo " * 200, "ü" * 300 + "foo" + "ü" * 300, "foo" * 200):
        _, preview = snippet(model, {"body": "foo"}, text=text)
        assert preview is not None
        assert "<mark>" in preview
        assert len(preview.encode()) <= 255
    _, preview = snippet(model, {"body": "x" * 300}, text="x" * 300)
    assert preview is None


def test_t70_snippets_have_their_own_shape(model: Model) -> None:
    """No state, emailIds for ids, and notFound is null when all are found."""
    id = model.server.add_email()
    response = model.call("SearchSnippet/get", emailIds=[id])
    assert {"accountId", "list", "notFound"} == set(response)
    assert response["notFound"] is None
    assert ["x"] == model.call("SearchSnippet/get", emailIds=["x", id])["notFound"]
    model.server.limits.max_objects_in_get = 1
    assert "requestTooLarge" == model.error("SearchSnippet/get", emailIds=["x", id])
    assert "unsupportedFilter" == model.error("SearchSnippet/get", emailIds=[], filter={"x": 1})


def copied(model: Model, **properties: object) -> dict[str, Any]:
    """Copy an Email of account A1 to account B and return the whole response."""
    if "B" not in model.server.world.accounts:
        model.server.add_account("B")
        model.server.add_email(subject="Hi", keywords=["$seen"])
    create = {"k": {"id": "M1", "mailboxIds": {"P2": True}, **properties}}
    return model.call("Email/copy", accountId="B", fromAccountId="A1", create=create)


def test_copy_takes_the_message_along(model: Model) -> None:
    """Keywords and time are those of the original unless others are given."""
    response = copied(model)
    created = response["created"]["k"]
    assert {"id", "blobId", "threadId", "size"} == set(created)
    [found] = model.call("Email/get", accountId="B", ids=[created["id"]])["list"]
    assert ("Hi", {"$seen": True}, {"P2": True}) == tuple(
        found[name] for name in ("subject", "keywords", "mailboxIds")
    )
    created = copied(model, keywords={"$Flagged": True})["created"]["k"]
    [found] = model.call("Email/get", accountId="B", ids=[created["id"]])["list"]
    assert {"$flagged": True} == found["keywords"]


@pytest.mark.parametrize(
    "wrong", [{"subject": "x"}, {"mailboxIds": {"P99": True}}, {"keywords": {"x": False}}]
)
def test_copy_cannot_change_the_message(model: Model, wrong: dict[str, object]) -> None:
    """Only Mailboxes, keywords and time may be given, and must be right."""
    failure = copied(model, **wrong)["notCreated"]["k"]
    assert ("invalidProperties", [*wrong]) == (failure["type"], failure["properties"])


def test_copy_needs_a_mailbox(model: Model) -> None:
    """The ids of the other account mean nothing here."""
    copied(model)
    response = model.call(
        "Email/copy", accountId="B", fromAccountId="A1", create={"k": {"id": "M1"}}
    )
    assert ["mailboxIds"] == response["notCreated"]["k"]["properties"]
