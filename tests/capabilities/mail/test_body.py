"""Body parts and their text."""

from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.protocol.codec.converter import decoder, unstructure


def test_parts_may_be_nested() -> None:
    """A multipart part has parts."""
    read = decoder(EmailBodyPart)(
        {"partId": None, "type": "multipart/mixed", "subParts": [{"partId": "1"}]}
    )
    assert read.sub_parts is not None
    assert EmailBodyPart(part_id="1") == read.sub_parts[0]


def test_t120_a_value_says_when_it_is_not_whole() -> None:
    """What was cut or damaged is told."""
    read = decoder(EmailBodyValue)({"value": "Hel", "isTruncated": True})
    assert read.is_truncated
    assert {"value": "x"} == unstructure(EmailBodyValue(value="x"))


def test_t123_a_part_of_no_multipart_has_an_id() -> None:
    """`part_id` and `blob_id` are null for multipart types only."""
    read = decoder(EmailBodyPart)({"partId": None, "blobId": None, "type": "multipart/mixed"})
    assert None is read.part_id
    assert None is read.blob_id
