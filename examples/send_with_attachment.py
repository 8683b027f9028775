"""Send a message with attachments, and look at what was kept of it."""

import asyncio

from _account import connected, own_address

REPORT = b"day,visitors\nMonday,17\nTuesday,23\n"


async def main() -> None:
    """Send a report to oneself."""
    async with connected("sends one message with an attachment to its owner") as client:
        address = await own_address(client)
        # A path, (name, bytes), (name, bytes, type) or an uploaded blob; or a list of these.
        sent = await client.email.send(
            from_=address,
            to=address,
            subject="Visitors",
            text="The figures are attached.",
            html="<p>The figures are <b>attached</b>.</p>",
            attachments=[("visitors.csv", REPORT, "text/csv")],
        )
        email = await client.email.get_one(sent.email_id, properties=["subject", "attachments"])
        print(f"Sent {email.subject!r} to {address}, with:")
        for part in email.attachments:
            print(f"  {part.name}: {part.type}, {part.size} octets")
            if part.blob_id is None:
                continue
            async with client.download(part.blob_id) as blob:
                text = (await blob.read()).decode()
            print(f"  It begins with {text.splitlines()[0]!r}.")


if __name__ == "__main__":
    asyncio.run(main())
