"""Tests of the Email type: get, create, update, destroy."""

from typing import Any

import pytest

from tests.testing.model import Model, message

DRAFT = {"mailboxIds": {"P2": True}, "keywords": {"$draft": True}}


def test_t66_default_properties(model: Model) -> None:
    """All of the RFC's list come, and none more; body values only when fetched."""
    found = model.get_one("Email", model.server.add_email(subject="Hi"))
    assert 24 == len(found)
    assert {"headers", "bodyStructure"}.isdisjoint(found)
    assert ("Hi", {}, {"P1": True}, {}) == tuple(
        found[name] for name in ("subject", "bodyValues", "mailboxIds", "keywords")
    )


def test_t124_header_properties_keep_the_spelling_of_the_request(model: Model) -> None:
    """The value is that of the field in any capitalisation."""
    id = model.server.add_email(from_="Bob <bob@x>")
    found = model.get_one("Email", id, "header:fRoM:asAddresses", "header:X:all")
    assert [{"name": "Bob", "email": "bob@x"}] == found["header:fRoM:asAddresses"]
    assert [] == found["header:X:all"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"properties": ["header:From:asDate"]},
        {"properties": ["nope"]},
        {"bodyProperties": ["nope"]},
        {"bodyProperties": ["header:Date:asText"]},
        {"bodyProperties": None},
        {"maxBodyValueBytes": -1},
        {"fetchAllBodyValues": 1},
    ],
)
def test_t125_bad_arguments_of_get(model: Model, arguments: dict[str, object]) -> None:
    """Unknown properties and forbidden forms fail the whole call."""
    assert "invalidArguments" == model.error("Email/get", ids=[], **arguments)


def test_t122_body_properties_are_those_asked_for(model: Model) -> None:
    """In every list and in the structure."""
    id = model.server.add_email(text="Hello")
    found = model.get_one(
        "Email", id, "textBody", "bodyStructure", bodyProperties=["partId", "subParts", "headers"]
    )
    assert {"partId", "headers"} == set(found["textBody"][0])
    assert {"partId", "headers", "subParts"} == set(found["bodyStructure"])


def test_t119_body_values(model: Model) -> None:
    """The fetch arguments decide, and the limit truncates."""
    id = model.server.add_email(text="Hello")
    found = model.get_one("Email", id, "bodyValues", fetchTextBodyValues=True, maxBodyValueBytes=4)
    assert {"1": {"value": "Hell", "isEncodingProblem": False, "isTruncated": True}} == found[
        "bodyValues"
    ]


def test_t131_created_has_four_properties(model: Model) -> None:
    """The rest is there to be fetched."""
    created = model.create(
        "Email",
        **DRAFT,
        subject="Hi",
        bodyValues={"t": {"value": "Hello"}},
        textBody=[{"partId": "t", "type": "text/plain"}],
    )
    assert {"id", "blobId", "threadId", "size"} == set(created)
    found = model.get_one("Email", created["id"], fetchTextBodyValues=True)
    assert ("Hi", "Hello", "2026-03-01T12:00:00Z") == (
        found["subject"],
        found["bodyValues"]["1"]["value"],
        found["receivedAt"],
    )
    assert {"$draft": True} == found["keywords"]


def test_created_emails_keep_the_time_that_they_are_given(model: Model) -> None:
    """Otherwise it is now."""
    created = model.create("Email", **DRAFT, receivedAt="2020-01-01T00:00:00Z")
    assert "2020-01-01T00:00:00Z" == model.get_one("Email", created["id"])["receivedAt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mailboxIds": {}},
        {"mailboxIds": {"P99": True}},
        {"mailboxIds": {"P1": False}},
        {"mailboxIds": {"#nope": True}},
        {"keywords": {"$seen": False}},
        {"keywords": {"a b": True}},
        {"headers": []},
        {"size": 1},
        {"hasAttachment": False},
        {"receivedAt": "2020-01-01T00:00:00+01:00"},
        {"from": [{"name": "x"}]},
        {"textBody": {}},
        {"header:From:asDate": "2020-01-01T00:00:00Z"},
        {"nope": 1},
    ],
)
def test_t104_t115_t130_wrong_properties_are_named(model: Model, wrong: dict[str, Any]) -> None:
    """An Email needs a Mailbox, maps have only true, and the rest follows its type."""
    failure = model.refused("Email", **{**DRAFT, **wrong})
    assert ("invalidProperties", [*wrong]) == (failure["type"], failure["properties"])


