"""URI templates of level 1, as the session's URLs use them (RFC 8620, 2; RFC 6570, 1.2)."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from jmap_async.errors import LocalProtocolError

_EXPRESSION: Final = r"\{([^{}]*)\}"


def expand(template: str, variables: Mapping[str, str]) -> str:
    """Replace each `{name}` by its variable, percent-encoded; an unknown name becomes "".

    Everything but A-Z a-z 0-9 - . _ ~ is encoded as UTF-8, "/" included (RFC 6570, 3.2.2).

    Raises:
        LocalProtocolError: a variable holds what UTF-8 cannot.
    """
    try:
        return re.sub(
            _EXPRESSION, lambda found: quote(variables.get(found[1], ""), safe=""), template
        )
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{error.object!r:.80} cannot be part of a URL") from error
