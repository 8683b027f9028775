"""Tests of the arguments and responses of the standard methods."""

from typing import Any

import attrs
import pytest

from jmap_async.errors import LocalProtocolError, SetError, SetFailed
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.filters import FilterCondition
from jmap_async.protocol.references import CreationReference
from jmap_async.protocol.standard import (
    AddedItem,
    Arguments,
    Changes,
    ChangesResponse,
    Copy,
    CopyResponse,
    Get,
    GetResponse,
    Query,
    QueryChanges,
    QueryChangesResponse,
    QueryResponse,
    Set,
    SetResponse,
)
from jmap_async.protocol.types import ABSENT, Id
from tests.protocol.codec.kinds import wire
from tests.protocol.sender import call


@data_object
@attrs.frozen(kw_only=True)
class Thing(DataObject):
    """Any data type."""

    id: Id = ABSENT
    name: str = ABSENT
    parent_id: Id | None = ABSENT


@data_object
@attrs.frozen(kw_only=True)
class ThingFilter(FilterCondition):
    """Any condition."""

    role: str | None = ABSENT


# Arguments

REFERENCE = call("Thing/query").ref("/ids")
CREATED = CreationReference(call("Thing/set"), "k")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (Get(), {}),
        (Get(None), {}),
        (Get([]), {"ids": []}),
        (Get("a"), {"ids": ["a"]}),
        (Get(["a", Thing(id="b")]), {"ids": ["a", "b"]}),
        (Get(["a"], properties=["name"]), {"ids": ["a"], "properties": ["name"]}),
        (Get(["a"], properties=[]), {"ids": ["a"], "properties": []}),
        (Changes("s1"), {"sinceState": "s1"}),
        (Changes("s1", max_changes=5), {"sinceState": "s1", "maxChanges": 5}),
        (Set[Thing](), {}),
        (
            Set[Thing](
                create={"k": Thing(name="a", parent_id=None), "l": {"name": None}},
                update={"x": {"name": "b", "parentId": None}, "y": {}},
                destroy="z",
                if_in_state="s1",
            ),
            {
                "create": {"k": {"name": "a", "parentId": None}, "l": {"name": None}},
                "update": {"x": {"name": "b", "parentId": None}, "y": {}},
                "destroy": ["z"],
                "ifInState": "s1",
            },
        ),
        (Set[Thing](create={}, update={}, destroy=[]), {"create": {}, "update": {}, "destroy": []}),
        (
            Copy[Thing]("A1", create={"k": {"id": "x"}}, on_success_destroy_original=True),
            {"fromAccountId": "A1", "create": {"k": {"id": "x"}}, "onSuccessDestroyOriginal": True},
        ),
        (
            Copy[Thing](
                "A1",
                create={},
                if_from_in_state="a",
                if_in_state="b",
                destroy_from_if_in_state="c",
            ),
            {
                "fromAccountId": "A1",
                "create": {},
                "ifFromInState": "a",
                "ifInState": "b",
                "destroyFromIfInState": "c",
            },
        ),
        (Query[Any](), {}),
        (Query[Any]({}, sort=[], limit=0), {"filter": {}, "sort": [], "limit": 0}),
        (
            Query[Any](
                {"role": None},
                sort="-name",
                position=-5,
                anchor="x",
                anchor_offset=1,
                limit=10,
                calculate_total=True,
            ),
            {
                "filter": {"role": None},
                "sort": [{"property": "name", "isAscending": False}],
                "position": -5,
                "anchor": "x",
                "anchorOffset": 1,
                "limit": 10,
                "calculateTotal": True,
            },
        ),
        (Query(ThingFilter(role=None)), {"filter": {"role": None}}),
        (
            QueryChanges[Any](
                "s1", filter={}, sort="name", max_changes=1, up_to_id="x", calculate_total=True
            ),
            {
                "sinceQueryState": "s1",
                "filter": {},
                "sort": [{"property": "name"}],
                "maxChanges": 1,
                "upToId": "x",
                "calculateTotal": True,
            },
        ),
        (QueryChanges[Any]("s1"), {"sinceQueryState": "s1"}),
    ],
)
def test_t62_arguments_at_their_default_are_not_sent(
    arguments: Arguments, expected: object
) -> None:
    """All others are, by wire name, with empty collections and nulls inside of them."""
    arguments.check()
    assert expected == wire(arguments)
    assert () == arguments.needs()


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (Get(REFERENCE), "ids", REFERENCE),
        (Get(CREATED), "ids", [CREATED]),
        (Get(["a"], properties=call("Thing/changes").ref("/x")), "properties", None),
        (Changes(REFERENCE), "since_state", REFERENCE),
        (Set[Thing](destroy=REFERENCE), "destroy", REFERENCE),
        (Set[Thing](destroy=["a", CREATED]), "destroy", ["a", CREATED]),
        (Query[Any](anchor=REFERENCE), "anchor", REFERENCE),
        (QueryChanges[Any](REFERENCE, up_to_id=REFERENCE), "up_to_id", REFERENCE),
    ],
)
def test_references_may_stand_for_arguments(arguments: Arguments, name: str, value: object) -> None:
    """They pass all checks and stay what they are."""
    arguments.check()
    assert value is None or value == getattr(arguments, name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (Get(["a", ""]), "'' is no id"),
        (Get(Thing(id="a b")), "'a b' is no id"),
        (Changes("s", max_changes=0), "max_changes must be greater than 0, not 0: leave it out"),
        (QueryChanges[Any]("s", max_changes=-1), "max_changes must be greater than 0, not -1"),
        (Query[Any](limit=-1), "limit must not be negative, like -1"),
        (Set[Thing](create={"#k": {}}), "'#k' is no creation id"),
        (Set[Thing](create={"a.b": Thing()}), "'a.b' is no creation id"),
        (Set[Thing](update={"a b": {}}), "'a b' is no id"),
        (Set[Thing](update={"a": {"/name": 1}}), "no leading '/'"),
        (Set[Thing](update={"a": {"x": {}, "x/y": 1}}), "may not hold both"),
        (Set[Thing](destroy=["a", "\n"]), "is no id"),
        (Copy[Thing]("", create={}), "'' is no account id"),
        (Copy[Thing]("A", create={"": {}}), "'' is no creation id"),
    ],
)
def test_t56_t73_t103_what_no_server_accepts_is_refused(arguments: Arguments, message: str) -> None:
    """Before anything is sent, and with what to do."""
    with pytest.raises(LocalProtocolError, match=message):
        arguments.check()


