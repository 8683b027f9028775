"""Two accounts with a little mail, in which the ids have names: the same on every server.

The ids that a server gives differ from one user to the next. So programs speak of names, and what
comes back is put into names before it is compared.
"""

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final, Self

import aiohttp
import orjson

from .cyrus import Cyrus, User
from .letter import letter
from .programs import EMAILS, SPARES, Wire

_USING: Final = [f"urn:ietf:params:jmap:{name}" for name in ("core", "mail")]
_NAME: Final = re.compile(r"@([ab](?:\.\w+)?|\d+\.\w+)@")
_STORED: Final = ["mailboxIds", "keywords", "threadId", "subject", "receivedAt", "size"]
_ALL_RIGHTS: Final = "lrswipkxtecd"


class Plain:
    """JMAP by hand, with nothing of the package: one call in a request."""

    def __init__(self, http: aiohttp.ClientSession, server: Cyrus, user: User) -> None:
        self._http = http
        self._url = server.session_url
        self._headers = {"Authorization": aiohttp.encode_basic_auth(*user.auth)}

    async def call(self, method: str, arguments: Wire) -> tuple[str, Wire]:
        """Return name and arguments of the response."""
        body = {"using": _USING, "methodCalls": [[method, arguments, "0"]]}
        async with self._http.post(self._url, json=body, headers=self._headers) as answer:
            assert 200 == answer.status, await answer.text()
            name, result, _ = (await answer.json())["methodResponses"][0]
        return name, result

    async def result(self, method: str, arguments: Wire) -> Wire:
        """Return the arguments of the response, which is no error."""
        name, result = await self.call(method, arguments)
        assert name == method, result
        return result

    async def upload(self, account_id: str, data: bytes) -> str:
        """Upload a message and return its blob id."""
        url = f"{self._url}upload/{account_id}/"
        headers = {**self._headers, "Content-Type": "message/rfc822"}
        async with self._http.post(url, data=data, headers=headers) as answer:
            assert 201 == answer.status, await answer.text()
            blob_id: str = (await answer.json())["blobId"]
        return blob_id


