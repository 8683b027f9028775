"""What stands in a request for the creations that a call mentions, and the way back."""

from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.request import Request
from jmap_async.planner.names import creations


def stand_in(
    name: str, creator: Entry, request: Request, taken: set[str], *, here: bool
) -> str | None:
    """Return what stands for the creation that `name` mentions; None: not known yet.

    `taken` are the creation ids of the request; one that stands for nothing is added.
    """
    known = creations.original_name(name)
    if creator.answer is None:
        # `here`: only writes may refer to creations of their own request (RFC 8620, 5.3).
        if here and (creator, known) in request.firm_creations:
            return f"#{creator.wire_names[known]}"
        return f"<the id of #{known}>" if request.dry_run and creator.sent else None
    if isinstance(creator.answer, Answer):
        found = creations.created_id(creator.answer.arguments, known)
        if found is not None:
            return found
    # It failed: a name that nobody has lets the server refuse just the objects that need it, as it
    # would have in one request.
    return nobody(known, taken)


def nobody(name: str, taken: set[str]) -> str:
    """Return a reference to a creation that does not exist in this request."""
    name = f"{name[:200]}-missing"
    return f"#{creations.unique([name], taken)[name]}"


def way_back(others: creations.Names) -> creations.Names:
    """Return the caller's name for each creation id of the request that is another."""
    return {
        stands[1:]: creations.original_name(name)
        for name, stands in others.items()
        if stands.startswith("#") and stands[1:] != creations.original_name(name)
    }
