"""Read, change and send mail: 26 calls of many tasks, in a handful of requests."""

import asyncio

from _account import connected, own_address

from jmap_async import Client, Email


async def read(client: Client) -> None:
    """Show the newest emails and how long their conversations are."""
    inbox = await client.mailbox.by_role("inbox")
    # Three calls, one request: each refers to the result of the one before.
    query = client.email.query({"inMailbox": inbox.id}, sort="-receivedAt", limit=5)
    emails = client.email.get(query.ids, properties=["subject", "from", "receivedAt", "threadId"])
    threads = client.thread.get(emails.ref("/list/*/threadId"))
    page, conversations = await asyncio.gather(emails, threads)
    lengths = {thread.id: len(thread.email_ids) for thread in conversations.list}
    for email in page.list:
        sender = email.from_[0].email if email.from_ else "nobody"
        print(f"  {email.received_at:%d %b %H:%M}  {email.subject}, from {sender}", end="")
        print(f", 1 of {lengths[email.thread_id]}")


async def keep(client: Client, drafts: str, number: int) -> str:
    """Write a draft, flag it, read it again and throw it away: four calls, one after the other."""
    email = Email(subject=f"Draft {number}", mailbox_ids=drafts, keywords="$draft")
    made = await client.email.set(create={"draft": email})
    made.raise_for_errors()
    draft = made.created["draft"]
    await client.email.update(draft, {"keywords/$flagged": True})
    seen = await client.email.get_one(draft, properties=["subject", "keywords"])
    gone = await client.email.set(destroy=draft)
    gone.raise_for_errors()
    return f"{seen.subject} ({' '.join(sorted(seen.keywords))})"


async def main() -> None:
    """Do all of it, and count the requests."""
    plan = "reads the inbox, keeps five drafts for a moment, and sends one message to yourself"
    async with connected(plan) as client:
        print("The newest in the inbox:")
        await read(client)

        drafts = await client.mailbox.by_role("drafts")
        before = client.stats.posts
        # Five tasks that know nothing of each other.
        kept = await asyncio.gather(*(keep(client, drafts.id, n) for n in range(1, 6)))
        print(f"Five tasks kept {', '.join(kept)}:")
        print(f"  20 calls in {client.stats.posts - before} requests")

        address = await own_address(client)
        sent = await client.email.send(to=address, subject="Hello", text="This is jmap_async.")
        print(f"Sent a message to {address}: submission {sent.id}")
        print(f"In all, {client.stats.calls} calls took {client.stats.posts} requests.")


asyncio.run(main())
