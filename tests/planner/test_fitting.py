"""Answers that do not fit: whoever asked for what is missing is told, and nobody else."""

from collections.abc import Callable, Mapping

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import RemoteProtocolError
from jmap_async.planner import Request
from jmap_async.planner.fitting import complete, misfit
from jmap_async.protocol.messages import parse_response
from tests.planner.desk import CORE, Desk, Wire, error_of, found, members, with_limits

KNOWN = ("M1", "M2", "M3", "M4")
NOBODY = ("N1", "N2")

ids = st.lists(st.sampled_from((*KNOWN, *NOBODY)), min_size=1, max_size=4, unique=True)


def of_calls(name: str, change: Callable[[Wire], object]) -> Callable[[Wire], Wire]:
    """Return a hook that changes the responses of a method."""

    def altered(response: Wire) -> Wire:
        for method, arguments, _ in response["methodResponses"]:
            if method == name:
                change(arguments)
        return response

    return altered


@given(
    readers=st.lists(ids, min_size=1, max_size=5),
    forgotten=st.sets(st.sampled_from((*KNOWN, *NOBODY))),
    strays=st.lists(st.sampled_from(["X1", "X2"]), unique=True),
    most=st.integers(1, 6),
    referring=st.booleans(),
)
def test_what_the_server_forgets_is_an_error_of_those_who_asked_for_it(
    readers: list[list[str]], forgotten: set[str], strays: list[str], most: int, *, referring: bool
) -> None:
    """Merged or alone, at once or in parts: the others get what they would have got."""
    desk = Desk(told=with_limits(max_objects_in_get=most))

    def forget(arguments: Wire) -> None:
        arguments["list"] = [
            *(row for row in arguments["list"] if row["id"] not in forgotten),
            *({"id": one, "subject": "?"} for one in strays),
        ]
        arguments["notFound"] = [one for one in arguments["notFound"] if one not in forgotten]

    desk.alter = of_calls("Email/get", forget)
    entries = [desk.get(*wanted) for wanted in readers]
    if referring:
        echo = desk.call("Core/echo", {"ids": readers[0]}, capability=CORE)
        emails = desk.call("Email/get", {"ids": echo.ref("/ids"), "properties": ["subject"]})
        entries.append(desk.submit(emails))
        readers = [*readers, readers[0]]
    desk.run()
    for entry, wanted in zip(entries, readers, strict=True):
        missing = [one for one in wanted if one in forgotten]
        if missing:
            error = error_of(entry)
            assert isinstance(error, RemoteProtocolError)
            assert any(one in str(error) for one in missing)
            assert all(one in error.piece for one in missing)
        else:
            assert [one for one in wanted if one in KNOWN] == found(entry)
            assert [one for one in wanted if one in NOBODY] == members(entry)["notFound"]


def test_swapped_answers_are_believed_by_nobody() -> None:
    """Both callers are told, though each answer is one to a call that was made."""
    desk = Desk()

    def swap(response: Wire) -> Wire:
        first, second = response["methodResponses"]
        first[1], second[1] = second[1], first[1]
        return response

    desk.alter = swap
    one, other = desk.get("M1"), desk.get("M2", fetchTextBodyValues=True)
    desk.run()
    for entry, id in ((one, "M1"), (other, "M2")):
        error = error_of(entry)
        assert isinstance(error, RemoteProtocolError)
        assert f"leaves out {id}" in str(error)


def test_a_row_without_an_id_costs_that_row() -> None:
    """Whoever asked for other objects has them."""
    desk = Desk()

    desk.alter = of_calls("Email/get", lambda answer: answer.update(list=_spoilt(answer["list"])))
    one, other = desk.get("M1", "M3"), desk.get("M2")
    desk.run()
    assert ["M1", "M3"] == found(one)
    assert "leaves out M2" in str(error_of(other))


def _spoilt(rows: list[Wire]) -> list[object]:
    return [*({"subject": "?"} if row["id"] == "M2" else row for row in rows), 5, None]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Email/get", {"ids": ["M1"], "properties": ["subject"]}),
        ("Email/get", {"ids": None, "properties": ["subject"]}),
        ("Email/query", {}),
        ("Email/changes", {"sinceState": "email;0"}),
        ("Email/set", {"update": {"M1": {"keywords/a": True}}}),
        ("Email/set", {"update": {"M1": {"keywords/a": True}}, "ifInState": None}),
    ],
    ids=["get by ids", "get", "query", "changes", "set", "set alone"],
)
def test_an_answer_for_another_account_is_refused(name: str, arguments: Wire) -> None:
    """Nothing of it is believed; the neighbours have their own."""
    desk = Desk()
    entry = desk.ask(name, arguments)
    other = desk.ask("Core/echo", {"n": 1}, capability=CORE)
    desk.alter = of_calls(name, lambda answer: answer.update(accountId="OTHER"))
    desk.run()
    error = error_of(entry)
    assert isinstance(error, RemoteProtocolError)
    assert f"{name} (call c0)" in str(error)
    assert "'OTHER'" in str(error)
    assert "unknown" == error.outcome
    assert 1 == members(other)["n"]


