"""Tests of who is to blame for a property that is not there."""

import copy
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest

from jmap_async.capabilities.core.push_subscription import PushSubscription, PushSubscriptionGet
from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_arguments import EmailGet, EmailParse, EmailParseResponse
from jmap_async.capabilities.mail.headers import header
from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxGet
from jmap_async.capabilities.mail.search_snippet import SearchSnippet
from jmap_async.errors import (
    LocalProtocolError,
    PropertyLeftOut,
    PropertyNotFetched,
    RemoteProtocolError,
)
from jmap_async.protocol.call import Call
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import ByIds, GetResponse
from tests.protocol.sender import call

TICKET = header("X-Ticket", "asText")
COPIES: list[Callable[[Any], Any]] = [
    lambda thing: thing,
    copy.copy,
    copy.deepcopy,
    attrs.evolve,
    lambda thing: pickle.loads(pickle.dumps(thing)),  # noqa: S301 - our own
]


def fetched(arguments: ByIds, kind: type, **row: object) -> Any:  # noqa: ANN401 - of that kind
    """Return an object that came for a /get."""
    response = decoder(GetResponse[kind])({"list": [{"id": "a", **row}]})  # type: ignore[valid-type]
    arguments.note_asked(response)
    return response.list[0]


@pytest.mark.parametrize(
    ("kind", "arguments", "asked", "others"),
    [
        (Email, EmailGet(properties=["preview", TICKET]), ["preview", TICKET], ["subject"]),
        (Email, EmailGet(properties=[]), [], ["preview"]),
        (Email, EmailGet(), ["preview", "blobId", "bodyValues"], ["headers", "bodyStructure", "x"]),
        (Mailbox, MailboxGet(), ["role", "myRights"], ["shareWith", "x"]),
        (PushSubscription, PushSubscriptionGet(), ["types"], ["url", "keys", "emailPush"]),
    ],
)
def test_what_was_asked_for_and_did_not_come_is_the_server_s_doing(
    kind: type, arguments: ByIds, asked: Sequence[str], others: Sequence[str]
) -> None:
    """With or without `properties`; a copy knows it, too; what nobody asked for is the caller's."""
    for make in COPIES:
        thing = make(fetched(arguments, kind))
        for name in asked:
            with pytest.raises(PropertyLeftOut) as caught:
                thing[name]
            assert f"the server left {name!r} out of this {kind.__name__} 'a'" in str(caught.value)
            assert "ask for it" not in str(caught.value)
        for name in others:
            with pytest.raises(PropertyNotFetched, match=r"ask for it with properties=\[") as told:
                thing[name]
            assert not isinstance(told.value, RemoteProtocolError)


def test_the_attribute_and_the_defaults_of_getattr_agree() -> None:
    """It is an AttributeError, whoever is to blame."""
    email = fetched(EmailGet(properties=["preview"]), Email)
    with pytest.raises(PropertyLeftOut, match="the server left 'preview' out"):
        _ = email.preview
    assert "none" == getattr(email, "preview", "none") == getattr(email, "subject", "none")
    assert not hasattr(email, "preview")


def test_an_id_has_to_come_in_any_case() -> None:
    """RFC 8620, 5.1: also when it is not named, and in what /set says of a new object."""
    [email] = decoder(list[Email])([{"subject": "x"}])
    with pytest.raises(PropertyLeftOut, match="sent this Email without 'id'"):
        _ = email.id
    EmailGet(properties=["subject"]).note_asked(GetResponse(list=[email]))
    with pytest.raises(PropertyLeftOut, match="left 'id' out of this Email, though"):
        _ = email.id


def test_parts_know_what_was_asked_of_parts() -> None:
    """At any depth; another argument asks for it."""
    part = {"partId": "1", "subParts": [{"partId": "2"}]}
    for arguments, left_out in (
        (EmailGet(properties=["bodyStructure"]), "charset"),
        (EmailGet(properties=["bodyStructure"], body_properties=["partId", "size"]), "size"),
    ):
        email = fetched(arguments, Email, bodyStructure=part)
        for make in COPIES:
            structure = make(email).body_structure
            for one in (structure, make(structure), structure.sub_parts[0]):
                with pytest.raises(PropertyLeftOut, match=f"left '{left_out}' out of this Email"):
                    getattr(one, left_out)
                with pytest.raises(PropertyNotFetched, match=r"ask for it with body_properties=\["):
                    _ = one.headers


def test_parsed_messages_know_it() -> None:
    """Other properties come of those, if none are named (RFC 8621, 4.9)."""
    response = decoder(EmailParseResponse)({"parsed": {"b": {"textBody": [{}]}}})
    EmailParse(["b"]).note_asked(response)
    email = response.parsed["b"]
    for thing, name in ((email, "subject"), (email.text_body[0], "type")):
        with pytest.raises(PropertyLeftOut, match=f"left '{name}' out"):
            getattr(thing, name)
    with pytest.raises(PropertyNotFetched, match="ask for it"):
        _ = email.keywords


def test_in_what_comes_as_a_whole_everything_has_to_be_there() -> None:
    """Nobody can ask for the properties of an address."""
    [snippet] = decoder(list[SearchSnippet])([{"emailId": "a"}])
    with pytest.raises(PropertyLeftOut, match="sent this SearchSnippet 'a' without 'preview'"):
        _ = snippet.preview
    [email] = decoder(list[Email])([{"from": [{"name": "Bob"}]}])
    with pytest.raises(PropertyLeftOut, match="the server sent this EmailAddress without 'email'"):
        _ = email.from_[0].email


def test_what_the_caller_made_is_the_caller_s_doing() -> None:
    """The server is not blamed for it, nor asked."""
    for made in (Email(subject="x"), attrs.evolve(Email(), subject="x"), EmailAddress(name="Bob")):
        for make in COPIES:
            with pytest.raises(PropertyNotFetched, match="was made without 'preview'") as caught:
                make(made)["preview"]
            assert not isinstance(caught.value, RemoteProtocolError)


def test_where_it_is_not_known_what_was_asked_for_nobody_is_blamed() -> None:
    """The names come from another call, or are none."""
    changes: Call[Any] = call("Mailbox/changes")
    reference: ResultReference[Any] = ResultReference(changes, "/updatedProperties")
    names: Any = [{}]
    for properties in (reference, names):
        mailbox = fetched(MailboxGet(properties=properties), Mailbox)
        with pytest.raises(LocalProtocolError, match="ask for it with properties"):
            _ = mailbox.role
    email = fetched(EmailGet(properties=["subject"], body_properties=reference), Email)
    with pytest.raises(PropertyNotFetched, match="ask for it with properties"):
        _ = email.subject


def test_a_response_of_other_things_is_left_alone() -> None:
    """Data types need not be classes."""
    ByIds(["a"]).note_asked(GetResponse(list=[{"id": "a"}]))
    ByIds(["a"]).note_asked(GetResponse(list=[]))
