"""A server that answers uploads and downloads as a test wants."""

from aiohttp import web

from jmap_async.testing import MemoryServer
from jmap_async.testing.session import session_object

DATA = bytes(range(256)) * 4096
"""A mebioctet, which is several chunks."""


class Odd:
    """The session of a server, and one answer to everything else."""

    def __init__(self, server: MemoryServer, answer: web.Response, **members: object) -> None:
        self.server = server
        self.answer = answer
        self.members = members
        self.origin = ""

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        if request.path == "/session":
            return web.json_response(
                session_object(self.server.world, "") | self.members,
                headers={"Connection": "close"},
            )
        # Without a look at what was sent.
        return self.answer
