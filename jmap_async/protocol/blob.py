"""Blobs: binary data by reference (RFC 8620, 6)."""

import os
from collections.abc import AsyncIterable
from typing import Union, cast

from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import forgiving
from jmap_async.protocol.types import Id

BlobSource = Union[bytes, "os.PathLike[str]", AsyncIterable[bytes]]
"""What can be uploaded: bytes, a file by its path, or chunks as they come."""


@record(kw_only=True)
class Blob:
    """An uploaded blob (RFC 8620, 6.1); `size` is in octets, `type` may be normalised."""

    blob_id: Id
    type: str = forgiving(default="")
    size: int
    account_id: Id = forgiving(default="")


def decode_blob(value: object) -> Blob:
    """Read the answer to an upload.

    Raises:
        Malformed: it is none.
    """
    return cast("Blob", decoder(Blob)(value))
