"""The core capability (RFC 8620)."""

from jmap_async.capabilities.core.blob import BlobTable
from jmap_async.capabilities.core.echo import CoreTable
from jmap_async.capabilities.core.push_subscription import (
    PushSubscription,
    PushSubscriptionProperty,
    PushSubscriptionTable,
)
from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.verbs.reading import GetVerbs


class PushSubscriptionMethods(
    PushSubscriptionTable, GetVerbs[PushSubscription, PushSubscriptionProperty]
):
    """Push subscriptions: their methods, and the verbs built on them."""


class Core(Capability):
    """What every server has (RFC 8620)."""

    uri = "urn:ietf:params:jmap:core"
    core = data_type(CoreTable)
    blob = data_type(BlobTable)
    push_subscription = data_type(PushSubscriptionMethods)
