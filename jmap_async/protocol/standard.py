"""Arguments and responses of the standard methods (RFC 8620, 5).

An argument left at its default is not sent: the RFC's default is the same. Responses read what a
server leaves out, or sends as null, as its default (RFC 8620, 3.5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar, cast

import attrs

from jmap_async.errors import LocalProtocolError, MethodError, SetError, SetFailed, shorten
from jmap_async.protocol import patch
from jmap_async.protocol.codec.asking import MADE, Asked, asked_of
from jmap_async.protocol.declaring import arguments, record
from jmap_async.protocol.fields import LOCAL, forgiving
from jmap_async.protocol.filters import Comparator, F, Filter, as_sort
from jmap_async.protocol.ids import (
    check_creation_id,
    check_id,
    check_ids,
    ids_argument,
)
from jmap_async.protocol.references import CreationReference, Ref, ResultReference
from jmap_async.protocol.types import Id, Wire

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# The RFC's name `list` hides the builtin inside of GetResponse.
Objects = list[T_co]
IdsFound = list[Id]


IdList = list[str | CreationReference]

# Type checkers cannot tell what a bare `list` or `dict` is a factory of.
_no_ids = cast("Callable[[], list[Id]]", list)
_no_objects = cast("Callable[[], dict[str, Any]]", dict)
_no_errors = cast("Callable[[], dict[str, SetError]]", dict)


@arguments(kw_only=True)
class Arguments:
    """Base of the arguments of a method."""

    def check(self) -> None:
        """Refuse what no server accepts, before anything is sent.

        Raises:
            LocalProtocolError: says what is wrong and what to do.
        """

    def needs(self) -> Iterable[str]:
        """Name the capabilities that these arguments need beyond the method's own."""
        return ()


# /get

ALWAYS: Final = ("id",)
"""The properties that come whatever is asked for (RFC 8620, 5.1)."""


@arguments(kw_only=True)
class ByIds(Arguments):
    """What all Foo/get have (RFC 8620, 5.1): `ids` None means all, where the type allows it.

    A type that names its properties one by one declares `properties` itself.
    """

    ids: IdList | ResultReference[list[str]] | None = attrs.field(
        default=None, kw_only=False, converter=ids_argument
    )

    usual_properties: ClassVar[tuple[str, ...] | None] = None
    """What comes where no properties are named; None: all that there are (RFC 8620, 5.1)."""

    def check(self) -> None:
        """Refuse what is no id."""
        if isinstance(self.ids, list):
            check_ids(self.ids)

    def asked(self) -> Asked | None:
        """Return what is asked for of each object; None: that is not known."""
        names: Any = getattr(self, "properties", None)
        if isinstance(names, ResultReference):
            return None
        return asked_of(None if names is None else tuple(names), self.usual_properties, ALWAYS)

    def note_asked(self, response: Any) -> None:  # noqa: ANN401 - of any type
        """Note with the objects of a response what was asked for."""
        objects = response.list
        # Once: several may await one call.
        if not objects or getattr(objects[0], "_asked", MADE) is not None:
            return
        try:
            asked = self.asked()
        except TypeError:  # the names were none, and the server does not mind
            return
        if asked:
            asked.note(objects)


@arguments(kw_only=True)
class Get(ByIds):
    """Arguments of Foo/get (RFC 8620, 5.1)."""

    properties: Ref[Sequence[str]] | None = None


@record(kw_only=True)
class GetResponse(Generic[T_co]):
    """Response of Foo/get: objects in the order in which they were asked for.

    `state` and `account_id` are "" where the type has none (PushSubscription).
    """

    list: Objects[T_co]
    not_found: IdsFound = forgiving(factory=_no_ids)
    state: str = forgiving(default="")
    account_id: Id = forgiving(default="")


# /changes


@arguments(kw_only=True)
class Changes(Arguments):
    """Arguments of Foo/changes (RFC 8620, 5.2)."""

    since_state: Ref[str] = attrs.field(kw_only=False)
    max_changes: int | None = None

    def check(self) -> None:
        """Refuse a `max_changes` of 0 or less."""
        _check_max_changes(self.max_changes)


def _check_max_changes(value: int | None) -> None:
    # RFC 8620, 5.2: 0 is not "no limit" but invalid.
    if value is not None and value <= 0:
        raise LocalProtocolError(f"max_changes must be greater than 0, not {value}: leave it out")


@record(kw_only=True)
class ChangesResponse:
    """Response of Foo/changes.

    Call again with `new_state` while `has_more_changes`. Apply created, updated, destroyed in this
    order. `updated_properties` (Mailbox, Quota) is None when any property may have changed.
    """

    old_state: str
    new_state: str
    has_more_changes: bool = False
    created: list[Id] = attrs.field(factory=_no_ids)
    updated: list[Id] = attrs.field(factory=_no_ids)
    destroyed: list[Id] = attrs.field(factory=_no_ids)
    updated_properties: list[str] | None = forgiving(default=None)
    account_id: Id = forgiving(default="")


# /set


@arguments(kw_only=True)
class Set(Arguments, Generic[T]):
    """Arguments of Foo/set (RFC 8620, 5.3).

    `create` has objects by creation id, `update` patches by id, with wire paths such as
    `{"keywords/$seen": True}`; `destroy` is one id or many.
    """

    create: Mapping[str, T | Wire] | None = None
    update: Mapping[str, T | Wire] | None = None
    destroy: IdList | ResultReference[list[str]] | None = attrs.field(
        default=None, converter=ids_argument
    )
    if_in_state: Ref[str] | None = None

    kind: ClassVar[type | None] = None
    """The class of the objects, where patches are to be checked by the types of its properties."""

    def check(self) -> None:
        """Refuse what is no id, no creation id or no patch.

        Whether a patch is good must not depend on its id: the planner remembers the patch alone.
        """
        for key in self.create or ():
            check_creation_id(key)
        if self.update:
            check_ids(self.update)
            patch.check_all(self.update.values(), self.kind)
        if isinstance(self.destroy, list):
            check_ids(self.destroy)


