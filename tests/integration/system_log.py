"""Reading what a server writes to the system log, on machines where nobody else does."""

import socket
import threading
from collections import deque
from pathlib import Path
from typing import Final, Self

_SOCKET: Final = Path("/dev/log")


class SystemLog:
    """The last lines sent to the system log while this context is open.

    Cyrus explains a failed start only there. Where a log daemon runs already, its socket is left
    alone and `finish` says so.
    """

    def __init__(self) -> None:
        """Prepare to listen; nothing happens before the context is entered."""
        self._lines: deque[str] = deque(maxlen=50)
        self._socket: socket.socket | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        """Listen on the system log's socket if nobody does."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            listener.bind(str(_SOCKET))
        except OSError:
            listener.close()
            return self
        _SOCKET.chmod(0o666)
        self._socket = listener
        # A thread, since a writer waits when nobody reads.
        self._reader.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop listening and remove the socket."""
        self.finish()

    def finish(self) -> str:
        """Stop listening and return the lines that came, or where else to look for them."""
        if self._socket is None:
            return "the reason is in the system log of this machine: look for 'cyrus' and 'master'"
        if self._socket.fileno() != -1:
            _SOCKET.unlink(missing_ok=True)
            # The reader still gets what was sent before, then the end.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._reader.join()
            self._socket.close()
        return "\n".join(self._lines) or "nothing was written to the system log"

    def _read(self) -> None:
        assert self._socket is not None
        while line := self._socket.recv(65536):
            self._lines.append(line.decode(errors="replace"))
