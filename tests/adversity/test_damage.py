"""Tests of answers with a single thing wrong: it costs that thing, and the server is blamed."""

import copy
import pickle
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.core.push_subscription import PushSubscription
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_arguments import EmailImportResponse, EmailParseResponse
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.capabilities.mail.search_snippet import SearchSnippet
from jmap_async.capabilities.mail.thread import Thread
from jmap_async.capabilities.masked_email.masked_email import MaskedEmail
from jmap_async.capabilities.submission.email_submission import (
    EmailSubmission,
    EmailSubmissionSetResponse,
)
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.capabilities.vacation_response.vacation_response import VacationResponse
from jmap_async.errors import PropertyLeftOut, RemoteProtocolError
from jmap_async.protocol import session
from jmap_async.protocol.codec.asking import asked_of
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.session import CORE, MAIL
from jmap_async.protocol.standard import (
    ChangesResponse,
    CopyResponse,
    GetResponse,
    QueryChangesResponse,
    QueryResponse,
    SetResponse,
)
from tests.protocol.strategies import JSON

Steps = tuple[str | int, ...]

AT = "2020-01-01T00:00:00Z"
BOB = {"name": "Bob", "email": "bob@example.net"}
PART = {
    "partId": "1",
    "blobId": "B1",
    "size": 7,
    "name": None,
    "type": "text/plain",
    "charset": "utf-8",
    "disposition": None,
    "cid": None,
    "language": ["de"],
    "location": None,
    "headers": [{"name": "X", "value": " 1"}, {"name": "Y", "value": " 2"}],
}
EMAIL: dict[str, Any] = {
    "id": "M1",
    "blobId": "B1",
    "threadId": "T1",
    "mailboxIds": {"a": True, "b": True},
    "keywords": {"$seen": True, "x": True},
    "size": 100,
    "receivedAt": AT,
    "sentAt": AT,
    "headers": [{"name": "X", "value": " 1"}],
    "messageId": ["a", "b"],
    "inReplyTo": None,
    "references": ["a"],
    "sender": None,
    "from": [BOB, BOB, BOB],
    "to": [BOB],
    "cc": [],
    "subject": "Hi",
    "hasAttachment": True,
    "preview": "Hello",
    "header:X:asText": "1",
    "bodyStructure": {"type": "multipart/mixed", "subParts": [PART, PART]},
    "textBody": [PART],
    "bodyValues": {"1": {"value": "x", "isTruncated": False}, "2": {"value": "y"}},
}
ROWS: dict[type[DataObject], dict[str, Any]] = {
    Email: EMAIL,
    Mailbox: {
        "id": "a",
        "name": "Inbox",
        "parentId": None,
        "role": "inbox",
        "sortOrder": 1,
        "totalEmails": 3,
        "myRights": {"mayReadItems": True, "mayDelete": False},
        "isSubscribed": True,
        "shareWith": {"u": {"mayDelete": True}, "v": {}},
    },
    Thread: {"id": "T1", "emailIds": ["M1", "M2", "M3"]},
    Identity: {"id": "I1", "name": "", "email": "a@example.net", "replyTo": [BOB], "bcc": None},
    EmailSubmission: {
        "id": "S1",
        "sendAt": AT,
        "undoStatus": "final",
        "dsnBlobIds": ["B1", "B2"],
        "envelope": {
            "mailFrom": {"email": "a@example.net", "parameters": {"SIZE": "5", "X": None}},
            "rcptTo": [{"email": "b@example.net", "parameters": None}],
        },
        "deliveryStatus": {
            "b@example.net": {"smtpReply": "250 OK", "delivered": "yes"},
            "c@example.net": {"smtpReply": "550 No", "delivered": "no"},
        },
    },
    VacationResponse: {"id": "singleton", "isEnabled": True, "fromDate": AT, "subject": None},
    MaskedEmail: {"id": "X1", "email": "a@example.net", "state": "enabled", "createdAt": AT},
    PushSubscription: {
        "id": "P1",
        "deviceClientId": "d",
        "expires": AT,
        "types": ["Email", "Mailbox"],
        "emailPush": {"A": {"x": 1}, "B": {}},
    },
    SearchSnippet: {"emailId": "M1", "subject": "<mark>x</mark>", "preview": None},
}
KINDS = list(ROWS)

