"""Trials: calls that are told apart after a failure, and how the parts have fared."""

from typing import Final

from jmap_async.protocol.declaring import state


@state(eq=False)
class Trial:
    """Units that are replayed apart from all others; parts of one division share the counts."""

    counts: "Division"


@state(eq=False)
class Division:
    """How the parts of a division have fared; those that `failed_alone` had one caller."""

    failures: int = 0
    failed_alone: int = 0
    successes: int = 0

    @property
    def hopeless(self) -> bool:
        """Tell whether so many calls failed alone, and nothing worked, that no call is to blame."""
        return self.failed_alone >= _HOPELESS and not self.successes

    @property
    def silent(self) -> bool:
        """Tell whether so many parts failed, and nothing worked, that the server is to blame."""
        return self.failures >= _SILENT and not self.successes


# More than anybody has reason to get wrong in a row.
_HOPELESS: Final = 20


# Deep enough to find a culprit among hundreds of calls before any part has succeeded.
_SILENT: Final = 10
