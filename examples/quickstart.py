"""Read, change and send mail: the calls of many tasks, in a handful of requests."""

import asyncio

from _account import connected, own_address

from jmap_async import Client, Email


async def read(client: Client, inbox_id: str) -> None:
    """Show the newest emails, and how long their conversations are."""
    # Three calls, one request: each refers to the result of the one before.
    query = client.email.query({"inMailbox": inbox_id}, sort="-receivedAt", limit=5)
    emails = client.email.get(query.ids, properties=["subject", "from", "receivedAt", "threadId"])
    threads = client.thread.get(emails.ref("/list/*/threadId"))
    page, conversations = await asyncio.gather(emails, threads)
    lengths = {thread.id: len(thread.email_ids) for thread in conversations.list}
    for email in page.list:
        sender = email.from_[0].email if email.from_ else "nobody"
        length = lengths[email.thread_id]
        print(f"  {email.received_at:%d %b %H:%M}  {sender}  {email.subject}  (1 of {length})")


async def keep_draft(client: Client, drafts_id: str, number: int) -> str:
    """Write a draft, flag it, read it again and throw it away: four calls in turn."""
    email = Email(subject=f"Draft {number}", mailbox_ids=drafts_id, keywords="$draft")
    made = await client.email.set(create={"draft": email})
    made.raise_for_errors()
    id = made.created["draft"].id
    await client.email.update(id, {"keywords/$flagged": True})
    draft = await client.email.get_one(id, properties=["subject", "keywords"])
    (await client.email.set(destroy=id)).raise_for_errors()
    return f"  {draft.subject}  {' '.join(sorted(draft.keywords))}"


async def main() -> None:
    """Do all of it, and count the requests."""
    plan = "reads the inbox, keeps five drafts for a moment, and sends one message to its owner"
    async with connected(plan) as client:
        by_role = client.mailbox.by_role
        inbox, drafts = await asyncio.gather(by_role("inbox"), by_role("drafts"))
        print("The newest emails:")
        await read(client, inbox.id)

        before = client.stats.posts
        # Five tasks that know nothing of each other.
        kept = await asyncio.gather(*(keep_draft(client, drafts.id, n) for n in range(1, 6)))
        print("Five tasks kept a draft each:", *kept, sep="\n")
        print(f"  Those were 20 calls in {client.stats.posts - before} requests.")

        address = await own_address(client)
        sent = await client.email.send(
            from_=address, to=address, subject="Hello", text="From jmap_async."
        )
        print(f"Sent a message to {address}: it is submission {sent.id}.")
        print(f"\nIn all, {client.stats.calls} calls took {client.stats.posts} requests.")


if __name__ == "__main__":
    asyncio.run(main())
