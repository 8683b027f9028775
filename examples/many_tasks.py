"""A thousand tasks, each wanting one email: a few requests, not a thousand."""

import asyncio
import time

from _account import connected

from jmap_async import Client


async def handle(client: Client, id: str) -> int:
    """Do what one task of a web server or a bot would do: fetch the email it is about."""
    email = await client.email.get_one(id, properties=["subject", "size"])
    return email.size


async def main() -> None:
    """Find up to a thousand emails, and start a task for each."""
    plan = "reads up to a thousand emails, and changes nothing"
    async with connected(plan, letters=1_000) as client:
        found = await client.email.query(limit=1_000)
        before, start = client.stats.posts, time.perf_counter()
        sizes = await asyncio.gather(*(handle(client, id) for id in found.ids))
        seconds = time.perf_counter() - start
        posts = client.stats.posts - before
        print(f"{len(sizes)} tasks read {sum(sizes)} octets of mail.")
        print(f"Requests: {posts}; milliseconds: {1000 * seconds:.0f}")


if __name__ == "__main__":
    asyncio.run(main())
