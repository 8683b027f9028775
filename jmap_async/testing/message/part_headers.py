"""The header fields of a body part that an Email/set create describes (RFC 8621, 4.1.4 and 4.6)."""

import re
from typing import Final

import attrs

from jmap_async.testing.checks import is_string
from jmap_async.testing.failures import invalid_properties
from jmap_async.testing.message import compose_headers, identifiers, mime_fields, parameters
from jmap_async.testing.message.tokens import unfold
from jmap_async.testing.types import JSONObject

_TOKEN: Final = re.compile(parameters.TOKEN)
_TYPE: Final = re.compile(r"{0}/{0}".format(r"[A-Za-z0-9!#$&^_.+\-]{1,127}"))
_TAG: Final = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_URI: Final = re.compile(r"[!-~\xa0-\U0010ffff]+")
_CHUNK: Final = 200
_FIELD_OF: Final = {
    **dict.fromkeys(("type", "charset"), "content-type"),
    "disposition": "content-disposition",
    "cid": "content-id",
    "language": "content-language",
    "location": "content-location",
}


@attrs.frozen
class PartHead:
    """What stands above the content of a part.

    `given` is a Content-Type field that the client wrote itself, `others` are the fields other
    than it and the transfer encoding.
    """

    type: str
    parameters: dict[str, str]
    given: str | None
    others: list[str]

    def content_type(self, **more: str) -> str:
        """Return the Content-Type field with more parameters."""
        wanted = self.parameters | more
        if self.given is not None and wanted == self.parameters:
            return self.given
        return _field("Content-Type", self.type, wanted)


def field_in(property: str) -> str:
    """Return the field of a header property in lower case, nothing for any other property."""
    return property.split(":")[1].lower() if property.startswith("header:") else ""


def type_of(spec: JSONObject) -> str | None:
    """Return the type that a part is given in a header field or, else, as a property."""
    for name, value in spec.items():
        if field_in(name) == "content-type" and is_string(value):
            return _declared(value).value
    given = spec.get("type")
    return given.lower() if is_string(given) else None


def _declared(value: str) -> mime_fields.Field:
    """Read a Content-Type that the client wrote; the boundary is the server's business."""
    field = mime_fields.content_type(f"{value}; boundary=_")
    others = {name: text for name, text in field.parameters.items() if name != "boundary"}
    return mime_fields.Field(field.value, others)


def read(spec: JSONObject) -> PartHead:
    """Return the head of a part whose properties have the right types.

    Raises:
        SetFailure: two properties are about the same field, or a field is malformed.
        ValueError: likewise.
    """
    properties = {name: value for name, value in spec.items() if field_in(name)}
    fields = compose_headers.given_fields(properties)
    given = fields.pop("content-type", None)
    _check_twice(spec, {field_in(name) for name in properties})
    if given is not None:
        value = unfold(given.partition(":")[2])
        if "\n" in value:
            raise ValueError("There is more than one Content-Type.")
        parsed = _declared(value)
        type, wanted = parsed.value or "", parsed.parameters
    else:
        type, wanted = _type(spec), _type_parameters(spec)
    head = PartHead(type, wanted, given, [*_content_fields(spec), *fields.values()])
    _field("Content-Type", type, wanted)  # to see that it can be written
    return head


def _check_twice(spec: JSONObject, fields: set[str]) -> None:
    wrong = [n for n, f in _FIELD_OF.items() if f in fields and spec.get(n) is not None]
    carrier = "content-type" if spec.get("disposition") is None else "content-disposition"
    if spec.get("name") is not None and fields & {carrier, "content-disposition"}:
        wrong.append("name")
    if wrong:
        raise invalid_properties(*wrong)


def _type(spec: JSONObject) -> str:
    implied = "text/plain" if spec.get("subParts") is None else "multipart/mixed"
    type: str = spec.get("type", implied)
    if _TYPE.fullmatch(type) is None:
        raise ValueError(type)
    return type.lower()


def _type_parameters(spec: JSONObject) -> dict[str, str]:
    wanted: dict[str, str] = {}
    charset, name = spec.get("charset"), spec.get("name")
    if charset is not None:
        if len(charset) > _CHUNK or _TOKEN.fullmatch(charset) is None:
            raise ValueError(charset)
        wanted["charset"] = charset
    if name is not None and spec.get("disposition") is None:
        wanted["name"] = name
    return wanted


def _content_fields(spec: JSONObject) -> list[str]:
    lines: list[str] = []
    disposition, cid, location = map(spec.get, ("disposition", "cid", "location"))
    if disposition is not None:
        if _TOKEN.fullmatch(disposition) is None:
            raise ValueError(disposition)
        name = spec.get("name")
        names = {} if name is None else {"filename": name}
        lines.append(_field("Content-Disposition", disposition, names))
    if cid is not None:
        lines.append(compose_headers.fold("Content-ID", identifiers.write_message_ids([cid])))
    if spec.get("language"):
        lines.append(compose_headers.fold("Content-Language", _tags(spec["language"])))
    if location is not None:
        lines.append(compose_headers.fold("Content-Location", _uri(location)))
    return lines


def _field(name: str, value: str, wanted: dict[str, str]) -> str:
    """Return a field with parameters."""
    pieces = [value]
    for parameter, text in wanted.items():
        pieces += parameters.write(parameter, text)
    return compose_headers.fold(name, [*(f"{piece};" for piece in pieces[:-1]), pieces[-1]])


def _tags(tags: list[str]) -> list[str]:
    if not all(map(_TAG.fullmatch, tags)):
        raise ValueError(tags)
    return [*(f"{tag}," for tag in tags[:-1]), tags[-1]]


def _uri(uri: str) -> list[str]:
    """Split a URI: the white space in a long one does not count (RFC 2557, 4.4.1)."""
    pieces = [uri[at : at + _CHUNK] for at in range(0, len(uri), _CHUNK)]
    read_again = mime_fields.content_location(" ".join(pieces))
    if _URI.fullmatch(uri) is None or read_again != uri:
        raise ValueError(uri)
    return pieces
