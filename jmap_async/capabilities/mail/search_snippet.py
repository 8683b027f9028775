"""SearchSnippet: where an Email matches a search (RFC 8621, 5)."""

from collections.abc import Iterable

import attrs

from jmap_async.capabilities.extensions import needed
from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import as_id_list
from jmap_async.capabilities.mail.email import EXTENSIONS
from jmap_async.capabilities.mail.email_query import EmailFilter, check_filter, condition_names
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.filters import Filter
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import Arguments, GetResponse, IdList
from jmap_async.protocol.types import ABSENT, Id


@data_object
@declared(kw_only=True)
class SearchSnippet(DataObject):
    """Parts of an Email with `<mark>` around what was searched for (RFC 8621, 5).

    Both are HTML made from what strangers wrote: sanitise before showing them. Both are None when
    nothing matched.
    """

    email_id: Id = ABSENT
    subject: str | None = ABSENT
    preview: str | None = ABSENT


@arguments(kw_only=True)
class SearchSnippetGet(Arguments):
    """Arguments of SearchSnippet/get (RFC 8621, 5.1): the same filter as in Email/query."""

    email_ids: IdList | ResultReference[list[str]] = attrs.field(
        kw_only=False, converter=as_id_list
    )
    filter: Filter[EmailFilter] | None = None

    def check(self) -> None:
        check_filter(self.filter)

    def needs(self) -> Iterable[str]:
        return needed(EXTENSIONS, condition_names(self.filter))


class SearchSnippetTable(DataType):
    """The method of SearchSnippet (RFC 8621, 5)."""

    get = method("SearchSnippet/get", SearchSnippetGet, GetResponse[SearchSnippet])
    """Fetch snippets of the Emails that a query found (RFC 8621, 5.1)."""