class World:
    """A user "a" with mail, to whom "b" gave all rights on some; and the names of all ids."""

    def __init__(self, server: Cyrus, http: aiohttp.ClientSession, user: User) -> None:
        self.server = server
        self.user = user
        self.http = http
        self.plain = Plain(http, server, user)
        self.names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    @classmethod
    async def create(cls, server: Cyrus, http: aiohttp.ClientSession) -> Self:
        """Make both accounts, and share one."""
        # One after the other: the users' database is not for two writers at once.
        user, owner = await server.new_user(), await server.new_user()
        world = cls(server, http, user)
        await asyncio.gather(
            world._furnish("a", user, Plain(http, server, user)),
            world._furnish("b", owner, Plain(http, server, owner)),
        )
        await asyncio.gather(
            *(server.set_acl(owner, path, user, _ALL_RIGHTS) for path in ("INBOX", "m1", "m1/m2"))
        )
        return world

    async def _furnish(self, account: str, owner: User, plain: Plain) -> None:
        self.name(account, owner.account_id)
        await self._make_mailboxes(account, plain)
        for numbers in (range(3), range(3, EMAILS)):  # so many are within all limits
            create = {str(number): self._email(account, number) for number in numbers}
            done = await plain.result("Email/set", {"create": create})
            for key, made in done["created"].items():
                self._name_created(f"{account}.", key, made)
        for number in range(SPARES):
            blob_id = await plain.upload(owner.account_id, _message(account, number))
            self.name(f"{account}.s{number}", blob_id)

    async def _make_mailboxes(self, account: str, plain: Plain) -> None:
        tree = {"m1": {"name": "m1"}, "m2": {"name": "m2", "parentId": "#m1"}}
        await plain.result("Mailbox/set", {"create": tree})
        wanted = {"ids": None, "properties": ["name"]}
        for mailbox in (await plain.result("Mailbox/get", wanted))["list"]:
            self.name(f"{account}.{mailbox['name'].lower()}", mailbox["id"])

    def _email(self, account: str, number: int) -> Wire:
        """Describe an Email, the same each time; every second one answers the one before."""
        answers = [f"{account}{number - 1}@example.net"] if number % 2 else None
        folder = ("inbox", "m1", "m2")[number % 3]
        return {
            "mailboxIds": {self.id(f"{account}.{folder}"): True},
            "keywords": {"$seen": True} if answers else {},
            "subject": f"{'Re: ' if answers else ''}Topic {account}{number // 2}",
            "messageId": [f"{account}{number}@example.net"],
            "inReplyTo": answers,
            "references": answers,
            "sentAt": "2026-01-01T00:00:00Z",
            "receivedAt": f"2026-01-01T00:00:{number:02}Z",
            "bodyValues": {"text": {"value": f"Text {number}"}},
            "textBody": [{"partId": "text", "type": "text/plain"}],
        }

    async def note_states(self) -> None:
        """Name the states that programs begin with."""
        for account in ("a", "b"):
            arguments = {"accountId": self.id(account), "ids": []}
            state = (await self.plain.result("Email/get", arguments))["state"]
            self._ids[f"{account}.state"] = state

    # Names

    def name(self, name: str, id: str) -> None:
        """Give an id a name; it keeps one that it has."""
        self._ids[name] = id
        self.names.setdefault(id, name)

    def _name_created(self, prefix: str, key: str, made: Wire) -> None:
        for member, kind in (("id", "e"), ("threadId", "t"), ("blobId", "b")):
            if member in made:
                self.name(f"{prefix}{kind}{key}", made[member])

    def note_created(self, number: int, answer: Wire) -> None:
        """Name what a step has created."""
        created = answer.get("created")
        # That of a /changes is a list.
        for key, made in created.items() if isinstance(created, dict) else ():
            self.name(f"{number}.{key}", made["id"])
            self._name_created(f"{number}.", key, made)

    def id(self, name: str) -> str:
        """Return the id that has a name; of what was not created one that nothing has."""
        return self._ids.get(name, f"Mno-{name.replace('.', '-')}")

    def with_ids(self, arguments: Wire) -> Wire:
        """Return arguments with ids in the place of names."""
        text = _NAME.sub(lambda found: self.id(found[1]), orjson.dumps(arguments).decode())
        replaced: Wire = orjson.loads(text)
        return replaced

    def with_names(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return JSON with names in the place of ids."""
        if isinstance(value, dict):
            return {
                self.names.get(key, key): self.with_names(one)
                for key, one in value.items()
                # Cyrus 3.6 miscounts these now and then, however calls are sent.
                if key != "unreadEmails"
            }
        if isinstance(value, list):
            return [self.with_names(one) for one in value]
        return self.names.get(value, value) if isinstance(value, str) else value

    async def contents(self) -> Wire:
        """Return all mailboxes and Emails of both accounts, by name."""
        return {account: await self._contents(account) for account in ("a", "b")}

    async def _contents(self, name: str) -> Wire:
        account = {"accountId": self.id(name)}
        found = await self.plain.result("Email/query", account)
        wanted = {**account, "properties": _STORED}
        mailboxes = await self.plain.result("Mailbox/get", {**account, "ids": None})
        self._name_by_path(name, mailboxes["list"])
        emails: list[Wire] = []
        for ids in _batches(found["ids"], 5):
            emails += (await self.plain.result("Email/get", {**wanted, "ids": ids}))["list"]
        return {row.pop("id"): row for row in self.with_names([*mailboxes["list"], *emails])}

    def _name_by_path(self, account: str, mailboxes: list[Wire]) -> None:
        """Name the mailboxes that have no name: Cyrus makes anew what is missing above another."""
        by_id = {one["id"]: one for one in mailboxes}

        def path(id: str | None) -> str:
            if id not in by_id:
                return account
            return f"{path(by_id[id]['parentId'])}/{by_id[id]['name']}"

        for id in by_id:
            self.name(path(id), id)


def _batches(ids: list[str], size: int) -> Iterable[list[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _message(account: str, number: int) -> bytes:
    """Return a message that is in no mailbox, the same each time."""
    return letter(
        f"Spare {account}{number}", headers={"Message-ID": f"<{account}.s{number}@x.example>"}
    )
