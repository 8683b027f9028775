"""Tests of blobs."""

import pytest

from jmap_async.protocol.blob import Blob, decode_blob
from jmap_async.protocol.fields import Malformed

SENT = {"accountId": "A1", "blobId": "G1", "type": "image/jpeg", "size": 3}


def test_t37_an_upload_s_answer_is_read() -> None:
    """Members that no RFC names, such as Cyrus' `expires`, do not matter."""
    expected = Blob(account_id="A1", blob_id="G1", type="image/jpeg", size=3)
    assert expected == decode_blob({**SENT, "expires": "2030-01-01T00:00:00Z"})


@pytest.mark.parametrize("missing", ["blobId", "size"])
def test_what_a_blob_needs_has_to_be_there(missing: str) -> None:
    """Without its id it could not be used."""
    with pytest.raises(Malformed, match=f"a member '{missing}'"):
        decode_blob({name: value for name, value in SENT.items() if name != missing})
