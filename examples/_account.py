"""The account that the examples work with: yours, or one in memory.

Yours, if the environment says where it is: JMAP_URL is a session URL, a domain or an email address;
the credential is JMAP_TOKEN, or JMAP_USER and JMAP_PASSWORD. JMAP_ADDRESS is your address, for the
few servers that do not say it.
"""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import jmap_async
from jmap_async.testing import MemoryServer


@asynccontextmanager
async def connected(plan: str, *, letters: int = 12) -> AsyncIterator[jmap_async.Client]:
    """Give a client, and say what will be done with the account.

    `letters` is how many emails there are in the account in memory.
    """
    if target := os.environ.get("JMAP_URL"):
        async with jmap_async.connect(target, auth=_credential(os.environ)) as client:
            print(f"On the account of {client.session.username}, this {plan}.\n")
            yield client
        return
    async with MemoryServer() as server:
        _fill(server, letters)
        async with jmap_async.connect(server.session_url, auth=server.token) as client:
            print(f"On an account in memory (JMAP_URL is not set), this {plan}.\n")
            yield client


async def own_address(client: jmap_async.Client) -> str:
    """Return the address that the user sends from."""
    identities = await client.identity.get()
    candidates = [one.email for one in identities.list] + [client.session.username]
    for address in (os.environ.get("JMAP_ADDRESS", ""), *candidates):
        # An identity may have no address, or a pattern such as *@example.org.
        if "@" in address and "*" not in address:
            return address
    sys.exit("The server does not say your address: set JMAP_ADDRESS.")


def _credential(environ: Mapping[str, str]) -> str | tuple[str, str]:
    if token := environ.get("JMAP_TOKEN"):
        return token
    if environ.keys() >= {"JMAP_USER", "JMAP_PASSWORD"}:
        return environ["JMAP_USER"], environ["JMAP_PASSWORD"]
    sys.exit("JMAP_URL is set: set JMAP_TOKEN, or JMAP_USER and JMAP_PASSWORD, too.")


def _fill(server: MemoryServer, letters: int) -> None:
    now = datetime.now(UTC)
    for number in range(1, letters + 1):
        # Every third is an answer to the one before.
        answers = number % 3 == 0
        subject = f"Re: Letter {number - 1}" if answers else f"Letter {number}"
        lines = ["From: Bob <bob@example.net>", f"To: {server.user}", f"Subject: {subject}"]
        lines.append(f"Message-ID: <{number}@example.net>")
        if answers:
            lines.append(f"In-Reply-To: <{number - 1}@example.net>")
        message = "\r\n".join([*lines, "", f"This is letter {number}.", ""])
        received = now - timedelta(hours=letters - number)
        server.add_email(message=message.encode(), received_at=received)
