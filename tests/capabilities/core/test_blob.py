"""Copies of blobs."""

import pytest

from jmap_async import Client
from jmap_async.capabilities.core.blob import BlobCopy, BlobCopyResponse
from jmap_async.errors import LocalProtocolError, SetFailed
from jmap_async.protocol.codec.converter import decoder, unstructure
from jmap_async.testing.server import MemoryServer


async def test_t40_a_blob_is_copied_to_another_account(
    client: Client, server: MemoryServer
) -> None:
    """A blob belongs to one account; a copy has an id in the other one."""
    server.add_account("A2")
    await client.refresh_session()
    blob = await client.upload(b"data", type="text/plain")
    copying = client.account("A2").blob.copy(server.account_id, blob_ids=[blob.blob_id, "nope"])
    response = await copying
    assert [blob.blob_id] == list(response.copied)
    with pytest.raises(SetFailed, match="nope"):
        response.raise_for_errors()


def test_arguments() -> None:
    """The account to copy from has to be one."""
    arguments = BlobCopy("A1", blob_ids="B1")
    assert {"fromAccountId": "A1", "blobIds": ["B1"]} == unstructure(arguments)
    with pytest.raises(LocalProtocolError, match="account id"):
        BlobCopy("", blob_ids=[]).check()


def test_t61_nothing_copied() -> None:
    """The maps may be null."""
    read = decoder(BlobCopyResponse)({"copied": None, "notCopied": None})
    assert {} == read.copied == read.not_copied
    read.raise_for_errors()
