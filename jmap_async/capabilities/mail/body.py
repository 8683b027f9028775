"""The body of a message: its parts and their text (RFC 8621, 4.1.4)."""

from typing import Final, Literal

import attrs

from jmap_async.capabilities.inputs import as_message_id
from jmap_async.capabilities.mail.headers import BodyPartHeaderProperty, EmailHeader, HeaderProperty
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.types import ABSENT, Id

BodyProperty = (
    Literal[
        "partId",
        "blobId",
        "size",
        "headers",
        "name",
        "type",
        "charset",
        "disposition",
        "cid",
        "language",
        "location",
        "subParts",
    ]
    | BodyPartHeaderProperty
    | HeaderProperty
)
"""What `body_properties` may ask for; for any other header field there is `header()`."""


@data_object
@declared(kw_only=True)
class EmailBodyPart(DataObject):
    """A part of a message (RFC 8621, 4.1.4).

    To create one, give `part_id`, a key of the Email's `body_values`, or the `blob_id` of uploaded
    content, or, for a multipart type, `sub_parts`. The server chooses charset and encoding.
    """

    part_id: str | None = ABSENT
    blob_id: Id | None = ABSENT
    size: int = ABSENT
    headers: list[EmailHeader] = ABSENT
    name: str | None = ABSENT
    type: str = ABSENT
    charset: str | None = ABSENT
    disposition: str | None = ABSENT
    cid: str | None = attrs.field(
        default=ABSENT, converter=attrs.converters.optional(as_message_id)
    )
    language: list[str] | None = ABSENT
    location: str | None = ABSENT
    sub_parts: "list[EmailBodyPart] | None" = ABSENT


@data_object
@declared(kw_only=True)
class EmailBodyValue(DataObject):
    """The text of a part (RFC 8621, 4.1.4).

    Where `is_truncated`, only the beginning came; where `is_encoding_problem`, parts were lost.
    """

    value: str = ABSENT
    is_encoding_problem: bool = ABSENT
    is_truncated: bool = ABSENT


USUAL_BODY_PROPERTIES: Final = (
    "partId",
    "blobId",
    "size",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
)
"""What comes of each part where `body_properties` are not given (RFC 8621, 4.2)."""

PART_FIELDS: Final = {
    "name": "content-disposition",
    "type": "content-type",
    "charset": "content-type",
    "disposition": "content-disposition",
    "cid": "content-id",
    "language": "content-language",
    "location": "content-location",
}
"""Properties of a part that stand for header fields, and these fields in lower case."""
