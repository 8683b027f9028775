"""Random programs on a Cyrus server: coalesced they come to what they come to call by call.

The law is plain: the same calls, each alone in a request, in the order in which the other server
carried them out, on a server with large limits and in accounts with the same mail. That order keeps
that of each task. JMAP_CYRUS_PROGRAMS
says how many programs, JMAP_CYRUS_FIRST which one is the first.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable

import aiohttp
import attrs
import pytest

import jmap_async
from jmap_async.client import Client

from .carrying_out import Coalesced, Sequential, outcome
from .cyrus import Cyrus
from .programs import Program, program
from .wire import Recorder, check_limits
from .world import World

PROGRAMS = int(os.environ.get("JMAP_CYRUS_PROGRAMS", "40"))
FIRST = int(os.environ.get("JMAP_CYRUS_FIRST", "0"))
EACH = 4
"""Programs in one world: each begins where the one before ended."""


@attrs.frozen
class Pair:
    """Two worlds that are alike, and a client, whose requests are kept, in the small one."""

    here: World
    there: World
    client: Client
    recorder: Recorder


@pytest.fixture
async def pair(cyrus: Cyrus, small_cyrus: Cyrus) -> AsyncIterator[Pair]:
    """Make two worlds, one with small limits, and connect to that."""
    recorder = Recorder()
    async with recorder.session() as recorded, aiohttp.ClientSession() as http:
        here, there = await asyncio.gather(
            World.create(small_cyrus, http), World.create(cyrus, http)
        )
        url, auth = small_cyrus.session_url, here.user.auth
        async with jmap_async.connect(url, auth=auth, http=recorded) as client:
            yield Pair(here, there, client, recorder)


async def check(pair: Pair, programs: Iterable[Program]) -> None:
    """Carry programs out in both worlds, and compare all that can be seen."""
    here, there = pair.here, pair.there
    together, alone = Coalesced(here, pair.client), Sequential(there)
    for written in programs:
        await asyncio.gather(here.note_states(), there.note_states())
        events = await together.run(written)
        assert [] == together.disorder(events)
        await alone.run(events, together)
        assert {step for step in written.steps() if step.awaited} <= set(together.answers)
    expected, actual = await asyncio.gather(there.contents(), here.contents())
    facts = {step: outcome(here, step, answer) for step, answer in together.answers.items()}
    laws = {step: outcome(there, step, alone.answers[step]) for step in facts}
    assert [] == [(step, law, facts[step]) for step, law in laws.items() if law != facts[step]]
    assert expected == actual


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PROGRAMS, EACH))
async def test_coalescing_changes_nothing_that_anybody_sees(pair: Pair, seed: int) -> None:
    """Each call gets what it would have got alone, once, and both servers hold the same mail."""
    await check(pair, [program(number) for number in range(seed, seed + EACH)])
    for exchange in pair.recorder.calls:
        check_limits(exchange)
