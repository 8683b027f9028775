"""The capabilities and data types of a client, and calls of any method."""

import asyncio
import copy
from functools import cached_property
from typing import Any, ClassVar, cast

import pytest

from jmap_async import Client, Facades
from jmap_async.capabilities.facade import Capability, DataType, data_type, method, methods_of
from jmap_async.errors import (
    LocalProtocolError,
    NoAccount,
    StateMismatch,
    UnknownMethod,
    UnsupportedCapability,
)
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.standard import Arguments, Get, GetResponse
from jmap_async.testing import MemoryServer
from tests.serving import arguments, names

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"

TYPES = [
    ("mail", "email"),
    ("mail", "mailbox"),
    ("mail", "thread"),
    ("mail", "search_snippet"),
    ("submission", "identity"),
    ("submission", "email_submission"),
]


@pytest.mark.parametrize(("capability", "name"), TYPES)
def test_shortcuts_are_the_same_objects(jmap_client: Client, capability: str, name: str) -> None:
    """`client.email is client.mail.email`, also of another account."""
    for facades in (jmap_client, jmap_client.account("A1")):
        assert getattr(facades, name) is getattr(getattr(facades, capability), name)
        assert getattr(facades, name) is getattr(facades, name)


@pytest.mark.parametrize(
    "name", ["core", "blob", "push_subscription", "vacation_response", "masked_email"]
)
def test_data_types_are_made_once(jmap_client: Client, name: str) -> None:
    """Also those whose capability has no name of its own."""
    assert getattr(jmap_client, name) is getattr(jmap_client, name)
    assert getattr(jmap_client, name) is not getattr(jmap_client.account("A1"), name)


