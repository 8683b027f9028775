"""Random programs: tasks that read, search and change mail, call after call, as their seed has it.

Arguments are wire JSON in which `@name@` stands for an id (see world.py) and "#k" for what the same
task has created under "k". Names are those of the start, "a.m1" (mailbox), "a.e0" (Email), "a.t0"
(Thread), or of a creation: "12.k" is what step 12 created under "k".
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

import attrs

Wire = dict[str, Any]

ACCOUNTS: Final = (("a",), ("b",), ("a", "a", "b"))
"""What programs use: the user's own account, one that is shared with the user, or both."""

EMAILS: Final = 6
SPARES: Final = 2
"""Messages that are uploaded but in no mailbox."""

_PROPERTIES: Final = (
    ["subject", "keywords"],
    ["threadId", "mailboxIds", "blobId", "size"],
    ["subject", "preview", "receivedAt", "header:Message-ID:asMessageIds"],
)
_NAMES: Final = ("One", "Two", "Three", "Four")
_KEYWORDS: Final = ("keywords/$seen", "keywords/$flagged", "keywords/one", "keywords/two")


@attrs.frozen(eq=False)
class Step:
    """A call of a task: `needs` is the step whose answer fills `argument`, found at `path`.

    One that is not `awaited` is sent only because another one needs it.
    """

    number: int
    task: int
    method: str
    arguments: Wire
    needs: "Step | None" = None
    argument: str = ""
    path: str = ""
    awaited: bool = True


@attrs.frozen
class Program:
    """What each task does: rounds, one after the other, of calls that it awaits together."""

    tasks: list[list[list[Step]]]

    def steps(self) -> Iterator[Step]:
        """Yield all steps by their numbers."""
        for task in self.tasks:
            for calls in task:
                yield from calls


def program(seed: int) -> Program:
    """Make the program that belongs to a seed; no other has tasks and steps of its numbers."""
    chance, numbers = Random(seed), itertools.count(1000 * seed)
    # The fewer kinds of calls there are, the more can be merged.
    few = chance.random() < 0.4
    kinds = chance.choice(_MERGING) if few else chance.choices(_KINDS, k=chance.randint(2, 8))
    accounts = chance.choice(ACCOUNTS)
    tasks = range(100 * seed, 100 * seed + chance.randint(1, 8))
    return Program([_Writer(chance, task, numbers, kinds, accounts).rounds() for task in tasks])