def test_t115_an_email_without_mailbox_is_refused(model: Model) -> None:
    """Neither created nor left without one."""
    assert ["mailboxIds"] == model.refused("Email", subject="x")["properties"]
    id = model.server.add_email()
    response = model.update("Email", id, **{"mailboxIds/P1": None})
    assert ["mailboxIds"] == response["notUpdated"][id]["properties"]
    moved = {"mailboxIds/P1": None, "mailboxIds/P4": True}
    assert {id: None} == model.update("Email", id, **moved)["updated"]


def test_t116_keywords_are_lower_case(model: Model) -> None:
    """However they are written, in patches, in whole maps and on create."""
    id = model.server.add_email(keywords=["$Flagged"])
    model.update("Email", id, **{"keywords/$SEEN": True})
    assert {"$flagged": True, "$seen": True} == model.get_one("Email", id)["keywords"]
    model.update("Email", id, keywords={"Work": True})
    assert {"work": True} == model.get_one("Email", id)["keywords"]
    created = model.create("Email", mailboxIds={"P1": True}, keywords={"$Draft": True})
    assert {"$draft": True} == model.get_one("Email", created["id"])["keywords"]
    assert [id] == model.query("Email", {"hasKeyword": "WORK"})


def test_t102_t104_patches_of_keywords(model: Model) -> None:
    """A slash is escaped, null removes, false is invalid."""
    id = model.server.add_email()
    model.update("Email", id, **{"keywords/a~1b": True, "keywords/gone": None})
    assert {"a/b": True} == model.get_one("Email", id)["keywords"]
    response = model.update("Email", id, **{"keywords/$seen": False})
    assert ["keywords"] == response["notUpdated"][id]["properties"]
    model.update("Email", id, **{"keywords/a~1b": None})
    assert {} == model.get_one("Email", id)["keywords"]


def test_t107_the_message_cannot_be_changed(model: Model) -> None:
    """Sending back what is there is no change."""
    id = model.server.add_email(subject="Hi")
    assert {id: None} == model.update(
        "Email", id, subject="Hi", size=model.get_one("Email", id)["size"]
    )["updated"]
    response = model.update("Email", id, subject="Ho")
    assert ["subject"] == response["notUpdated"][id]["properties"]
    response = model.update("Email", id, **{"header:X:asText": "Ho"})
    assert ["header:X:asText"] == response["notUpdated"][id]["properties"]


def test_limits_of_mailboxes_and_keywords(model: Model) -> None:
    """Too many have SetErrors of their own."""
    id = model.server.add_email()
    account = model.server.world.accounts["A1"]
    account.capabilities["urn:ietf:params:jmap:mail"]["maxMailboxesPerEmail"] = 1
    response = model.update("Email", id, **{"mailboxIds/P2": True})
    assert "tooManyMailboxes" == response["notUpdated"][id]["type"]
    keywords = {f"k{n}": True for n in range(101)}
    response = model.update("Email", id, keywords=keywords)
    assert "tooManyKeywords" == response["notUpdated"][id]["type"]


def test_t114_destroy_is_for_good(model: Model) -> None:
    """The Email is gone from every Mailbox."""
    id = model.server.add_email()
    model.update("Email", id, **{"mailboxIds/P2": True})
    assert [id] == model.call("Email/set", destroy=[id])["destroyed"]
    assert [] == model.query("Email")
    assert 0 == model.get_one("Mailbox", "P2")["totalEmails"]


def test_t107_a_draft_is_edited_by_replacing_it(model: Model) -> None:
    """Create the new and destroy the old in one call."""
    old = model.create("Email", **DRAFT, subject="One")["id"]
    response = model.call("Email/set", create={"new": {**DRAFT, "subject": "Two"}}, destroy=[old])
    new = response["created"]["new"]["id"]
    assert [new] == model.query("Email", {"inMailbox": "P2"})


def test_t127_dates_that_make_no_sense_are_null(model: Model) -> None:
    """A message with a broken Date still has a time of receipt."""
    id = model.server.add_email(message=message("Date: tomorrow", "Subject: x", "", ""))
    found = model.get_one("Email", id)
    assert (None, "2026-03-01T12:00:00Z") == (found["sentAt"], found["receivedAt"])