def test_update_takes_whole_objects() -> None:
    """They are patches without paths."""
    arguments = Set[Thing](update={"a": Thing(name="x")})
    arguments.check()
    assert {"update": {"a": {"name": "x"}}} == wire(arguments)


# Responses


def test_get_reads_objects_and_what_was_not_found() -> None:
    """The objects are typed."""
    response = decoder(GetResponse[Thing])(
        {
            "accountId": "A1",
            "state": "s1",
            "list": [{"id": "a", "name": "x"}, {"id": "b"}],
            "notFound": ["c"],
        }
    )
    expected: GetResponse[Thing] = GetResponse(
        list=[Thing(id="a", name="x"), Thing(id="b")],
        not_found=["c"],
        state="s1",
        account_id="A1",
    )
    assert expected == response


@pytest.mark.parametrize(
    ("type", "needed"),
    [
        (GetResponse[Thing], {"list": []}),
        (ChangesResponse, {"oldState": "a", "newState": "b"}),
        (SetResponse[Thing], {}),
        (CopyResponse[Thing], {}),
        (QueryResponse, {"ids": []}),
        (QueryChangesResponse, {"oldQueryState": "a", "newQueryState": "b"}),
    ],
)
def test_t61_t70_t79_missing_and_null_members_are_alike(
    type: object, needed: dict[str, Any]
) -> None:
    """Servers leave out what has its default, or send null for it, and then it is empty."""
    bare = decoder(type)(needed)
    nulls = dict.fromkeys(
        [
            "accountId",
            "added",
            "canCalculateChanges",
            "created",
            "destroyed",
            "hasMoreChanges",
            "limit",
            "newState",
            "notCreated",
            "notDestroyed",
            "notFound",
            "notUpdated",
            "oldState",
            "position",
            "queryState",
            "removed",
            "state",
            "total",
            "updated",
            "updatedProperties",
        ]
    )
    assert bare == decoder(type)({**nulls, **needed})
    for name in ("not_found", "created", "updated", "destroyed", "not_created", "added", "removed"):
        assert not getattr(bare, name, None)
        assert getattr(bare, name, ()) is not None


