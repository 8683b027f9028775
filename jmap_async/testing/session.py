"""The Session object (RFC 8620, 2)."""

import hashlib

import orjson

from jmap_async.testing.store import World
from jmap_async.testing.types import JSONObject


def session_object(world: World, origin: str) -> JSONObject:
    """Return the Session; `origin` is put before its URLs and may be empty."""
    return {
        **_described(world),
        "apiUrl": f"{origin}/jmap/api",
        "downloadUrl": f"{origin}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}",
        "uploadUrl": f"{origin}/jmap/upload/{{accountId}}",
        "eventSourceUrl": (
            f"{origin}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}"
        ),
        "state": session_state(world),
    }


def session_state(world: World) -> str:
    """Return a string that changes with anything that the Session tells but its URLs."""
    return hashlib.sha1(orjson.dumps(_described(world)), usedforsecurity=False).hexdigest()[:16]


def _described(world: World) -> JSONObject:
    return {
        "capabilities": {uri: world.capability_of(uri) for uri in world.capabilities},
        "accounts": {
            account.id: {
                "name": account.name,
                "isPersonal": account.is_personal,
                "isReadOnly": account.is_read_only,
                "accountCapabilities": account.capabilities,
            }
            for account in world.accounts.values()
        },
        "primaryAccounts": world.primary_accounts,
        "username": world.username,
    }
