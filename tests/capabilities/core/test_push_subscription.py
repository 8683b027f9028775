"""Push subscriptions."""

import pytest

from jmap_async import Client
from jmap_async.capabilities.core.push_subscription import (
    PushKeys,
    PushSubscription,
    PushSubscriptionGet,
    PushSubscriptionSet,
)
from jmap_async.errors import LocalProtocolError

SUBSCRIPTION = PushSubscription(
    device_client_id="a-device",
    url="https://push.example.net/secret-path",
    keys=PushKeys(p256dh="secret-key", auth="secret-auth"),
    verification_code="secret-code",
    types=None,
)


def test_t175_secrets_are_not_shown() -> None:
    """The URL, the keys and the code stay out of logs."""
    assert "secret" not in repr(SUBSCRIPTION)
    assert "secret" not in repr(SUBSCRIPTION.keys)
    assert "a-device" in repr(SUBSCRIPTION)


async def test_t162_url_and_keys_cannot_be_read(client: Client) -> None:
    """They are given once, and asking for them is refused before it is sent."""
    made = await client.push_subscription.set(
        create={"k": PushSubscription(device_client_id="d", url="https://push.example.net/x")}
    )
    made.raise_for_errors()
    read = (await client.push_subscription.get(made.created["k"].id)).list[0]
    assert "url" not in read
    with pytest.raises(LocalProtocolError, match="cannot be read"):
        await client.push_subscription.get(properties=["url"])  # type: ignore[list-item]


async def test_t63_no_account_and_no_state(client: Client) -> None:
    """Subscriptions belong to the credentials, not to an account."""
    response = await client.push_subscription.get()
    assert ("", "") == (response.account_id, response.state)


@pytest.mark.parametrize(
    "arguments",
    [
        PushSubscriptionSet(create={"a b": SUBSCRIPTION}),
        PushSubscriptionSet(update={"": {}}),
        PushSubscriptionSet(destroy=["a b"]),
    ],
)
def test_ids_are_checked(arguments: PushSubscriptionSet) -> None:
    """Ids and creation ids have to be such."""
    with pytest.raises(LocalProtocolError):
        arguments.check()


def test_extension() -> None:
    """What mails to push is said by a capability of its own."""
    needed = {"urn:ietf:params:jmap:emailpush"}
    assert needed == set(PushSubscriptionGet(properties=["emailPush"]).needs())
    assert needed == set(PushSubscriptionSet(update={"P1": {"emailPush": None}}).needs())
    assert set() == set(PushSubscriptionSet(destroy="P1").needs())
