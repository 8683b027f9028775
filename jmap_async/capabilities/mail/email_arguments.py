"""Arguments and responses of the methods of Email (RFC 8621, 4.2 to 4.9)."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import ClassVar, TypedDict

import attrs

from jmap_async.capabilities.extensions import needed
from jmap_async.capabilities.inputs import as_id_list, items
from jmap_async.capabilities.mail.body import USUAL_BODY_PROPERTIES, BodyProperty
from jmap_async.capabilities.mail.email import (
    EXTENSIONS,
    PARSED_PROPERTIES,
    PROPERTIES_OF_PARTS,
    USUAL_PROPERTIES,
    Email,
    EmailImport,
    EmailProperty,
)
from jmap_async.capabilities.mail.email_query import (
    EmailFilter,
    as_email_sort,
    check_filter,
    check_sort,
    condition_names,
)
from jmap_async.capabilities.mail.email_rules import check_creation, check_updates
from jmap_async.capabilities.mail.headers import check_properties
from jmap_async.errors import LocalProtocolError, SetError
from jmap_async.protocol.codec.asking import Asked, asked_of
from jmap_async.protocol.declaring import arguments, record
from jmap_async.protocol.fields import forgiving, named
from jmap_async.protocol.filters import Comparator
from jmap_async.protocol.ids import check_creation_id
from jmap_async.protocol.references import Ref, ResultReference
from jmap_async.protocol.standard import (
    ALWAYS,
    Arguments,
    ByIds,
    IdList,
    Query,
    QueryChanges,
    Set,
    SetResponse,
)
from jmap_async.protocol.types import Id, Wire


@arguments(kw_only=True)
class EmailGet(ByIds):
    """Arguments of Email/get (RFC 8621, 4.2).

    `body_values` of the Emails are empty unless one of `fetch_text_body_values`,
    `fetch_html_body_values` and `fetch_all_body_values` is true; they are cut to
    `max_body_value_bytes` octets, 0 for no limit. `body_properties` are those of each part.
    """

    properties: Sequence[EmailProperty] | ResultReference[Sequence[str]] | None = None
    body_properties: Sequence[BodyProperty] | ResultReference[Sequence[str]] | None = None
    fetch_text_body_values: bool = False
    fetch_html_body_values: bool = named("fetchHTMLBodyValues", default=False)
    fetch_all_body_values: bool = False
    max_body_value_bytes: int = 0

    def check(self) -> None:
        super().check()
        _check_fetched(self)

    def needs(self) -> Iterable[str]:
        return needed(EXTENSIONS, items(self.properties)) if self.properties else ()

    def asked(
        self, usual: tuple[str, ...] = USUAL_PROPERTIES, *, always: tuple[str, ...] = ALWAYS
    ) -> Asked | None:
        names, of_parts = self.properties, self.body_properties
        if isinstance(names, ResultReference) or isinstance(of_parts, ResultReference):
            return None
        return _asked(
            None if names is None else tuple(names),
            None if of_parts is None else tuple(of_parts),
            usual,
            always,
        )


class EmailFetch(TypedDict, total=False):
    """What to fetch of each Email: the arguments of Email/get but the ids."""

    properties: Sequence[EmailProperty] | None
    body_properties: Sequence[BodyProperty] | None
    fetch_text_body_values: bool
    fetch_html_body_values: bool
    fetch_all_body_values: bool
    max_body_value_bytes: int


@arguments(kw_only=True)
class EmailQuery(Query[EmailFilter]):
    """Arguments of Email/query (RFC 8621, 4.4).

    With `collapse_threads` only the first Email of each thread is found, and counted.
    """

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=as_email_sort)
    collapse_threads: bool = False

    def check(self) -> None:
        super().check()
        check_filter(self.filter)
        check_sort(self.sort)

    def needs(self) -> Iterable[str]:
        return needed(EXTENSIONS, condition_names(self.filter)) if self.filter else ()


@arguments(kw_only=True)
class EmailQueryChanges(QueryChanges[EmailFilter]):
    """Arguments of Email/queryChanges (RFC 8621, 4.5): the same as those of the query."""

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=as_email_sort)
    collapse_threads: bool = False

    def check(self) -> None:
        super().check()
        check_filter(self.filter)
        check_sort(self.sort)

    def needs(self) -> Iterable[str]:
        return needed(EXTENSIONS, condition_names(self.filter)) if self.filter else ()


@arguments(kw_only=True)
class EmailSet(Set[Email]):
    """Arguments of Email/set (RFC 8621, 4.6)."""

    kind: ClassVar[type | None] = Email

    def check(self) -> None:
        super().check()
        if self.create:
            for key, email in self.create.items():
                check_creation(key, email)
        if self.update:
            check_updates(self.update)


@arguments(kw_only=True)
class EmailImports(Arguments):
    """Arguments of Email/import (RFC 8621, 4.8): messages to import, by creation id."""

    emails: Mapping[str, EmailImport | Wire] = attrs.field(kw_only=False)
    if_in_state: Ref[str] | None = None

    def check(self) -> None:
        for key in self.emails:
            check_creation_id(key)


@record(kw_only=True)
class EmailImportResponse:
    """Response of Email/import; `created` has ids and sizes of what was imported.

    A SetError "alreadyExists" has the id of the Email that is there as `existing_id`.
    """

    created: dict[str, Email] = attrs.field(factory=dict[str, Email])
    not_created: dict[str, SetError] = attrs.field(factory=dict[str, SetError])
    old_state: str | None = forgiving(default=None)
    new_state: str | None = forgiving(default=None)
    account_id: Id = forgiving(default="")

    def raise_for_errors(self) -> None:
        """Raise SetFailed when the server refused any message."""
        SetResponse[Email](not_created=self.not_created).raise_for_errors()


@arguments(kw_only=True)
class EmailParse(Arguments):
    """Arguments of Email/parse (RFC 8621, 4.9); all but `blob_ids` are those of Email/get."""

    blob_ids: IdList | ResultReference[list[str]] = attrs.field(kw_only=False, converter=as_id_list)
    properties: Sequence[EmailProperty] | ResultReference[Sequence[str]] | None = None
    body_properties: Sequence[BodyProperty] | ResultReference[Sequence[str]] | None = None
    fetch_text_body_values: bool = False
    fetch_html_body_values: bool = named("fetchHTMLBodyValues", default=False)
    fetch_all_body_values: bool = False
    max_body_value_bytes: int = 0

    def check(self) -> None:
        _check_fetched(self)

    def needs(self) -> Iterable[str]:
        return needed(EXTENSIONS, items(self.properties)) if self.properties else ()

    def note_asked(self, response: "EmailParseResponse") -> None:
        """Note with the Emails what was asked for."""
        fetched = EmailGet(properties=self.properties, body_properties=self.body_properties)
        with suppress(TypeError):  # the names were none, and the server does not mind
            if asked := fetched.asked(PARSED_PROPERTIES, always=()):
                asked.note(response.parsed.values())


@record(kw_only=True)
class EmailParseResponse:
    """Response of Email/parse: the messages, by blob id; they have no id, mailboxes or keywords."""

    parsed: dict[Id, Email] = attrs.field(factory=dict[str, Email])
    not_parsable: list[Id] = attrs.field(factory=list[str])
    not_found: list[Id] = attrs.field(factory=list[str])
    account_id: Id = forgiving(default="")


@lru_cache(maxsize=64)
def _asked(
    names: tuple[str, ...] | None,
    of_parts: tuple[str, ...] | None,
    usual: tuple[str, ...],
    always: tuple[str, ...],
) -> Asked:
    """Return what is asked for of each Email, and of the parts in it."""
    in_parts: dict[str, Asked] = {}
    parts = asked_of(of_parts, USUAL_BODY_PROPERTIES)
    parts = attrs.evolve(parts, argument="body_properties", nested=in_parts)
    in_parts["subParts"] = parts
    nested = dict.fromkeys(PROPERTIES_OF_PARTS, parts)
    return attrs.evolve(asked_of(names, usual, always), nested=nested)


def _check_fetched(arguments: EmailGet | EmailParse) -> None:
    if arguments.properties is not None:
        check_properties(arguments.properties)
    if arguments.body_properties is not None:
        check_properties(arguments.body_properties)
    if arguments.max_body_value_bytes < 0:
        raise LocalProtocolError("max_body_value_bytes must not be negative; 0 means no limit")
