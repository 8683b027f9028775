"""The automatic reply."""

from datetime import UTC, datetime

from jmap_async import Client
from jmap_async.capabilities.vacation_response.vacation_response import VacationResponse


async def test_t149_dates_alone_do_not_enable(client: Client) -> None:
    """There is one object, which is switched on apart from its dates."""
    start = datetime(2026, 7, 1, tzinfo=UTC)
    patch = {"fromDate": start, "toDate": None, "subject": "Away"}
    (await client.vacation_response.set(update={"singleton": patch})).raise_for_errors()
    reply = (await client.vacation_response.get("singleton")).list[0]
    assert start == reply.from_date
    assert None is reply.to_date
    assert not reply.is_enabled


async def test_t109_there_is_only_one(client: Client) -> None:
    """Neither can another be created nor the one be destroyed."""
    response = await client.vacation_response.set(
        create={"k": VacationResponse(is_enabled=True)}, destroy="singleton"
    )
    assert "singleton" == response.not_created["k"].type
    assert "singleton" == response.not_destroyed["singleton"].type
