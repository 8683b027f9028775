"""Patches of many callers who want nothing else: the usual writes, sent and answered as a whole.

A thousand tasks that set a keyword each are a thousand calls that differ in ids and patches alone.
As long as nothing else is to be said of them, nobody looks at them one by one. Where something is -
one has to come apart, the server has not made one of them - they become changes (see changes.py),
which are treated with care. Both ways come to the same:
`test_usual_patches_come_to_the_same_as_those_that_are_looked_at`. Without this the guard's
`plan, updates` would rise.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain

from jmap_async.planner.base.entry import NOT_DECODED, Answer, Entry
from jmap_async.planner.writes.outcomes import common
from jmap_async.protocol.json import JSONObject, Members, is_object


class Patches:
    """Calls that only patch objects, one behind the other; `position` is that of the first."""

    __slots__ = ("entries", "position")
    place = 0  # they are whole

    def __init__(self, entries: list[Entry], position: int) -> None:
        self.entries = entries
        self.position = position

    @property
    def ids(self) -> list[tuple[str, ...]]:
        """The objects that they patch, call by call."""
        return [one.patched or () for one in self.entries]

    @property
    def bodies(self) -> list[bytes]:
        """What they add to the argument `update`, call by call."""
        return [one.patches for one in self.entries]

    def drop(self, unwanted: Callable[[Entry], bool], *, among: int) -> bool:
        """Leave out whom nobody waits for, among the first calls; tell whether there was any."""
        first = self.entries[:among]
        waiting = [one for one in first if one.claims and one.answer is None]
        if len(waiting) == len(first):
            return False
        self.entries[:among] = [one for one in first if not unwanted(one)]
        return True

    def fitting(self, *, most: int, room: int) -> int | None:
        """Return how many calls fit, from the first, into so many objects and octets.

        None: they have to be looked at one by one, because a part of what does not fit may.
        """
        first = Patches(self.entries[: most + 1], self.position)
        objects = [*accumulate(map(len, first.ids))]
        octets = [*accumulate([len(one) + 1 for one in first.bodies])]
        count = min(bisect_right(objects, most), bisect_right(octets, room))
        full = most == (objects[count - 1] if count else 0)
        if count < len(self.entries) and len(first.ids[count]) > 1 and not full:
            return None
        return count

    def cut(self, count: int) -> "Patches":
        """Take the first calls out."""
        first = Patches(self.entries[:count], self.position)
        del self.entries[:count]
        self.position += count
        return first

    def answers(self, arguments: Members) -> list[Answer] | None:
        """Return what each call gets of an answer; None: not all of it was done."""
        updated = arguments.get("updated")
        if arguments.get("notUpdated") or not is_object(updated):
            return None
        if not updated.keys() >= {*chain.from_iterable(self.ids)}:
            return None
        members = {**common(arguments), "updated": updated}
        return [Updated(members, ids) for ids in self.ids]


class Updated(Answer):
    """A caller's part of the answer to patches; it is put together when it is looked at.

    The arguments are those that all share.
    """

    __slots__ = ("_ids",)

    def __init__(self, arguments: JSONObject, ids: Sequence[str]) -> None:
        # By hand, which takes half as long as what attrs would write.
        self._arguments = arguments
        self._ids = ids
        self.implicit = self.objects = None
        self.value = NOT_DECODED

    @property
    def arguments(self) -> JSONObject:
        own = self._arguments.copy()
        updated = own["updated"]
        own["updated"] = {one: updated[one] for one in self._ids}
        return own
