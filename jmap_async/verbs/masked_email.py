"""Masked addresses: their methods, and the verbs built on them."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.masked_email.masked_email import (
    MaskedEmail,
    MaskedEmailProperty,
    MaskedEmailState,
    MaskedEmailTable,
)
from jmap_async.protocol.ids import IdLike, as_id
from jmap_async.verbs.creating import created, merged
from jmap_async.verbs.reading import GetVerbs


class MaskedEmailMethods(MaskedEmailTable, GetVerbs[MaskedEmail, MaskedEmailProperty]):
    """Masked addresses: their methods, and the verbs built on them."""

    async def create(
        self,
        *,
        for_domain: str = "",
        description: str = "",
        url: str | None = None,
        email_prefix: str | None = None,
        state: MaskedEmailState = "enabled",
    ) -> MaskedEmail:
        """Create a masked address and return it.

        Raises:
            SetFailed: the server refused it.
        """
        sent: dict[str, object] = {
            "state": state,
            "forDomain": for_domain,
            "description": description,
            "url": url,
        }
        if email_prefix is not None:
            sent["emailPrefix"] = email_prefix
        # RFC 8620, 5.3: the server sends back only what the client does not know.
        answer = created(await self.set(create={"masked": sent}), "masked")
        return merged(MaskedEmail, sent, answer)

    async def enable(self, id: IdLike) -> None:
        """Let mail to a masked address arrive; raises SetFailed."""
        await self._change(id, "enabled")

    async def disable(self, id: IdLike) -> None:
        """Send mail to a masked address to the trash; raises SetFailed."""
        await self._change(id, "disabled")

    async def delete(self, id: IdLike) -> None:
        """Let mail to a masked address bounce; raises SetFailed.

        The address stays in the list and can be enabled again.
        """
        await self._change(id, "deleted")

    async def _change(self, id: IdLike, state: MaskedEmailState) -> None:
        response = await self.set(update={as_id(id): {"state": state}})
        response.raise_for_errors()


class MaskedEmails(Capability):
    """Masked addresses, as Fastmail has them."""

    uri = "https://www.fastmail.com/dev/maskedemail"
    masked_email = data_type(MaskedEmailMethods)
