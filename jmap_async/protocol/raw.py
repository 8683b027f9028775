"""The response to a method that was called by its name: a dict, and what came with it."""

from jmap_async.errors import MethodError


class RawResponse(dict[str, object]):
    """The arguments of a response, as on the wire.

    Some methods bring a second response under the same call id (RFC 8620, 5.4; RFC 8621, 7.5):
    `on_success` has its arguments, or `on_success_error` says why what should have followed has
    failed. Both are None where there was none; `repr` shows them.
    """

    on_success: dict[str, object] | None = None
    on_success_error: MethodError | None = None

    def __repr__(self) -> str:
        besides = {
            name: value
            for name in ("on_success", "on_success_error")
            if (value := getattr(self, name)) is not None
        }
        shown = "".join(f", {name}={value!r}" for name, value in besides.items())
        return f"{super().__repr__()}{shown and f' <besides{shown[1:]}>'}"