async def test_another_account(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Its facades send its id, and their calls share a request with the others."""
    jmap_server.add_account("A2", name="shared")
    jmap_server.add_email(subject="in the other", account_id="A2")
    await jmap_client.refresh_session()
    other = jmap_client.account("A2")
    assert other is jmap_client.account("A2")
    mine, theirs = await asyncio.gather(jmap_client.email.query(), other.email.query())
    assert (0, 1) == (len(mine.ids), len(theirs.ids))
    (request,) = jmap_server.requests
    assert ["A1", "A2"] == [one["accountId"] for one in arguments(request)]
    assert theirs.account_id == (await other.call("Email/query"))["accountId"]


async def test_any_method_may_be_called(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """With wire arguments, and a plain dict back; known methods need no more than their name."""
    jmap_server.add_email(subject="Hi")
    query = jmap_client.call("Email/query", {"filter": None})
    emails = await jmap_client.call(
        "Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]}
    )
    assert ["Hi"] == [email["subject"] for email in emails["list"]]  # type: ignore[attr-defined]
    assert {"a": [1]} == await jmap_client.call("Core/echo", {"a": [1]})
    assert [CORE, MAIL] == sorted(jmap_server.requests[0]["using"])
    assert ["Email/query", "Email/get"] == names(jmap_server.requests[0])
    assert [{"a": [1]}] == arguments(jmap_server.requests[1])


async def test_calls_by_name_are_merged_with_those_of_facades(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """They are planned like every other call."""
    one, two = jmap_server.add_email(subject="one"), jmap_server.add_email(subject="two")
    raw, typed = await asyncio.gather(
        jmap_client.call("Email/get", {"ids": [one], "properties": ["subject"]}),
        jmap_client.email.get([two], properties=["subject"]),
    )
    assert [["Email/get"]] == [*map(names, jmap_server.requests)]
    assert [one] == [email["id"] for email in raw["list"]]  # type: ignore[attr-defined]
    assert ["two"] == [email.subject for email in typed.list]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"using": [MAIL]}, {"accountId": "A1"}),
        ({"using": [MAIL], "account_id": "A2"}, {"accountId": "A2"}),
        ({"using": [MAIL], "arguments": {"accountId": "A2"}}, {"accountId": "A2"}),
        ({"account_id": "A2"}, {"accountId": "A2"}),
        ({"arguments": {"accountId": "A2"}}, {"accountId": "A2"}),
        ({}, {}),
    ],
)
async def test_the_account_of_an_unknown_method(
    jmap_server: MemoryServer,
    jmap_client: Client,
    options: dict[str, object],
    sent: dict[str, object],
) -> None:
    """It is the capability's primary one unless it is named; without a capability there is none."""
    jmap_server.add_account("A2", name="shared")
    await jmap_client.refresh_session()
    with pytest.raises(UnknownMethod, match="Foo/bar"):
        await jmap_client.call("Foo/bar", **options)  # type: ignore[arg-type]
    (request,) = jmap_server.requests
    assert [sent] == arguments(request)
    expected = [CORE, MAIL] if "using" in options else [CORE]
    assert expected == sorted(request["using"])


async def test_t3_a_capability_that_the_server_lacks(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It is refused before anything is sent, with the list of what there is."""
    with pytest.raises(
        UnsupportedCapability, match=r"^Foo/bar: .*'urn:example:foo'.* offers.*mail"
    ):
        await jmap_client.call("Foo/bar", using=["urn:example:foo"])
    assert [] == jmap_server.requests


@pytest.mark.parametrize("name", ["", "Email/get\n", 'Email/"get"', "Émail/get"])
def test_what_is_no_method(jmap_client: Client, name: str) -> None:
    """A name that would have to be escaped is refused when the call is made."""
    with pytest.raises(LocalProtocolError, match="is no method"):
        _ = jmap_client.call(name)


async def test_reads_may_be_told(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Equal calls of a method that only reads are sent once; of one that may write, not."""
    calls = [jmap_client.call("Foo/look", {"a": 1}, reads=True) for _ in range(3)]
    await asyncio.gather(*calls, return_exceptions=True)
    calls = [jmap_client.call("Foo/look", {"a": 1}) for _ in range(3)]
    await asyncio.gather(*calls, return_exceptions=True)
    assert [1, 3] == [len(request["methodCalls"]) for request in jmap_server.requests]


async def test_an_account_that_is_not_there(jmap_client: Client) -> None:
    """Facades of it can be made; their calls say which accounts there are."""
    with pytest.raises(NoAccount, match=r"^Email/query: there is no account 'A9'. There are A1$"):
        await jmap_client.account("A9").email.query()


class NoteMethods(DataType):
    """A data type of an extension."""

    get = method("Note/get", Get, GetResponse[dict[str, object]])


class Notes(Capability):
    """An extension."""

    uri: ClassVar[str] = MAIL
    note = data_type(NoteMethods)


async def test_a_capability_of_ones_own(jmap_client: Client) -> None:
    """It is reached like those of the package, and made once."""
    notes = jmap_client.capability(Notes)
    assert notes is jmap_client.capability(Notes)
    assert notes is not jmap_client.capability(Notes, "A2")
    with pytest.raises(UnknownMethod, match="Note/get"):
        await notes.note.get(["N1"])


def _needy(client: Client) -> list[tuple[AnyCall, AnyCall]]:
    """Return calls that need more than their own capability: typed, and by name."""
    smime, shared = {"properties": ["smimeStatus"]}, {"properties": ["shareWith"]}
    signed: dict[str, object] = {"filter": {"operator": "NOT", "conditions": [{"hasSmime": True}]}}
    since = {"sinceQueryState": "1", **signed}
    share = {"M": {"shareWith/x": None}}
    sending = {"#k": {"keywords/$draft": None}}
    typed_filter = cast("Any", signed["filter"])
    draft = {"k": {"emailId": "M1", "identityId": "I1"}}
    submission = client.email_submission
    call = client.call
    return [
        (client.email.get(["M1"], properties=["smimeStatus"]), call("Email/get", smime)),
        (client.email.parse(["B"], properties=["smimeStatus"]), call("Email/parse", smime)),
        (client.email.query(typed_filter), call("Email/query", signed)),
        (client.email.query_changes("1", filter=typed_filter), call("Email/queryChanges", since)),
        (client.search_snippet.get(["M1"], filter=typed_filter), call("SearchSnippet/get", signed)),
        (client.mailbox.get(properties=["shareWith"]), call("Mailbox/get", shared)),
        (client.mailbox.set(update=share), call("Mailbox/set", {"update": share})),
        (client.mailbox.set(create=share), call("Mailbox/set", {"create": share})),
        (
            submission.set(create=draft, on_success_update_email=sending),
            call("EmailSubmission/set", {"create": draft, "onSuccessUpdateEmail": sending}),
        ),
        (
            submission.set(create=draft, on_success_destroy_email=["#k"]),
            call("EmailSubmission/set", {"create": draft, "onSuccessDestroyEmail": ["#k"]}),
        ),
    ]


async def test_a_method_by_its_name_needs_what_the_typed_one_needs(jmap_client: Client) -> None:
    """Whichever argument it is that needs a further capability."""
    for typed, raw in _needy(jmap_client):
        assert isinstance(typed.arguments, Arguments)
        assert {*typed.arguments.needs()} == {*raw.using} != set(), raw
        assert raw.method.capability == typed.method.capability


DATA_TYPES = sorted(name for name, one in vars(Facades).items() if isinstance(one, cached_property))


@pytest.mark.parametrize("name", DATA_TYPES)
async def test_methods_of_all_data_types_are_known_by_name(jmap_client: Client, name: str) -> None:
    """A call by name needs no more than the typed one; what only looks like a name is not known."""
    facade = getattr(jmap_client, name)
    for one in methods_of(type(facade)) if isinstance(facade, DataType) else ():
        for known, called in ((True, one.name), (False, one.name.lower()), (False, f"x{one.name}")):
            made = jmap_client.call(called).method
            expected = (facade.capability.uri, one.takes_account_id) if known else (CORE, False)
            assert expected == (made.capability, made.takes_account_id)


async def test_a_value_that_makes_no_sense_is_the_servers_to_refuse(jmap_client: Client) -> None:
    """A method by its name takes whatever JSON there is."""
    values: list[object] = [None, 5, "x", [], {}, [5], [None], {"a": None}, [[]], True]
    for value in values:
        for typed, raw in _needy(jmap_client):
            wire = cast("dict[str, object]", raw.arguments)
            for name in wire:
                assert jmap_client.call(typed.method.name, {**wire, name: value}) is not raw


@pytest.mark.parametrize("together", [False, True], ids=["planned", "in a batch"])
@pytest.mark.parametrize("refused", [False, True], ids=["done", "refused"])
async def test_what_comes_besides_is_seen(
    jmap_server: MemoryServer, jmap_client: Client, *, together: bool, refused: bool
) -> None:
    """The response under the same call id, and an error in its place (RFC 8620, 5.4)."""
    jmap_server.add_account("A2", name="team@example.net", is_personal=False)
    id = jmap_server.add_email()
    await jmap_client.refresh_session()
    [box, *_] = (await jmap_client.account("A2").mailbox.get()).list
    wanted: dict[str, object] = {
        "fromAccountId": "A1",
        "accountId": "A2",
        "create": {"c": {"id": id, "mailboxIds": {box.id: True}}},
        "onSuccessDestroyOriginal": True,
    }
    if refused:
        wanted["destroyFromIfInState"] = "another"
    if together:
        async with jmap_client.batch() as batch:
            call = batch.call("Email/copy", wanted)
        answer = await call
    else:
        answer = await jmap_client.call("Email/copy", wanted)
    assert "c" in cast("dict[str, object]", answer["created"])
    if refused:
        assert answer.on_success is None
        assert isinstance(answer.on_success_error, StateMismatch)
        assert "stateMismatch" in repr(answer)
    else:
        assert answer.on_success_error is None
        assert answer.on_success is not None
        assert [id] == answer.on_success["destroyed"]
        assert f"['{id}']" in repr(answer)
    again = copy.deepcopy(answer)
    assert (repr(answer), dict(answer)) == (repr(again), dict(again))
