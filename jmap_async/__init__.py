"""An asynchronous JMAP client that turns the calls of many tasks into few requests.

    async with jmap_async.connect("https://api.example.com/jmap/session", auth=TOKEN) as client:
        inbox = await client.mailbox.by_role("inbox")
        found = client.email.query({"inMailbox": inbox.id}, sort="-receivedAt", limit=10)
        emails = await client.email.get(found.ids, properties=["subject", "from"])
"""

from jmap_async._version import __version__
from jmap_async.client import connect
