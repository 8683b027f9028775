"""Getting at the message behind an Email, and the mail limits of an account."""

from typing import Final

from jmap_async.testing.message.content import Content
from jmap_async.testing.store import Account
from jmap_async.testing.types import MAIL, JSONObject

MAX_KEYWORDS: Final = 100


def content_of(account: Account, blob_id: str) -> Content:
    """Return the parsed message of a blob; it is kept, as messages never change."""
    content = account.contents.get(blob_id)
    if content is None:
        content = Content(account.blobs[blob_id].data, account.put_blob)
        account.contents[blob_id] = content
    return content


def mail_limits(account: Account) -> JSONObject:
    """Return the members of the mail capability, and the limit of keywords."""
    return {"maxKeywordsPerEmail": MAX_KEYWORDS, **account.capabilities[MAIL]}