ERROR = {"type": "invalidProperties", "properties": ["a", "b"], "description": "no"}
SET = {
    "created": {"k": {"id": "M1"}},
    "updated": {"M2": None, "M3": {"size": 1}},
    "destroyed": ["M4", "M5"],
    "notCreated": {"l": ERROR},
    "notUpdated": {"M6": ERROR},
    "notDestroyed": {"M7": ERROR},
    "oldState": "a",
    "newState": "b",
    "accountId": "A",
}
RESPONSES: list[tuple[Any, dict[str, Any]]] = [
    (GetResponse[Email], {"list": [EMAIL, EMAIL], "notFound": ["x"], "state": "s"}),
    (SetResponse[Email], SET),
    (EmailSubmissionSetResponse, SET),
    (CopyResponse[Email], SET),
    (EmailImportResponse, SET),
    (EmailParseResponse, {"parsed": {"B1": EMAIL}, "notParsable": ["B2"], "notFound": ["B3"]}),
    (ChangesResponse, {"oldState": "a", "newState": "b", "hasMoreChanges": True, "created": ["x"]}),
    (QueryResponse, {"ids": ["M1", "M2"], "queryState": "a", "position": 0, "total": 2}),
    (
        QueryChangesResponse,
        {
            "oldQueryState": "a",
            "newQueryState": "b",
            "removed": ["M1"],
            "total": 2,
            "added": [{"id": "M2", "index": 0}, {"id": "M3", "index": 1}],
        },
    ),
]

ACCOUNT = {"name": "a", "isPersonal": True, "isReadOnly": True, "accountCapabilities": {MAIL: {}}}
SESSION: dict[str, Any] = {
    "capabilities": {CORE: {"maxCallsInRequest": 9, "maxObjectsInGet": 7}, MAIL: {}, "x": {"y": 1}},
    "accounts": {"A": ACCOUNT, "B": ACCOUNT},
    "primaryAccounts": {MAIL: "A", "x": "B"},
    "username": "u",
    "apiUrl": "https://example.net/api",
    "uploadUrl": "https://example.net/u",
    "downloadUrl": "https://example.net/d",
    "eventSourceUrl": "",
    "state": "s",
    "vendor": [1],
}

GONE: Any = object()
ODD: st.SearchStrategy[Any] = JSON
ODD |= st.sampled_from([None, [], {}, "", "0", 0, 0.0, 1.5, True, "0000-00-00T00:00:00Z"])


def places(value: object) -> list[Steps]:
    """Return the ways to everything in a value."""
    items: Sequence[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [(step, *more) for step, one in items for more in ((), *places(one))]


def damaged(value: Any, place: Steps, odd: object) -> Any:  # noqa: ANN401 - any JSON
    """Return a copy with something else in one place; GONE takes it away."""
    whole = orjson.loads(orjson.dumps(value))  # what is there several times is several things
    inside = whole
    for step in place[:-1]:
        inside = inside[step]
    if odd is GONE:
        del inside[place[-1]]
    else:
        inside[place[-1]] = odd
    return whole


def read(value: object) -> Any:  # noqa: ANN401 - any JSON, and errors
    """Return all that can be read in a value, and the errors of what cannot."""
    if isinstance(value, DataObject):
        names = {one.name: _wire_name(one.name) for one in attrs.fields(type(value))}
        found = {wire: _property(value, name) for name, wire in names.items() if wire}
        return {**value.extra, **{wire: one for wire, one in found.items() if one is not GONE}}
    if isinstance(value, dict):
        return {key: read(one) for key, one in value.items()}
    return [read(one) for one in value] if isinstance(value, list) else value


def _wire_name(name: str) -> str | None:
    if name in {"extra", "whole"}:
        return None
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(word.title() for word in tail)


def _property(value: DataObject, name: str) -> Any:  # noqa: ANN401 - as above
    try:
        return read(getattr(value, name))
    except AttributeError:
        return GONE
    except RemoteProtocolError as error:
        return error


def compare(before: Any, after: Any, place: Steps) -> None:  # noqa: ANN401 - what `read` returns
    """Refuse any difference but in one place, where there is a value or the server is blamed."""
    if not place:
        if isinstance(after, RemoteProtocolError):
            assert "the server" in str(after)
        return
    assert not isinstance(after, Exception)
    step, *more = place
    if isinstance(before, list):
        assert isinstance(step, int)
        if len(after) < len(before):
            assert before[:step] + before[step + 1 :] == after
            return
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            if number == step:
                compare(one, other, tuple(more))
            else:
                assert one == other
        return
    for key in before.keys() | after.keys():
        if key == step:
            compare(before.get(key), after.get(key), tuple(more))
        else:
            assert before[key] == after[key]


USES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),  # noqa: S301 - our own
    "evolve": attrs.evolve,
}


