"""Waking: who shares an answer with thousands is woken in order, and leaves room for others."""

import asyncio

import pytest

from jmap_async import Client, GetResponse
from jmap_async.capabilities.mail.email import Email
from jmap_async.testing import MemoryServer
from tests.serving import is_idle, names

MANY = 950
AT_ONCE = 100

Emails = GetResponse[Email]


@pytest.mark.loops
async def test_others_have_their_turns_while_many_are_woken(jmap_client: Client) -> None:
    """One answer to many calls does not make one long turn of the event loop."""
    woken: list[int] = []

    async def read(number: int) -> None:
        await jmap_client.email.get([f"x{number}"], properties=["subject"])
        woken.append(number)

    tasks = [asyncio.create_task(read(number)) for number in range(MANY)]
    most = 0
    while len(woken) < MANY:
        before = len(woken)
        await asyncio.sleep(0)
        most = max(most, len(woken) - before)
    assert list(range(MANY)) == woken
    assert most <= AT_ONCE
    await asyncio.gather(*tasks)


@pytest.mark.loops
async def test_what_they_await_next_leaves_together(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Though they are not all woken in the same turn."""

    async def read(number: int) -> None:
        found = await jmap_client.email.get([f"x{number}"], properties=["subject"])
        await jmap_client.email.get([f"y{number}", *found.not_found], properties=["subject"])

    await asyncio.gather(*(read(number) for number in range(MANY)))
    assert [["Email/get"] * 2, ["Email/get"] * 4] == [*map(names, jmap_server.requests)]


@pytest.mark.loops
async def test_cancelled_before_its_turn_has_come(jmap_client: Client) -> None:
    """Whoever is cancelled between the answer and being woken leaves alone."""
    tasks: list[asyncio.Task[Emails]] = []

    async def read(number: int) -> Emails:
        found = await jmap_client.email.get([f"x{number}"], properties=["subject"])
        if number == 0:
            tasks[-1].cancel()
        return found

    tasks += [asyncio.create_task(read(number)) for number in range(MANY)]
    *others, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(last, asyncio.CancelledError)
    assert [[f"x{number}"] for number in range(MANY - 1)] == [
        one.not_found for one in others if isinstance(one, GetResponse)
    ]
    assert is_idle(jmap_client)


@pytest.mark.loops
async def test_closed_before_their_turn_has_come(jmap_client: Client) -> None:
    """Calls that were answered by then are answered."""

    async def read(number: int) -> Emails:
        found = await jmap_client.email.get([f"x{number}"], properties=["subject"])
        if number == 0:
            await jmap_client.close()
        return found

    results = await asyncio.gather(*(read(number) for number in range(MANY)))
    assert [[f"x{number}"] for number in range(MANY)] == [one.not_found for one in results]
    assert is_idle(jmap_client)
