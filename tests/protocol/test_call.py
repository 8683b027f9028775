"""Tests of calls."""

import asyncio
import gc
import inspect
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.call import Call, Method, only_reads, raw_method
from jmap_async.protocol.references import CreationReference
from tests.protocol.sender import Desk, call


class RefusedError(Exception):
    """What a sender may raise."""


async def started(*tasks: asyncio.Task[Any]) -> None:
    """Wait until tasks have come to their first wait."""
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


# Methods


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("Email/get", True),
        ("Email/changes", True),
        ("Email/query", True),
        ("Email/queryChanges", True),
        ("Email/parse", True),
        ("Blob/lookup", True),
        ("SieveScript/validate", True),
        ("Core/echo", True),
        ("Principal/getAvailability", True),
        ("Email/set", False),
        ("Email/copy", False),
        ("Email/import", False),
        ("MDN/send", False),
        ("Blob/upload", False),
        ("Foo/frobnicate", False),
        ("get/set", False),
        ("", False),
    ],
)
def test_a_method_reads_only_where_that_is_known(name: str, *, reads: bool) -> None:
    """All else is taken to write, which is never sent twice."""
    assert reads is only_reads(name)


def test_a_method_knows_whether_it_reads() -> None:
    """By its name, unless told."""
    assert Method("Foo/get", capability="x", decode=dict).reads
    assert not Method("Foo/set", capability="x", decode=dict).reads
    assert raw_method("Foo/look", capability="x", reads=True).reads
    assert not raw_method("Foo/get", capability="x", reads=False).reads


def test_a_raw_method_gives_a_dict() -> None:
    """Its response is not looked into."""
    method = raw_method("Foo/bar", capability="x", takes_account_id=False)
    assert {"list": [None], "x": {}} == method.decode({"list": [None], "x": {}})
    assert ("Foo/bar", "x", False) == (method.name, method.capability, method.takes_account_id)
    assert "decode" not in repr(method)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a\\b", "ü/get", "a\n", '",{},"c0"],["x'])
def test_what_can_be_no_method_is_refused(name: str) -> None:
    """Names are written into the request as they are."""
    with pytest.raises(LocalProtocolError, match="is no method: a name is like 'Email/get'"):
        raw_method(name, capability="x")


# References


@pytest.mark.parametrize("path", ["ids", "/list/~", "*"])
def test_a_reference_has_a_json_pointer(path: str) -> None:
    """The error names the method."""
    with pytest.raises(LocalProtocolError, match=r"Core/echo: .*JSON Pointer"):
        call().ref(path)


def test_t51_t52_typed_references() -> None:
    """The common ones have names."""
    one: Call[Any] = call("Foo/query")
    assert {
        "ids": "/ids",
        "created": "/created",
        "updated": "/updated",
        "destroyed": "/destroyed",
        "updated_properties": "/updatedProperties",
        "added_ids": "/added/*/id",
        "removed": "/removed",
    } == {
        reference: getattr(one, reference).path
        for reference in dir(Call)
        if isinstance(getattr(Call, reference), property)
    }
    assert one is one.ids.call
    assert "/list/*/threadId" == one.ref("/list/*/threadId").path


def test_t54_creation_references() -> None:
    """They name the call and the key."""
    one: Call[Any] = call("Foo/set")
    reference = one.created_id("k")
    assert isinstance(reference, CreationReference)
    assert (one, "k") == (reference.call, reference.key)


# Awaiting


def test_a_call_is_announced_when_it_is_made() -> None:
    """The sender says whose names its creation ids are; nothing is sent."""
    desk = Desk()
    one, other = call(desk=desk), call(desk=desk)
    assert [one, other] == desk.begun
    assert (1, 2) == (one.scope, other.scope)
    assert [] == desk.waiting
    assert "<Call Core/echo>" == repr(one)


def test_a_call_can_be_kept_apart() -> None:
    """It says so of itself, so that this can be written where it is made."""
    one = call()
    assert one.mergeable
    assert one is one.alone()
    assert not one.mergeable


def test_a_call_that_is_dropped_is_freed() -> None:
    """Without a warning, unlike a coroutine; it holds nothing that holds it."""
    one = call(desk=Forgetful())
    reference = weakref.ref(one)
    gc.disable()
    try:
        del one
        assert reference() is None
    finally:
        gc.enable()


class Forgetful(Desk):
    """Keeps no call."""

    def begin(self, call: Call[Any]) -> tuple[object, object]:
        return None, None


def test_a_call_is_a_coroutine_to_whoever_asks() -> None:
    """So everything that takes one takes a call."""
    assert asyncio.iscoroutine(call())
    assert isinstance(call(), Coroutine)
    assert inspect.isawaitable(call())


async def test_a_call_can_be_awaited_again() -> None:
    """It gives the same result."""
    desk = Desk()
    desk.settle("done")
    one = call(desk=desk)
    assert "done" == await one
    assert "done" == await one
    assert ("done", "done") == tuple(await asyncio.gather(one, one))


@pytest.mark.loops
async def test_a_call_works_wherever_a_coroutine_does() -> None:
    """In tasks, groups, gather and with a timeout; all wait for the one answer."""
    desk = Desk()
    one = call(desk=desk)

    async def wait() -> object:
        return await one

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one),
            group.create_task(one),
            group.create_task(wait()),
            group.create_task(asyncio.wait_for(one, 60)),
            asyncio.ensure_future(one),
        ]
        await started(*tasks)
        group.create_task(settle(desk, "done"))

    assert ["done"] * 5 == await asyncio.gather(*tasks)


