"""What EmailSubmission/set does on success (RFC 8621, 7.5): asked and told caller by caller.

The server makes one Email/set of it, for all submissions of a call. So calls are merged only where
nobody notices: no Email is in it twice, and no caller's patch can get those of the others refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import orjson

from jmap_async.planner.base.entry import Entry
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.declaring import record
from jmap_async.protocol.json import Members, is_array, is_list_of_ids, is_object
from jmap_async.protocol.messages import MethodResponse

METHOD: Final = "EmailSubmission/set"
UPDATE, DESTROY = "onSuccessUpdateEmail", "onSuccessDestroyEmail"
SECTIONS: Final = ("create", "update", "destroy", UPDATE, DESTROY)
"""The arguments of /set that merged calls are made of."""

# A keyword or a Mailbox of an Email, to be set or taken away: where it is wrong, the server refuses
# that Email (a SetError). What else is in a patch might make it refuse the whole Email/set.
_FLAG: Final = re.compile(r"(?:keywords|mailboxIds)/[^/#]+")

_LISTED: Final = ("updated", "destroyed", "notUpdated", "notDestroyed")


@record(eq=False)
class OnSuccess:
    """What becomes of an Email when it was sent; the patch is JSON."""

    patch: bytes | None
    destroy: bool

    @property
    def weight(self) -> int:
        """How many objects it adds to the Email/set that follows."""
        return (self.patch is not None) + self.destroy

    def fragments(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield what is added to the arguments, for a submission of this name."""
        key = orjson.dumps(f"#{name}")
        if self.patch is not None:
            yield SECTIONS.index(UPDATE), b"%b:%b" % (key, self.patch)
        if self.destroy:
            yield SECTIONS.index(DESTROY), key


def is_separable(entry: Entry) -> bool:
    """Tell whether all that a call says can be told apart from what other calls say."""
    arguments = entry.arguments
    if entry.method.name != METHOD or not arguments.keys() <= {"accountId", *SECTIONS}:
        return False
    create, patches, doomed = (arguments.get(name) for name in ("create", UPDATE, DESTROY))
    if not patches and not doomed:
        return True
    if not is_object(create) or not is_object(patches or {}) or not is_list_of_ids(doomed or []):
        return False
    emails = emails_of(entry)
    return (
        # Of a submission that is not created in this call we do not know the Email.
        {*(patches or ()), *(doomed or ())} <= {f"#{name}" for name in create}
        and all(_is_harmless(one) for one in (patches.values() if patches else ()))
        and len(create) == len(emails) == len(set(emails))
    )


def _is_harmless(patch: object) -> bool:
    return is_object(patch) and all(
        _FLAG.fullmatch(path) and (value is True or value is None) for path, value in patch.items()
    )


def email_of(submission: object) -> str | None:
    """Return the Email that a submission sends: its id, or "#" and a creation id."""
    email = submission.get("emailId") if is_object(submission) else None
    return email if isinstance(email, str) else None


def emails_of(entry: Entry) -> list[str]:
    """Return the Emails that a call sends."""
    create: object = entry.arguments.get("create")
    objects = create.values() if is_object(create) else ()
    return [email for one in objects if (email := email_of(one)) is not None]


def on_success(entry: Entry, name: str) -> OnSuccess | None:
    """Return what a call wants to become of the Email of one of its submissions."""
    patches: Mapping[str, object] = entry.arguments.get(UPDATE) or {}
    doomed: Sequence[str] = entry.arguments.get(DESTROY) or ()
    key = f"#{name}"
    if key not in patches and key not in doomed:
        return None
    return OnSuccess(encode(patches[key]) if key in patches else None, destroy=key in doomed)


def own_part(implicit: MethodResponse, emails: Iterable[str]) -> MethodResponse | None:
    """Return what is one caller's of the answer to the Email/set; None: there is nothing."""
    if implicit.name == "error":
        # The Emails were sent, but nobody's was touched: everybody has to know.
        return implicit
    parts = {name: _picked(implicit.arguments.get(name), emails) for name in _LISTED}
    if not any(parts.values()):
        return None
    return attrs.evolve(implicit, arguments={**implicit.arguments, **parts})


def _picked(members: object, emails: Iterable[str]) -> Any:
    if is_object(members):
        return {one: members[one] for one in emails if one in members} or None
    if is_array(members):
        return [one for one in emails if one in members] or None
    return None


def joined(first: MethodResponse | None, second: MethodResponse) -> MethodResponse:
    """Put the answers together that a call in parts has got; that of a failure hides none."""
    if first is None or second.name == "error":
        return second
    if first.name == "error":
        return first
    parts = {name: _both(first.arguments.get(name), second.arguments.get(name)) for name in _LISTED}
    old: Members = {"oldState": first.arguments.get("oldState")}
    return attrs.evolve(second, arguments={**second.arguments, **parts, **old})


def _both(first: Any, second: Any) -> Any:
    if not (first and second):
        return first or second
    return {**first, **second} if is_object(first) else [*first, *second]
