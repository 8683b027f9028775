"""SRV records, asked for by dnspython (RFC 2782).

dnspython takes a fifth as long to import as aiohttp, and most programs name a URL; so this module
is imported where a domain is looked up, and nowhere else.
"""

import asyncio
from typing import Final

import dns.asyncresolver
import dns.exception
from dns.rdtypes.IN.SRV import SRV

from jmap_async.errors import DiscoveryError

_TIMEOUT: Final = 5.0
"""Seconds for the whole query, all its retries included."""


async def srv_records(name: str, resolver: dns.asyncresolver.Resolver | None) -> list[SRV]:
    """Return the SRV records of a name; none if there is no answer.

    Raises DiscoveryError if a resolver of the user's own has a defect.
    """
    try:
        # A resolver of the user's own may have another idea of its lifetime.
        async with asyncio.timeout(_TIMEOUT):
            # Making one reads the system's configuration, a file.
            if resolver is None:
                resolver = await asyncio.to_thread(dns.asyncresolver.Resolver)
            answer = await resolver.resolve(name, "SRV", lifetime=_TIMEOUT, search=False)
        return [record for record in answer if isinstance(record, SRV)]
    except (dns.exception.DNSException, OSError):
        return []
    except Exception as error:
        raise DiscoveryError(
            f"{name} could not be looked up: the resolver failed ({type(error).__name__})"
        ) from error