class _Writer:
    """Writes what one task does."""

    def __init__(
        self,
        chance: Random,
        task: int,
        numbers: Iterator[int],
        kinds: Sequence["_Kind"],
        accounts: Sequence[str],
    ) -> None:
        self._chance = chance
        self._task = task
        self._numbers = numbers
        self._kinds = kinds
        self._accounts = accounts
        self._steps: list[Step] = []
        # Names of what earlier rounds may have created, by account.
        self._mailboxes: dict[str, list[str]] = {"a": [], "b": []}
        self._emails: dict[str, list[str]] = {"a": [], "b": []}
        self._new: list[tuple[list[str], str]] = []
        # Mailboxes by creation id.
        self._boxes: dict[str, list[str]] = {"a": [], "b": []}

    def rounds(self) -> list[list[Step]]:
        """Write all rounds of the task."""
        return [self._round() for _ in range(self._chance.randint(1, 3))]

    def _round(self) -> list[Step]:
        self._steps = []
        for _ in range(self._chance.randint(1, 5)):
            self._chance.choice(self._kinds)(self, self._chance.choice(self._accounts))
        for names, new in self._new:
            names.append(new)
        self._new = []
        return self._steps

    def _add(
        self,
        method: str,
        account: str,
        arguments: Wire,
        *,
        needs: Step | None = None,
        argument: str = "",
        path: str = "",
    ) -> Step:
        step = Step(
            next(self._numbers),
            self._task,
            method,
            {"accountId": f"@{account}@", **arguments},
            needs=needs,
            argument=argument,
            path=path,
        )
        self._steps.append(step)
        return step

    def _some(self, names: list[str], most: int) -> list[str]:
        """Choose different names, at least one."""
        return self._chance.sample(names, self._chance.randint(1, min(most, len(names))))

    def _rarely(self) -> bool:
        return self._chance.random() < 0.1

    # Names

    def _email_names(self, account: str) -> list[str]:
        start = [f"@{account}.e{number}@" for number in range(EMAILS)]
        return [*start, *self._emails[account], "Mnope"]

    def _mailbox_names(self, account: str) -> list[str]:
        start = [f"@{account}.{name}@" for name in ("inbox", "m1", "m2")]
        return [*start, *self._mailboxes[account]]

    def _mailbox(self, account: str) -> str:
        """Choose where something goes: often there, sometimes just created, rarely nowhere."""
        if self._rarely():
            return "nowhere"
        return self._chance.choice([*self._mailbox_names(account), *self._created_boxes(account)])

    def _created_boxes(self, account: str) -> list[str]:
        return [f"#{account}l"] if self._rarely() else self._boxes[account]

    # Reads

    def _email_get(self, account: str) -> None:
        ids = self._some(self._email_names(account), 9)
        if self._rarely():
            ids.append(ids[0])
        if self._rarely():
            ids = [*ids[:4], f"#{account}x"]
        properties = ["nonsense"] if self._rarely() else self._chance.choice(_PROPERTIES)
        self._add("Email/get", account, {"ids": ids, "properties": properties})

    def _thread_get(self, account: str) -> None:
        names = [*(f"@{account}.t{number}@" for number in range(EMAILS)), "Tnope"]
        self._add("Thread/get", account, {"ids": self._some(names, 7)})

    def _mailbox_get(self, account: str) -> None:
        created = sorted(set(self._created_boxes(account)))
        names = [*self._mailbox_names(account), "nope", *created]
        ids = None if self._chance.random() < 0.3 else self._some(names, 5)
        counts = ["name", "parentId", "totalEmails", "unreadEmails", "sortOrder"]
        more = self._chance.choice([{}, {"properties": counts}])
        self._add("Mailbox/get", account, {"ids": ids, **more})

    def _email_query(self, account: str) -> None:
        # Not by "$seen", which is everybody's own where a mailbox is shared: whose Cyrus looks
        # at changes.
        conditions: tuple[Wire | None, ...] = (
            None,
            {"hasKeyword": "$flagged"},
            {"notKeyword": "one"},
            {"inMailbox": f"@{account}.inbox@"},
            {"inMailbox": f"@{account}.m1@"},
            {"inMailbox": "nowhere"},
        )
        sort = {"property": "subject", "isAscending": self._chance.random() < 0.5}
        arguments: Wire = {"filter": self._chance.choice(conditions), "sort": [sort]}
        if self._chance.random() < 0.3:
            arguments |= {"position": 1, "limit": 3, "calculateTotal": True}
        found = self._add("Email/query", account, arguments)
        if self._chance.random() < 0.6:
            self._chain(account, found)

    def _chain(self, account: str, found: Step) -> None:
        """Read what was found, and the Threads of that; of a chain perhaps only the end counts."""
        only_end = self._chance.random() < 0.3
        self._steps[-1] = found = attrs.evolve(found, awaited=not only_end)
        wanted = {"properties": ["threadId"]}
        emails = self._add("Email/get", account, wanted, needs=found, argument="ids", path="/ids")
        if self._chance.random() < 0.5:
            self._steps[-1] = emails = attrs.evolve(emails, awaited=not only_end)
            path = "/list/*/threadId"
            self._add("Thread/get", account, {}, needs=emails, argument="ids", path=path)

    def _changes(self, account: str) -> None:
        kind = self._chance.choice(["Email", "Mailbox", "Thread"])
        since = {"sinceState": f"@{account}.state@"}
        changes = self._add(f"{kind}/changes", account, since)
        if self._chance.random() < 0.3:
            path = self._chance.choice(["/created", "/updated"])
            self._add(f"{kind}/get", account, {}, needs=changes, argument="ids", path=path)

    def _mailbox_query(self, account: str) -> None:
        conditions: tuple[Wire, ...] = ({}, {"parentId": f"@{account}.m1@"}, {"hasAnyRole": False})
        self._add("Mailbox/query", account, {"filter": self._chance.choice(conditions)})

    def _parse(self, account: str) -> None:
        blobs = [f"@{account}.s{number}@" for number in range(SPARES)]
        wanted = {"blobIds": self._some(blobs, 2), "properties": ["subject", "from"]}
        self._add("Email/parse", account, wanted)

    # Writes

    def _patch(self, account: str) -> Wire:
        one, other = self._chance.sample(_KEYWORDS, 2)
        return self._chance.choice(
            [
                {one: True},
                {one: True, other: None},
                {one: None},
                {"keywords": {"three": True}},
                {"mailboxIds": {self._mailbox(account): True}},
                {f"mailboxIds/@{account}.m2@": True},
                {f"mailboxIds/@{account}.inbox@": None},
                {f"mailboxIds/{self._mailbox(account)}": True, one: True},
            ]
        )

    def _email_change(self, account: str) -> None:
        names = self._email_names(account)
        touched = self._some(names, 8)
        rest = [one for one in names if one not in touched]
        if self._rarely():
            # It has to stay in one piece.
            update = {one: self._patch(account) for one in touched[:4]}
            state = f"@{account}.state@"
            self._add("Email/set", account, {"update": update, "ifInState": state})
            return
        update = {one: self._patch(account) for one in touched}
        arguments: Wire = {"update": _few_with_references(update)}
        if rest and self._chance.random() < 0.4 and len(update) < 4:
            arguments["destroy"] = self._some(rest, 2)
        self._add("Email/set", account, arguments)

    def _email_destroy(self, account: str) -> None:
        self._add("Email/set", account, {"destroy": self._some(self._email_names(account), 2)})

    def _email_create(self, account: str) -> None:
        keys = [f"{account}{key}" for key in self._some(list("xyzuvw"), 6)]
        number = next(self._numbers)
        create = {key: self._draft(account, f"{number}.{key}") for key in keys}
        create = _few_with_references(create)
        self._expect(self._add("Email/set", account, {"create": create}), self._emails[account])

    def _draft(self, account: str, subject: str) -> Wire:
        text = "ü" * (700 if self._rarely() else 5)
        return {
            "mailboxIds": {self._mailbox(account): True},
            "subject": subject,
            "from": [{"email": "ann@example.org"}],
            "messageId": [f"{subject}@example.org"],
            "sentAt": "2026-01-02T03:04:05Z",
            "receivedAt": "2026-01-02T03:04:05Z",
            "keywords": self._chance.choice([{}, {"$seen": True}, {"$draft": True}]),
            "textBody": [{"partId": "text", "type": "text/plain"}],
            "bodyValues": {"text": {"value": text}},
        }

    def _expect(self, step: Step, names: list[str]) -> None:
        """Note what the rounds after this one may call by its own id."""
        created = step.arguments.get("emails") or step.arguments["create"]
        self._new += [(names, f"@{step.number}.{key}@") for key in created]

    def _import(self, account: str) -> None:
        names = [f"s{number}" for number in range(SPARES)] + ["b0"]
        emails = {
            f"{account}{key}": {
                "blobId": f"@{account}.{blob}@",
                "mailboxIds": {self._mailbox(account): True},
                "receivedAt": "2026-01-02T03:04:06Z",
            }
            for key, blob in zip("xy", self._some(names, 2), strict=False)
        }
        self._expect(self._add("Email/import", account, {"emails": emails}), self._emails[account])

    def _copy(self, _: str) -> None:
        # Not the other way: Cyrus 3.6 does not copy into a mailbox that is shared.
        original = self._chance.choice(self._email_names("b"))
        # Nor does it know creation ids here.
        target = self._chance.choice(self._mailbox_names("a"))
        create = {"ax": {"id": original, "mailboxIds": {target: True}}}
        more = {"onSuccessDestroyOriginal": True} if self._rarely() else {}
        arguments = {"fromAccountId": "@b@", "create": create, **more}
        self._expect(self._add("Email/copy", "a", arguments), self._emails["a"])

    # A server may put the changes of one call into an order that suits it (RFC 8620, 5.3), and
    # what becomes of a mailbox depends on its neighbours: so no two of a call compete for a name,
    # but calls do. No mailbox is to stand below itself: nothing moves below what can be moved.

    def _mailbox_create(self, account: str) -> None:
        keys = [f"{account}{key}" for key in self._some(list("kl"), 2)]
        created = [*self._created_boxes(account), *(f"#{key}" for key in keys)]
        parents = [None, None, *self._mailbox_names(account), *created]
        competes, number = self._chance.random() < 0.3, next(self._numbers)
        names = self._chance.sample(_NAMES, 2) if competes else [f"{number}.k", f"{number}.l"]
        create = {
            key: {"name": name, "parentId": self._chance.choice(parents)}
            for key, name in zip(keys, names, strict=False)
        }
        step = self._add("Mailbox/set", account, {"create": create})
        self._expect(step, self._mailboxes[account])
        self._boxes[account] += [f"#{key}" for key in keys]

    def _name(self) -> str:
        return self._chance.choice(_NAMES)

    def _mailbox_change(self, account: str) -> None:
        names = self._mailbox_names(account)[1:]
        moved, *others = self._some(names, 3)
        inbox = f"@{account}.inbox@"
        changes: list[Wire] = [
            {"name": self._name()},
            {"parentId": None},
            {"parentId": inbox},
            {"name": self._name(), "parentId": inbox},
        ]
        update = {moved: self._chance.choice(changes), **{one: {"sortOrder": 7} for one in others}}
        self._add("Mailbox/set", account, {"update": update})

    def _mailbox_destroy(self, account: str) -> None:
        # In vain: the calls to come name the mailboxes that there are.
        refused = [f"@{account}.inbox@", "nope"]
        self._add("Mailbox/set", account, {"destroy": self._some(refused, 2)})

    def _mistake(self, account: str) -> None:
        """Make a call that the server refuses as a whole."""
        mistakes: list[tuple[str, Wire]] = [
            ("Email/set", {"create": {"bad": 5}}),
            ("Email/frobnicate", {}),
            ("Email/set", {"ifInState": "0", "destroy": [f"@{account}.e0@"]}),
        ]
        method, arguments = self._chance.choice(mistakes)
        self._add(method, account, arguments)


def _few_with_references(objects: Wire) -> Wire:
    """Keep two objects where one mentions a creation: such calls may have to stay in one piece."""
    few = "#" in repr(objects)
    return dict(itertools.islice(objects.items(), 2)) if few else objects


_Kind = Callable[[_Writer, str], None]

_KINDS: Final[list[_Kind]] = [
    *(_Writer._email_get,) * 3,
    *(_Writer._email_query,) * 2,
    *(_Writer._email_change,) * 4,
    *(_Writer._email_create,) * 2,
    *(_Writer._mailbox_create,) * 2,
    _Writer._thread_get,
    _Writer._mailbox_get,
    _Writer._changes,
    _Writer._mailbox_query,
    _Writer._parse,
    _Writer._email_destroy,
    _Writer._import,
    _Writer._copy,
    _Writer._mailbox_change,
    _Writer._mailbox_destroy,
    _Writer._mistake,
]

_MERGING: Final[list[list[_Kind]]] = [
    [_Writer._email_change],
    [_Writer._email_change, _Writer._email_change, _Writer._email_get],
    [_Writer._email_change, _Writer._email_destroy, _Writer._email_create],
    [_Writer._email_get, _Writer._email_query, _Writer._thread_get],
]