def test_what_follows_on_success_for_another_account_is_refused() -> None:
    """A copy's implicit /set is in the account copied from, or it is none of ours."""
    desk = Desk()
    copy = {
        "fromAccountId": "A2",
        "create": {"c": {"id": "M5", "mailboxIds": {"B": True}}},
        "onSuccessDestroyOriginal": True,
    }
    entry = desk.ask("Email/copy", copy)

    def answer(response: Wire) -> Wire:
        return {
            **response,
            "methodResponses": [
                ["Email/copy", {"accountId": "A1", "created": {"c": {"id": "M9"}}}, "c0"],
                ["Email/set", {"accountId": "A3", "destroyed": ["M5"]}, "c0"],
            ],
        }

    desk.alter = answer
    desk.run()
    assert "the response of Email/set is for the account 'A3'" in str(error_of(entry))


def test_a_response_that_belongs_to_no_call_is_remarked() -> None:
    """It is dropped, and so are objects that nobody asked for; the log shall say so."""
    desk = Desk()
    entry = desk.get("M1")
    request = desk.next_request()
    assert request is not None

    def add(response: Wire) -> Wire:
        response["methodResponses"][0][1]["list"].append({"id": "X1"})
        response["methodResponses"].append(["Email/get", {"list": [{"id": "M9"}]}, "c9"])
        return response

    desk.alter = add
    remarks = _remarks(desk, request)
    assert ["M1"] == found(entry)
    assert ["'X1'" in remarks[0], "'c9'" in remarks[1]] == [True, True]


def _remarks(desk: Desk, request: Request) -> list[str]:
    answer = desk.post(orjson.loads(request.encode()))
    return desk.planner.settle(request, parse_response(orjson.dumps(answer)))


READS: Mapping[str, tuple[str, Wire, Wire]] = {
    "get": ("Foo/get", {"ids": ["a", "b"]}, {"list": [{"id": "a"}], "notFound": ["b"]}),
    "snippets": (
        "SearchSnippet/get",
        {"emailIds": ["a", "b"]},
        {"list": [{"emailId": "a"}], "notFound": ["b"]},
    ),
    "lookup": ("Blob/lookup", {"ids": ["a", "b"]}, {"list": [{"id": "a"}, {"id": "b"}]}),
    "parse": (
        "Email/parse",
        {"blobIds": ["a", "b", "c"]},
        {"parsed": {"a": {}}, "notParsable": ["b"], "notFound": ["c"]},
    ),
    "changes": ("Foo/changes", {"sinceState": "1"}, {"oldState": "1"}),
    "queryChanges": ("Foo/queryChanges", {"sinceQueryState": "1"}, {"oldQueryState": "1"}),
    "all": ("Foo/get", {"ids": None}, {"list": [{"id": "a"}]}),
    "echo": ("Core/echo", {"ids": ["a"]}, {"ids": ["a"]}),
    "created": ("Foo/get", {"ids": ["#k"]}, {"list": [{"id": "a"}]}),
}


OTHERS: list[object] = [None, [], {}, 5, ["z"], {"z": {}}, [{"id": "z", "emailId": "z"}], "0"]


@pytest.mark.parametrize("kind", READS)
def test_an_answer_to_a_read_that_fits(kind: str) -> None:
    """Everything that was asked for is somewhere in it."""
    assert misfit(*READS[kind]) is None


@pytest.mark.parametrize("kind", [kind for kind in READS if kind not in {"all", "echo", "created"}])
def test_an_answer_to_a_read_that_does_not_fit(kind: str) -> None:
    """Whichever member is changed, emptied or of another type, it is noticed."""
    method, asked, answer = READS[kind]
    for name, value in answer.items():
        for other in OTHERS:
            changed = {**answer, name: other}
            if other == value or (name.startswith("old") and other is None):
                continue
            assert misfit(method, asked, changed) is not None, (name, other)
        if not name.startswith("old"):
            rest = {key: one for key, one in answer.items() if key != name}
            assert misfit(method, asked, rest) is not None, name


