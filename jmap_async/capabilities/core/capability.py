"""The core capability (RFC 8620)."""

from jmap_async.capabilities.core.blob import BlobMethods
from jmap_async.capabilities.core.echo import CoreMethods
from jmap_async.capabilities.core.push_subscription import PushSubscriptionMethods
from jmap_async.capabilities.facade import Capability, data_type


class Core(Capability):
    """What every server has (RFC 8620)."""

    uri = "urn:ietf:params:jmap:core"
    core = data_type(CoreMethods)
    blob = data_type(BlobMethods)
    push_subscription = data_type(PushSubscriptionMethods)