@given(st.sampled_from(KINDS), st.data(), ODD | st.just(GONE), st.integers(0, 2))
def test_one_damage_in_an_object_costs_what_was_damaged(
    kind: type[DataObject], data: st.DataObject, odd: object, which: int
) -> None:
    """All other properties, objects, addresses and parts are read as if nothing had happened."""
    row = ROWS[kind]
    place = data.draw(st.sampled_from(places(row)))
    rows = [row, row, row]
    rows[which] = damaged(row, place, odd)
    [*others] = decoder(list[kind])(rows)  # type: ignore[valid-type]
    asked_of(None, None).note(others)
    thing = others.pop(which)
    assert [ROWS[kind], ROWS[kind]] == [one.to_wire() for one in others]
    whole = decoder(kind)(row)
    compare(read(whole), read(thing), place)
    assert rows[which] == orjson.loads(orjson.dumps(_sent(thing), default=str))
    for make in USES.values():
        assert thing == make(thing)
        assert str(read(thing)) == str(read(make(thing)))
        assert repr(thing) == repr(make(thing))
    for wire in rows[which]:
        assert wire in thing


def _sent(thing: DataObject) -> Any:  # noqa: ANN401 - any JSON
    return {wire: thing[wire] for wire in thing.to_wire()}


@pytest.mark.parametrize("name", sorted(EMAIL))
def test_what_is_left_out_is_told_where_it_is_read(name: str) -> None:
    """By its attribute and by its wire name."""
    [email] = decoder(list[Email])([damaged(EMAIL, (name,), GONE)])
    asked_of((*EMAIL,), None).note([email])
    with pytest.raises(PropertyLeftOut, match=f"the server left '{name}' out"):
        email[name]


@given(st.sampled_from(range(len(RESPONSES))), st.data(), ODD | st.just(GONE))
def test_one_damage_in_a_response_is_read_or_told(
    number: int, data: st.DataObject, odd: object
) -> None:
    """No other error can come out, and what is told has its place."""
    kind, sent = RESPONSES[number]
    place = data.draw(st.sampled_from(places(sent)))
    try:
        decoder(kind)(damaged(sent, place, odd))
    except Malformed as error:
        path = error.path
    else:
        path = []
    # It is the place itself, or one that it is in, or what is wrong inside of it.
    assert [str(one) for one in place][: len(path)] == path[: len(place)]


@given(st.data(), ODD | st.just(GONE))
def test_one_damage_in_a_session_costs_what_was_damaged(data: st.DataObject, odd: object) -> None:
    """Every other member, account, capability and limit is as if nothing had happened."""
    place = data.draw(st.sampled_from(places(SESSION)))
    url = "https://example.net/session"
    whole = session.parse(orjson.dumps(SESSION), url)
    body = orjson.dumps(damaged(SESSION, place, odd))
    parsed = session.parse(body, url)
    before, after = _members(whole), _members(parsed)
    if place[:2] == ("capabilities", CORE):
        before["core"], after["core"] = _but(before["core"], place), _but(after["core"], place)
        before["capabilities"].pop(CORE)
        after["capabilities"].pop(CORE)
        assert before == after
    elif place == ("capabilities",):
        assert CORE in after["capabilities"]
        for one in (before, after):
            del one["capabilities"], one["core"]
        assert before == after
    elif place[0] == "vendor":
        assert before | {"extra": None} == after | {"extra": None}
    else:
        compare(before, after, place)


def _members(parsed: session.Session) -> dict[str, Any]:
    """Return a session by wire names."""
    members: dict[str, Any] = attrs.asdict(parsed)
    names = {name: _wire_name(name) or name for name in members}
    found = {names[name]: one for name, one in members.items()}
    for account in found["accounts"].values():
        for name in [*account]:
            account[_wire_name(name) or name] = account.pop(name)
    return found


def _but(core: dict[str, Any], place: Steps) -> dict[str, Any]:
    """Return the limits that were not damaged."""
    if len(place) == 2:
        return {}
    gone = {_wire_name(name) or name: name for name in core}.get(str(place[2]))
    return {name: one for name, one in core.items() if name not in {gone, "extra"}}


def test_the_sample_is_read_whole() -> None:
    """Else nothing would be compared."""
    for kind, row in ROWS.items():
        values = read(decoder(kind)(row))
        assert row.keys() == values.keys()
        assert not any(isinstance(one, Exception) for one in values.values())
    assert isinstance(read(decoder(Email)(EMAIL))["sentAt"], datetime)
