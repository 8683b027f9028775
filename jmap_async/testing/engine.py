"""One Request in, one Response out, without I/O (RFC 8620, 3.3 to 3.7)."""

from jmap_async.protocol import pointer
from jmap_async.testing.checks import is_object, is_string, list_of
from jmap_async.testing.failures import MethodFailure, RequestFailure
from jmap_async.testing.methods import Call, Method
from jmap_async.testing.registry import METHODS
from jmap_async.testing.session import session_state
from jmap_async.testing.store import Account, World
from jmap_async.testing.types import JSONObject

Response = tuple[str, JSONObject, str]


def process(world: World, request: object, *, credential: str = "") -> JSONObject:
    """Carry out a Request and return the Response.

    `credential` names whoever asks: push subscriptions belong to it.

    Raises:
        RequestFailure: the request as a whole is refused; nothing was done.
    """
    checked = _check(world, request)
    run = _Run(
        world, frozenset(checked["using"]), dict(checked.get("createdIds") or {}), credential
    )
    for name, arguments, call_id in checked["methodCalls"]:
        run.call(name, arguments, call_id)
    response: JSONObject = {
        "methodResponses": [list(response) for response in run.responses],
        "sessionState": session_state(world),
    }
    # RFC 8620, 3.4: only when it was given in the request.
    if checked.get("createdIds") is not None:
        response["createdIds"] = run.creation_ids
    return response


def _check(world: World, request: object) -> JSONObject:
    if not is_object(request) or not _is_request(request):
        raise RequestFailure("notRequest", "The body is JSON but no JMAP Request object.")
    for capability in request["using"]:
        if capability not in world.capabilities:
            raise RequestFailure("unknownCapability", f"There is no capability {capability!r}.")
    if len(request["methodCalls"]) > world.limits.max_calls_in_request:
        raise RequestFailure("limit", "Too many method calls.", limit="maxCallsInRequest")
    return request


def _is_request(request: JSONObject) -> bool:
    calls, created = request.get("methodCalls"), request.get("createdIds")
    return (
        list_of(is_string)(request.get("using"))
        and list_of(_is_invocation)(calls)
        and (created is None or (is_object(created) and all(map(is_string, created.values()))))
    )


def _is_invocation(value: object) -> bool:
    match value:
        case [str(), dict(), str()]:
            return True
        case _:
            return False


class _Run:
    """The state of one request: its creation ids, and the responses so far."""

    def __init__(
        self, world: World, using: frozenset[str], creation_ids: dict[str, str], credential: str
    ) -> None:
        self.world = world
        self.using = using
        self.creation_ids = creation_ids
        self.credential = credential
        self.responses: list[Response] = []

    def call(self, name: str, arguments: JSONObject, call_id: str) -> None:
        """Run one method call, and the implicit calls that follow from it."""
        self.world.invocations += 1
        self._respond(name, arguments, call_id)

    def _respond(self, name: str, arguments: JSONObject, call_id: str) -> None:
        try:
            result, implicit = self._execute(name, arguments)
        except MethodFailure as failure:
            self.responses.append(("error", failure.to_wire(), call_id))
            return
        self.responses.append((name, result, call_id))
        for implicit_name, implicit_arguments in implicit:
            self._respond(implicit_name, implicit_arguments, call_id)

    def _execute(
        self, name: str, arguments: JSONObject
    ) -> tuple[JSONObject, list[tuple[str, JSONObject]]]:
        method = METHODS.get(name)
        # RFC 8620, 3.3: what is not in `using` does not exist.
        if method is None or method.capability not in self.using:
            raise MethodFailure("unknownMethod", f"There is no method {name!r} with this `using`.")
        resolved = self._resolve(arguments)
        if name == "Core/echo":
            return resolved, []
        known = method.read(resolved)
        call = Call(
            world=self.world,
            using=self.using,
            creation_ids=self.creation_ids,
            credential=self.credential,
            current=self._account(method, known) if method.takes_account else None,
        )
        return method.handler(call, known), call.implicit

    def _account(self, method: Method, arguments: JSONObject) -> Account:
        account = self.world.accounts.get(arguments["accountId"])
        if account is None:
            raise MethodFailure("accountNotFound", f"No account {arguments['accountId']!r}.")
        # Blob/copy belongs to core, which every account has (RFC 9404, 4).
        if method.capability not in account.capabilities:
            raise MethodFailure(
                "accountNotSupportedByMethod", f"The account has no {method.capability}."
            )
        if method.writes and account.is_read_only:
            raise MethodFailure("accountReadOnly", f"The account {account.id!r} is read-only.")
        return account

    def _resolve(self, arguments: JSONObject) -> JSONObject:
        """Replace the result references among the arguments (RFC 8620, 3.7)."""
        resolved: JSONObject = {}
        for name, value in arguments.items():
            if not name.startswith("#"):
                resolved[name] = value
            elif name[1:] in arguments:
                raise MethodFailure(
                    "invalidArguments", f"Both {name[1:]!r} and {name!r} are given."
                )
            else:
                resolved[name[1:]] = self._look_up(name, value)
        return resolved

    def _look_up(self, name: str, reference: object) -> object:
        match reference:
            case {"resultOf": str(result_of), "name": str(method), "path": str(path)}:
                pass
            case _:
                raise MethodFailure("invalidArguments", f"{name!r} holds no ResultReference.")
        first = next((r for r in self.responses if r[2] == result_of), None)
        if first is None or first[0] != method:
            raise MethodFailure(
                "invalidResultReference", f"{name!r}: no {method} response to call {result_of!r}."
            )
        try:
            return pointer.resolve(first[1], path)
        except pointer.PointerError as error:
            raise MethodFailure("invalidResultReference", f"{name!r}: {error}.") from error