@pytest.mark.parametrize(
    ("type", "document", "missing"),
    [
        (GetResponse[Thing], {"notFound": []}, "list"),
        (GetResponse[Thing], {"list": None}, "list"),
        (ChangesResponse, {"oldState": "a"}, "newState"),
        (QueryResponse, {}, "ids"),
        (QueryChangesResponse, {"newQueryState": "b"}, "oldQueryState"),
    ],
)
def test_what_no_default_can_stand_for_has_to_be_there(
    type: object, document: object, missing: str
) -> None:
    """Null is none."""
    with pytest.raises(Malformed, match=f"a member '{missing}'"):
        decoder(type)(document)


def test_t75_updated_properties_null_is_not_empty() -> None:
    """Null says that anything may have changed, an empty list that nothing did."""
    sent = {"oldState": "a", "newState": "b"}
    assert decoder(ChangesResponse)(sent).updated_properties is None
    assert [] == decoder(ChangesResponse)({**sent, "updatedProperties": []}).updated_properties


def test_changes_are_read() -> None:
    """An id may be in several of the lists."""
    sent = {
        "accountId": "A1",
        "oldState": "a",
        "newState": "b",
        "hasMoreChanges": True,
        "created": ["x"],
        "updated": ["x", "y"],
        "destroyed": ["y"],
        "updatedProperties": ["totalEmails"],
    }
    expected = ChangesResponse(
        account_id="A1",
        old_state="a",
        new_state="b",
        has_more_changes=True,
        created=["x"],
        updated=["x", "y"],
        destroyed=["y"],
        updated_properties=["totalEmails"],
    )
    assert expected == decoder(ChangesResponse)(sent)
    assert sent == wire(expected)


def test_t99_t100_a_set_is_read() -> None:
    """Objects hold what the client did not send; null and {} both say: as it was sent."""
    response = decoder(SetResponse[Thing])(
        {
            "accountId": "A1",
            "oldState": None,
            "newState": "b",
            "created": {"k": {"id": "a"}},
            "updated": {"b": None, "c": {}, "d": {"name": "cut"}},
            "destroyed": ["e"],
            "notCreated": None,
            "notUpdated": {"f": {"type": "notFound"}},
            "notDestroyed": {"g": {"type": "forbidden", "description": "mine"}},
        }
    )
    assert {"k": Thing(id="a")} == response.created
    assert {"b": None, "c": Thing(), "d": Thing(name="cut")} == response.updated
    assert (["e"], {}, None, "b") == (
        response.destroyed,
        response.not_created,
        response.old_state,
        response.new_state,
    )
    assert {"f": SetError(type="notFound")} == response.not_updated
    assert {"g": SetError(type="forbidden", description="mine")} == response.not_destroyed


def test_t97_errors_of_a_set_can_be_raised() -> None:
    """One error holds them all; its message shows some."""
    response: SetResponse[Thing] = SetResponse(
        not_created={"k": SetError(type="invalidProperties", properties=["name"])},
        not_updated={"a": SetError(type="notFound")},
        not_destroyed={name: SetError(type="forbidden") for name in "bcd"},
    )
    with pytest.raises(SetFailed) as caught:
        response.raise_for_errors()
    assert {"k", "a", "b", "c", "d"} == set(caught.value.errors)
    assert (
        "the server refused k: invalidProperties name; a: notFound; b: forbidden and 2 more"
        == str(caught.value)
    )
    SetResponse[Thing](destroyed=["a"]).raise_for_errors()


def test_t97_a_long_error_makes_a_short_message() -> None:
    """The whole description is in the SetError."""
    refused = {"k": SetError(type="x", description="y" * 100_000)}
    with pytest.raises(SetFailed) as caught:
        CopyResponse[Thing](not_created=refused).raise_for_errors()
    assert len(str(caught.value)) < 400
    assert refused == caught.value.errors
    CopyResponse[Thing]().raise_for_errors()


