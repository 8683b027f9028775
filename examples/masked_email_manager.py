"""Manage masked email addresses.

masked_email_manager.py list
masked_email_manager.py create https://shop.example
masked_email_manager.py disable ID

Without arguments: create an address, disable it, list all, and delete it.
"""

import asyncio
import sys

from _account import connected

from jmap_async import Client


async def show(client: Client) -> None:
    """List the addresses, those in use first."""
    found = await client.masked_email.get()
    for one in sorted(found.list, key=lambda one: (one.state != "enabled", one.email)):
        print(f"{one.id}  {one.state:9} {one.email}  {one.for_domain}")


async def create(client: Client, site: str) -> str:
    """Make an address for a site, and return its id."""
    made = await client.masked_email.create(for_domain=site, description="Made by an example")
    print(f"Created {made.email} for {site}; its id is {made.id}.")
    return made.id


async def tour(client: Client) -> None:
    """Show all of it with an address of its own."""
    id = await create(client, "https://shop.example")
    await client.masked_email.disable(id)
    await show(client)
    await client.masked_email.delete(id)
    print(f"Deleted {id}.")


async def main(*arguments: str) -> None:
    """Carry out one command."""
    match arguments:
        case ():
            async with connected("creates, disables and deletes a masked address") as client:
                await tour(client)
        case ("list",):
            async with connected("lists the masked addresses") as client:
                await show(client)
        case ("create", site):
            async with connected(f"creates a masked address for {site}") as client:
                await create(client, site)
        case ("disable", id):
            async with connected(f"disables the masked address {id}") as client:
                await client.masked_email.disable(id)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