WRITES: Mapping[str, tuple[str, Wire, str]] = {
    "create": ("Foo/set", {"create": {"k": {}}}, "notCreated"),
    "update": ("Foo/set", {"update": {"k": {}}}, "notUpdated"),
    "destroy": ("Foo/set", {"destroy": ["k"]}, "notDestroyed"),
    "copy": ("Foo/copy", {"create": {"k": {}}}, "notCreated"),
    "import": ("Email/import", {"emails": {"k": {}}}, "notCreated"),
    "blobs": ("Blob/copy", {"blobIds": ["k"]}, "notCopied"),
    "upload": ("Blob/upload", {"create": {"k": {}}}, "notCreated"),
}


@pytest.mark.parametrize("kind", WRITES)
def test_an_object_of_a_write_that_the_answer_does_not_mention(kind: str) -> None:
    """It counts as refused, with a SetError that leaves open what was done."""
    method, asked, refused = WRITES[kind]
    done = refused.removeprefix("not")
    done = done[0].lower() + done[1:]
    told = complete(method, asked, {"accountId": "A1", done: None})
    assert "serverPartialFail" == told[refused]["k"]["type"]
    fits: list[Wire] = [{done: {"k": "b" if done == "copied" else {}}}, {done: ["k"]}]
    for answer in fits:
        assert complete(method, asked, answer) is answer
    assert {"k": {"type": "forbidden"}} == complete(
        method, asked, {refused: {"k": {"type": "forbidden"}}}
    )[refused]


@pytest.mark.parametrize("new_id", [5, None, {}, ["b"]], ids=str)
def test_a_blob_whose_copy_has_no_id_counts_as_not_copied(new_id: object) -> None:
    """Else it would be neither among those that were copied nor among the others."""
    told = complete("Blob/copy", {"blobIds": ["k", "l"]}, {"copied": {"k": new_id, "l": "b"}})
    assert ["k"] == list(told["notCopied"])


@pytest.mark.parametrize(
    ("name", "arguments", "fits"),
    [
        ("Email/copy", {"create": {"k": {"id": "M5"}}}, {"created": {"k": {"id": "M9"}}}),
        ("Blob/copy", {"blobIds": ["k"]}, {"copied": {"k": "b"}}),
    ],
    ids=["emails", "blobs"],
)
@pytest.mark.parametrize("said", ["A1", "A2", "A3"])
def test_a_copy_from_another_account_is_refused(
    name: str, arguments: Wire, fits: Wire, said: str
) -> None:
    """Whatever was copied there, it is not what was asked for."""
    desk = Desk()
    entry = desk.ask(name, {"fromAccountId": "A2", **arguments})
    desk.alter = lambda response: {
        **response,
        "methodResponses": [[name, {"accountId": "A1", "fromAccountId": said, **fits}, "c0"]],
    }
    desk.run()
    if said == "A3":
        assert "is for the account 'A3'" in str(error_of(entry))
    else:
        assert fits.items() <= members(entry).items()


@pytest.mark.parametrize("kind", ["get", "snippets", "lookup", "parse"])
def test_what_nobody_asked_for_is_taken_out_of_an_answer_to_a_read(kind: str) -> None:
    """In whichever member it comes; what has no id is left to whoever reads it."""
    method, asked, answer = READS[kind]
    name = "emailId" if kind == "snippets" else "id"
    for member, value in answer.items():
        many = {**value, "x": {}} if isinstance(value, dict) else [*value, {name: "x"}, "x"]
        given = {**answer, member: many}
        assert misfit(method, asked, given) is None
        assert answer == given
    if "list" in answer:
        odd = {**answer, "list": [*answer["list"], None, {name: "x"}]}
        assert misfit(method, asked, odd) is None
        assert [*answer["list"], None] == odd["list"]


@pytest.mark.parametrize("kind", WRITES)
def test_what_nobody_asked_for_is_taken_out_of_an_answer_to_a_write(kind: str) -> None:
    """It is no object of the caller's, whether it was done or refused."""
    method, asked, refused = WRITES[kind]
    done = refused.removeprefix("not")
    done = done[0].lower() + done[1:]
    told = complete(method, asked, {done: {"k": "b", "x": "b"}, refused: {"y": {"type": "z"}}})
    assert {done: {"k": "b"}, refused: {}} == told


def test_what_is_named_by_a_creation_id_is_nobodys_stray() -> None:
    """Which id it has in the answer only the server knows."""
    answer: Wire = {"updated": {"M1": None, "M2": None}}
    assert answer == complete("Foo/set", {"update": {"#k": {}}}, answer)