def _raise_for(*refused: Mapping[str, SetError]) -> None:
    if not any(refused):
        return  # as good as always
    errors = {key: error for group in refused for key, error in group.items()}
    shown = "; ".join(f"{key}: {error}" for key, error in list(errors.items())[:3])
    more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""
    raise SetFailed(f"the server refused {shorten(shown)}{more}", errors=errors)


@record(kw_only=True)
class SetResponse(Generic[T_co]):
    """Response of Foo/set; the maps are {} when the server sends null or nothing.

    `created` has what the client did not send (the id, server-set properties), by creation id;
    `updated` the same by id, or None. States are None where the server gives none.
    """

    created: dict[str, T_co] = attrs.field(factory=_no_objects)
    updated: dict[Id, T_co | None] = attrs.field(factory=_no_objects)
    destroyed: list[Id] = attrs.field(factory=_no_ids)
    not_created: dict[str, SetError] = attrs.field(factory=_no_errors)
    not_updated: dict[Id, SetError] = attrs.field(factory=_no_errors)
    not_destroyed: dict[Id, SetError] = attrs.field(factory=_no_errors)
    old_state: str | None = forgiving(default=None)
    new_state: str | None = forgiving(default=None)
    account_id: Id = forgiving(default="")

    def raise_for_errors(self) -> None:
        """Raise when the server refused any object.

        Raises:
            SetFailed: with a SetError for each, by creation id or id.
        """
        _raise_for(self.not_created, self.not_updated, self.not_destroyed)


# /copy


@arguments(kw_only=True)
class Copy(Arguments, Generic[T]):
    """Arguments of Foo/copy (RFC 8620, 5.4); each object of `create` has the id of the original."""

    from_account_id: Id = attrs.field(kw_only=False)
    create: Mapping[str, T | Wire]
    if_from_in_state: Ref[str] | None = None
    if_in_state: Ref[str] | None = None
    on_success_destroy_original: bool = False
    destroy_from_if_in_state: Ref[str] | None = None

    def check(self) -> None:
        """Refuse what is no id or no creation id."""
        check_id(self.from_account_id, "account id")
        for key in self.create:
            check_creation_id(key)


@record(kw_only=True)
class CopyResponse(Generic[T_co]):
    """Response of Foo/copy.

    With `on_success_destroy_original`, `on_success` is the response of the implicit Foo/set in the
    account copied from; where that failed, `on_success_error` says why (RFC 8620, 5.4).
    """

    created: dict[str, T_co] = attrs.field(factory=_no_objects)
    not_created: dict[str, SetError] = attrs.field(factory=_no_errors)
    old_state: str | None = forgiving(default=None)
    new_state: str | None = forgiving(default=None)
    from_account_id: Id = forgiving(default="")
    account_id: Id = forgiving(default="")
    on_success: SetResponse[T_co] | None = attrs.field(default=None, metadata=LOCAL)
    on_success_error: MethodError | None = attrs.field(default=None, metadata=LOCAL)

    def raise_for_errors(self) -> None:
        """Raise SetFailed when the server refused any object."""
        _raise_for(self.not_created)


# /query


@arguments(kw_only=True)
class Query(Arguments, Generic[F]):
    """Arguments of Foo/query (RFC 8620, 5.5)."""

    filter: Filter[F] | None = attrs.field(default=None, kw_only=False)
    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=as_sort)
    position: int = 0
    anchor: Ref[Id] | None = None
    anchor_offset: int = 0
    limit: int | None = None
    calculate_total: bool = False

    def check(self) -> None:
        """Refuse a negative `limit`."""
        if self.limit is not None and self.limit < 0:
            raise LocalProtocolError(f"limit must not be negative, like {self.limit}")


@record(kw_only=True)
class QueryResponse:
    """Response of Foo/query; `limit` only where the server set or changed it.

    `malformed` names the members of which something was left out, since it could not be read.
    """

    ids: list[Id]
    query_state: str = forgiving(default="")
    can_calculate_changes: bool = forgiving(default=False)
    position: int = 0
    total: int | None = forgiving(default=None)
    limit: int | None = None
    account_id: Id = forgiving(default="")
    malformed: tuple[str, ...] = attrs.field(default=(), repr=False, metadata=LOCAL)


# /queryChanges


@arguments(kw_only=True)
class QueryChanges(Arguments, Generic[F]):
    """Arguments of Foo/queryChanges (RFC 8620, 5.6): the same filter and sort as the query."""

    since_query_state: Ref[str] = attrs.field(kw_only=False)
    filter: Filter[F] | None = None
    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=as_sort)
    max_changes: int | None = None
    up_to_id: Ref[Id] | None = None
    calculate_total: bool = False

    def check(self) -> None:
        """Refuse a `max_changes` of 0 or less."""
        _check_max_changes(self.max_changes)


@record(kw_only=True)
class AddedItem:
    """An id that came into a query's results, and where (RFC 8620, 5.6)."""

    id: Id
    index: int


@record(kw_only=True)
class QueryChangesResponse:
    """Response of Foo/queryChanges: take out all `removed`, then put in `added` by rising index."""

    old_query_state: str
    new_query_state: str
    total: int | None = forgiving(default=None)
    removed: list[Id] = attrs.field(factory=_no_ids)
    added: list[AddedItem] = attrs.field(factory=list[AddedItem])
    account_id: Id = forgiving(default="")