def test_t110_a_copy_is_read() -> None:
    """What came under the same call id is no member of it."""
    response = decoder(CopyResponse[Thing])(
        {
            "fromAccountId": "A1",
            "accountId": "A2",
            "created": {"k": {"id": "a"}},
            "onSuccess": {"created": 5},
            "onSuccessError": 5,
        }
    )
    expected: CopyResponse[Thing] = CopyResponse(
        from_account_id="A1", account_id="A2", created={"k": Thing(id="a")}
    )
    assert expected == response


def test_t82_t83_a_query_is_read() -> None:
    """With the limit and the position that the server chose."""
    sent = {
        "accountId": "A1",
        "queryState": "s",
        "canCalculateChanges": True,
        "position": 5,
        "ids": ["a", "b"],
        "total": 7,
        "limit": 2,
    }
    expected = QueryResponse(
        account_id="A1",
        query_state="s",
        can_calculate_changes=True,
        position=5,
        ids=["a", "b"],
        total=7,
        limit=2,
    )
    assert expected == decoder(QueryResponse)(sent)


def test_t79_query_changes_are_read() -> None:
    """Added ids come with their place."""
    sent = {
        "accountId": "A1",
        "oldQueryState": "a",
        "newQueryState": "b",
        "total": 3,
        "removed": ["x"],
        "added": [{"id": "x", "index": 0}, {"id": "y", "index": 2}],
    }
    expected = QueryChangesResponse(
        account_id="A1",
        old_query_state="a",
        new_query_state="b",
        total=3,
        removed=["x"],
        added=[AddedItem(id="x", index=0), AddedItem(id="y", index=2)],
    )
    assert expected == decoder(QueryChangesResponse)(sent)


@pytest.mark.parametrize(
    ("response", "sent", "path"),
    [
        (SetResponse[Thing], {"notCreated": "no"}, ["notCreated"]),
        (SetResponse[Thing], {"updated": 5}, ["updated"]),
        (GetResponse[Thing], {"list": {}}, ["list"]),
        (ChangesResponse, {"oldState": "a", "newState": 5}, ["newState"]),
        (
            ChangesResponse,
            {"oldState": "a", "newState": "b", "hasMoreChanges": 1},
            ["hasMoreChanges"],
        ),
        (QueryResponse, {"ids": [], "position": "0"}, ["position"]),
        (
            QueryChangesResponse,
            {"oldQueryState": "a", "newQueryState": "b", "added": [{"id": 5, "index": 0}]},
            ["added", "0", "id"],
        ),
    ],
)
def test_what_would_mislead_is_refused(response: object, sent: object, path: list[str]) -> None:
    """Nobody could tell that something is missing; the error has the path."""
    with pytest.raises(Malformed) as caught:
        decoder(response)(sent)
    assert path == caught.value.path


@pytest.mark.parametrize(
    ("response", "sent", "expected"),
    [
        (GetResponse[Thing], {"list": [{}, None], "state": 5}, GetResponse(list=[Thing()])),
        (
            SetResponse[Thing],
            {"created": {"k": None}, "updated": {"a": 5}, "destroyed": ["a", 5], "newState": 5},
            SetResponse[Thing](created={"k": Thing()}, updated={"a": None}, destroyed=["a"]),
        ),
        (SetResponse[Thing], {"created": [], "notDestroyed": []}, SetResponse[Thing]()),
        (
            ChangesResponse,
            {"oldState": "a", "newState": "b", "created": ["a", None], "updatedProperties": "x"},
            ChangesResponse(old_state="a", new_state="b", created=["a"]),
        ),
        (
            QueryResponse,
            {"ids": ["a", 5, "b"], "total": "3", "position": 2.0},
            QueryResponse(ids=["a", "b"], position=2, malformed=("ids", "total")),
        ),
    ],
    ids=range(5),
)
def test_what_is_malformed_costs_itself_alone(
    response: object, sent: object, expected: object
) -> None:
    """A row, an id, what the server set on an object, a state."""
    assert expected == decoder(response)(sent)


def test_responses_are_their_own() -> None:
    """No two share a list or a map."""
    one, other = (decoder(SetResponse[Thing])({}) for _ in range(2))
    one.destroyed.append("a")
    one.not_created["k"] = SetError(type="x")
    assert ([], {}) == (other.destroyed, other.not_created)
