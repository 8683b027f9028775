"""Ids, set-like maps, keywords, message ids and objects as callers give them."""

import attrs
import pytest

from jmap_async.capabilities.inputs import (
    as_id_list,
    as_id_map,
    as_keyword,
    as_keywords,
    as_message_ids,
    as_new_id,
    as_nullable_id,
    check_keyword,
    items,
    members,
)
from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.client import Client
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.filters import Comparator


def test_ids() -> None:
    """An object stands for its id."""
    inbox = Mailbox(id="MB1")
    assert "MB1" == as_new_id(inbox) == as_new_id("MB1") == as_nullable_id(inbox)
    assert None is as_nullable_id(None)
    assert ["MB1", "MB2"] == as_id_list([inbox, "MB2"])
    assert ["MB1"] == as_id_list("MB1")


async def test_references_stay(client: Client) -> None:
    """A reference to what is being created or found stays one until it is sent."""
    creating = client.mailbox.set(create={"k": Mailbox(name="Work")})
    reference = creating.created_id("k")
    kept: object = as_new_id(reference)
    assert reference is kept
    assert as_id_list(client.mailbox.query().ids)


def test_t169_set_like_maps() -> None:
    """One id or many become a map of true values."""
    inbox = Mailbox(id="MB1")
    assert {"MB1": True} == as_id_map("MB1") == as_id_map(inbox) == as_id_map({"MB1": True})
    assert {"MB1": True, "MB2": True} == as_id_map((inbox, "MB2"))
    assert {"$seen": True} == as_keywords("$seen") == as_keywords({"$seen": True})
    with pytest.raises(LocalProtocolError, match="'MB1' is not true"):
        as_id_map({"MB1": False})


def test_t116_keywords_are_lower_case() -> None:
    """Keywords are compared without regard to case, and sent in lower case."""
    assert {"$seen": True, "work": True} == as_keywords(["$Seen", "Work"])
    assert "[x]"[:2] == as_keyword("[X")


@pytest.mark.parametrize(
    "keyword", ["", "a b", "ü", "a(", "a)", "a{", "a]", "a%", "a*", 'a"', "a\\"]
)
def test_t116_what_is_no_keyword(keyword: str) -> None:
    """Characters that no keyword may have are refused."""
    with pytest.raises(LocalProtocolError, match="no keyword"):
        check_keyword(keyword)


def test_t116_length_of_keywords() -> None:
    """A keyword has up to 255 characters."""
    check_keyword("a" * 255)
    with pytest.raises(LocalProtocolError):
        check_keyword("a" * 256)


def test_message_ids_lose_their_brackets() -> None:
    """However they are given, they are sent as RFC 8621, 4.1.2.5 says."""
    email = Email(message_id="<a@b>", in_reply_to=("c@d",), references=["<a@b>", " <c@d>\r\n"])
    assert ["a@b"] == email.message_id
    assert (["c@d"], ["a@b", "c@d"]) == (email.in_reply_to, email.references)
    assert "e@f" == EmailBodyPart(cid="<e@f>").cid
    assert None is as_message_ids(None)
    assert None is EmailBodyPart(cid=None).cid


@pytest.mark.parametrize("given", ["", "<>", "a b@c", "<a@b> <c@d>", "<a@b", "a@b>", [None]])
def test_what_is_no_message_id(given: str) -> None:
    """A whole header field, or half a pair of brackets, is refused."""
    with pytest.raises(LocalProtocolError, match="no message id"):
        as_message_ids(given)


def test_message_ids_that_a_server_sent_are_kept() -> None:
    """What is read is not judged, and a changed copy of it neither."""
    email = decoder(Email)({"references": ["<a b>"]})
    assert ["<a b>"] == attrs.evolve(email, subject="Hi").references


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
