"""A JMAP server in memory, to test and to try things against.

    async with MemoryServer() as server:
        server.add_email(subject="Hi")
        async with jmap_async.connect(server.session_url, auth=server.token) as client:
            ...

`python -m jmap_async.testing` runs one alone; the plugin `pytest_jmap_async` has fixtures.
"""

from jmap_async.testing.failures import RequestFailure
from jmap_async.testing.limits import Limits
from jmap_async.testing.server import MemoryServer
from jmap_async.testing.store import Push, SentMessage
from jmap_async.testing.types import JSONObject

__all__ = ["JSONObject", "Limits", "MemoryServer", "Push", "RequestFailure", "SentMessage"]
