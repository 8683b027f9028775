"""Reading SetErrors: however malformed one is, that the server refused something is never lost.

`decoder` comes from converter.py, which asks for this function.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import attrs

from jmap_async.errors import SetError, brief
from jmap_async.protocol.codec.records import MakeDecoder, record_decoder
from jmap_async.protocol.fields import Malformed

# RFC 8620, 5.3: it has to have one.
_UNKNOWN_TYPE: Final = "serverFail"

Read = Callable[[Any], SetError]


def set_error_decoder(decoder: MakeDecoder) -> Callable[..., SetError]:
    """Return the structure hook of SetErrors, which refuses nothing."""
    read = record_decoder(SetError, decoder)

    def structure(value: object, _: object = None) -> SetError:
        try:
            return read(value, None)
        except Malformed:
            return _read_in_parts(value, lambda members: read(members, None))

    return structure


def _read_in_parts(value: object, read: Read) -> SetError:
    """Read each member by itself; what is malformed goes to `extra`."""
    if not isinstance(value, dict):
        said = "the server gave no reason" if value is None else f"the server said {brief(value)}"
        return SetError(type=_UNKNOWN_TYPE, description=said)
    fitting: dict[str, object] = {"type": _UNKNOWN_TYPE}
    odd: dict[str, object] = {}
    for name, item in cast("dict[str, object]", value).items():
        try:
            read({**fitting, name: item})
            fitting[name] = item
        except Malformed:
            odd[name] = item
    error = read(fitting)
    return attrs.evolve(error, extra={**error.extra, **odd})
