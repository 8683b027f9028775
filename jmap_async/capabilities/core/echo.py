"""Core/echo (RFC 8620, 4)."""

import attrs

from jmap_async.capabilities.facade import DataType, method
from jmap_async.protocol.declaring import arguments
from jmap_async.protocol.standard import Arguments
from jmap_async.protocol.types import Wire


@arguments(kw_only=True)
class Echo(Arguments):
    """Arguments of Core/echo (RFC 8620, 4): whatever shall come back, by wire names."""

    extra: Wire = attrs.field(kw_only=False, alias="arguments", factory=dict[str, object])


class CoreTable(DataType):
    """The methods of Core (RFC 8620, 4)."""

    echo = method("Core/echo", Echo, dict[str, object], takes_account_id=False)
    """Get the arguments back; it shows that the server is there (RFC 8620, 4)."""
