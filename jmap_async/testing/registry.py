"""Every method that the server knows, by name."""

from collections.abc import Mapping
from typing import Final

from jmap_async.testing.data_types import (
    email_methods,
    identity,
    mailbox,
    masked_email,
    push_subscription,
    submission,
)
from jmap_async.testing.methods import Method
from jmap_async.testing.standard import copying
from jmap_async.testing.types import CORE

METHODS: Final[Mapping[str, Method]] = {
    # Core/echo has whatever arguments it is given (RFC 8620, 4): the engine answers it.
    "Core/echo": Method(
        capability=CORE, arguments={}, handler=lambda call, given: given, takes_account=False
    ),
    **copying.METHODS,
    **push_subscription.METHODS,
    **mailbox.METHODS,
    **email_methods.METHODS,
    **identity.METHODS,
    **submission.METHODS,
    **masked_email.METHODS,
}