async def settle(desk: Desk, answer: object) -> None:
    """Answer from a task."""
    desk.settle(answer)


@pytest.mark.loops
async def test_cancelling_one_driver_leaves_the_others_alone() -> None:
    """Each task that drives a call waits for itself."""
    desk = Desk()
    one = call(desk=desk)
    first, second = asyncio.create_task(one), asyncio.create_task(one)
    await started(first, second)
    assert 2 == len(desk.waiting)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert 1 == desk.left
    desk.settle("done")

    assert "done" == await second
    assert "done" == await asyncio.create_task(one)


async def test_an_error_is_raised_in_each_driver() -> None:
    """Awaiting again raises it again."""
    desk = Desk()
    one = call(desk=desk)
    desk.settle(RefusedError("no"))
    results = await asyncio.gather(one, asyncio.create_task(one), return_exceptions=True)
    assert ["no", "no"] == [str(result) for result in results]
    with pytest.raises(RefusedError):
        await one


async def test_a_timeout_lets_go_of_the_call() -> None:
    """It can be awaited again afterwards."""
    desk = Desk()
    one = call(desk=desk)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one, 0.001)
    assert len(desk.waiting) == desk.left
    desk.settle("done")
    assert "done" == await one


# The coroutine protocol, step by step


async def test_send_runs_until_the_next_wait_and_ends_with_the_result() -> None:
    """As with any coroutine, the result is in the StopIteration."""
    desk = Desk()
    one = call(desk=desk)
    waited_for = one.send(None)
    assert desk.waiting == [waited_for]
    desk.settle("done")
    with pytest.raises(StopIteration) as caught:
        one.send(None)
    assert "done" == caught.value.value


@pytest.mark.parametrize(
    "raised",
    [
        (RefusedError("no"),),
        (RefusedError, RefusedError("no")),
        (RefusedError, RefusedError("no"), None),
    ],
)
@pytest.mark.parametrize("started_before", [True, False])
async def test_throw_raises_inside(raised: tuple[object, ...], *, started_before: bool) -> None:
    """In its old form as well; the call may be driven anew after that."""
    desk = Desk()
    one = call(desk=desk)
    if started_before:
        one.send(None)
    with pytest.raises(RefusedError, match="no"):
        one.throw(*raised)
    assert int(started_before) == desk.left
    desk.settle("done")
    assert "done" == await one


async def test_close_ends_the_wait_of_this_task_only() -> None:
    """Another task that drives the same call goes on; closing twice does no harm."""
    desk = Desk()
    one = call(desk=desk)
    other = asyncio.create_task(one)
    await started(other)
    one.close()
    assert 0 == desk.left
    one.send(None)
    one.close()
    one.close()
    assert 1 == desk.left
    desk.settle("done")
    assert "done" == await other


async def test_a_call_can_be_started_outside_of_a_task() -> None:
    """A callback of the loop has no task, and is a driver as well."""
    desk = Desk()
    one = call(desk=desk)
    outcome = asyncio.get_running_loop().create_future()

    def drive() -> None:
        one.send(None)
        one.close()
        outcome.set_result(desk.left)

    asyncio.get_running_loop().call_soon(drive)
    assert 1 == await outcome
