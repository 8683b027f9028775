"""Show the ten newest emails and their conversations: three calls, one request."""

import asyncio

from _account import connected


async def main() -> None:
    """Find, read and group, each call by reference to the one before."""
    async with connected("reads the ten newest emails, and changes nothing") as client:
        query = client.email.query(sort="-receivedAt", limit=10)
        emails = client.email.get(query.ids, properties=["subject", "receivedAt", "threadId"])
        threads = client.thread.get(emails.ref("/list/*/threadId"))
        newest, conversations = await asyncio.gather(emails, threads)

        lengths = {thread.id: len(thread.email_ids) for thread in conversations.list}
        for email in newest.list:
            length = lengths[email.thread_id]
            note = f"  (one of {length})" if length > 1 else ""
            print(f"{email.received_at:%Y-%m-%d %H:%M}  {email.subject or '(no subject)'}{note}")
        print(f"\n{client.stats.calls} calls, {client.stats.posts} request")


if __name__ == "__main__":
    asyncio.run(main())
