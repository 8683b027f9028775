"""Tests of the way from an Email to its message."""

from jmap_async.testing.data_types.messages import content_of, mail_limits
from tests.testing.model import Model


def test_a_message_is_parsed_once(model: Model) -> None:
    """Blobs never change, so the result is kept."""
    account = model.server.world.accounts["A1"]
    blob_id = account.put_blob(b"Subject: Hi\r\n\r\n")
    assert "Hi" == content_of(account, blob_id).value("subject")
    assert content_of(account, blob_id) is content_of(account, blob_id)


def test_limits_come_from_the_account(model: Model) -> None:
    """What the account announces is what holds."""
    account = model.server.world.accounts["A1"]
    assert 100 == mail_limits(account)["maxMailboxesPerEmail"]
