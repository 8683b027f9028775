"""Blobs, as every server has them: Blob/copy (RFC 8620, 6)."""

import attrs

from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import as_id_list
from jmap_async.errors import SetError
from jmap_async.protocol.declaring import arguments, record
from jmap_async.protocol.fields import forgiving
from jmap_async.protocol.ids import check_id
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import Arguments, IdList, SetResponse
from jmap_async.protocol.types import Id


@arguments(kw_only=True)
class BlobCopy(Arguments):
    """Arguments of Blob/copy (RFC 8620, 6.3)."""

    from_account_id: Id = attrs.field(kw_only=False)
    blob_ids: IdList | ResultReference[list[str]] = attrs.field(converter=as_id_list)

    def check(self) -> None:
        check_id(self.from_account_id, "account id")


@record(kw_only=True)
class BlobCopyResponse:
    """Response of Blob/copy; `copied` maps the ids of the blobs to those of their copies."""

    copied: dict[Id, Id] = attrs.field(factory=dict[str, str])
    not_copied: dict[Id, SetError] = attrs.field(factory=dict[str, SetError])
    from_account_id: Id = forgiving(default="")
    account_id: Id = forgiving(default="")

    def raise_for_errors(self) -> None:
        """Raise SetFailed when the server refused any blob."""
        SetResponse[object](not_created=self.not_copied).raise_for_errors()


class BlobTable(DataType):
    """The methods of Blob that every server has (RFC 8620, 6)."""

    copy = method("Blob/copy", BlobCopy, BlobCopyResponse)
    """Copy blobs from another account (RFC 8620, 6.3)."""
