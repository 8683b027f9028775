"""The message that an Email/set create describes, as bytes (RFC 8621, 4.6)."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final

from jmap_async.testing.checks import (
    Check,
    is_object,
    is_string,
    is_unsigned,
    list_of,
    nullable,
)
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.message import compose_headers, entities, part_headers
from jmap_async.testing.message.entities import Entity
from jmap_async.testing.message.part_headers import PartHead, field_in
from jmap_async.testing.store import Blob
from jmap_async.testing.types import JSONObject

FindBlob = Callable[[str], Blob | None]
_LISTS: Final = ("textBody", "htmlBody", "attachments")
_MAX_DEPTH: Final = 40
_NULLABLE_STRINGS: Final = ("partId", "blobId", "name", "charset", "disposition", "cid", "location")
_PART_PROPERTIES: Final[Mapping[str, Check]] = {
    **dict.fromkeys(_NULLABLE_STRINGS, nullable(is_string)),
    "type": is_string,
    "size": is_unsigned,
    "language": nullable(list_of(is_string)),
    "subParts": nullable(list_of(is_object)),
}


def compose(values: JSONObject, find_blob: FindBlob, *, now: datetime, message_id: str) -> bytes:
    """Return the message; a missing Date or Message-ID is generated.

    Raises:
        SetFailure: "invalidProperties" or "blobNotFound".
    """
    structure = values.get("bodyStructure")
    others = set(map(field_in, structure)) if is_object(structure) else set[str]()
    fields = compose_headers.message_fields(values, now=now, message_id=message_id, others=others)
    body = _Body(values.get("bodyValues") or {}, find_blob)
    return compose_headers.join(fields) + body.build(values, fields).to_bytes()


class _Body:
    """Builds the body parts; every blob that is missing is reported, not only the first."""

    def __init__(self, body_values: JSONObject, find_blob: FindBlob) -> None:
        self._values = body_values
        self._find_blob = find_blob
        self._missing: list[str] = []

    def build(self, values: JSONObject, fields: Collection[str]) -> Entity:
        """Return the body of the message with its content headers."""
        self._check_values()
        structure = values.get("bodyStructure")
        if structure is None:
            built = self._from_lists(values)
        else:
            if any(values.get(name) is not None for name in _LISTS):
                raise invalid_properties("bodyStructure", *_LISTS)
            built = self._part(structure, "bodyStructure", fields)
        if self._missing:
            missing = list(dict.fromkeys(self._missing))
            raise SetFailure("blobNotFound", "Some blobs do not exist.", notFound=missing)
        return built

    def _check_values(self) -> None:
        for value in self._values.values():
            if (
                not is_object(value)
                or not is_string(value.get("value"))
                or value.get("isEncodingProblem", False) is not False
                or value.get("isTruncated", False) is not False
                or value.keys() - {"value", "isEncodingProblem", "isTruncated"}
            ):
                raise invalid_properties("bodyValues")

    def _from_lists(self, values: JSONObject) -> Entity:
        texts = [
            self._only(values, name, type)
            for name, type in (("textBody", "text/plain"), ("htmlBody", "text/html"))
            if values.get(name) is not None
        ]
        body = texts if len(texts) < 2 else [_multipart("multipart/alternative", texts)]
        attachments = [self._part(_attached(spec)) for spec in values.get("attachments") or ()]
        if attachments:
            return _multipart("multipart/mixed", [*body, *attachments])
        return body[0] if body else Entity(["Content-Type: text/plain"], b"")

    def _only(self, values: JSONObject, name: str, type: str) -> Entity:
        parts: list[JSONObject] = values[name]
        if len(parts) != 1 or part_headers.type_of(parts[0]) not in (None, type):
            raise invalid_properties(name, description=f"It has exactly one {type} part.")
        is_said = part_headers.type_of(parts[0]) is not None
        return self._part(parts[0] if is_said else {"type": type, **parts[0]}, name)

    def _part(
        self, spec: object, where: str = "attachments", fields: Collection[str] = (), depth: int = 0
    ) -> Entity:
        if not is_object(spec) or depth > _MAX_DEPTH:
            raise invalid_properties(where, description="It is no body part, or too deep inside.")
        self._check(spec, where, fields)
        try:
            head = part_headers.read(spec)
        except (SetFailure, ValueError) as error:
            raise invalid_properties(where, description="A header of a part is wrong.") from error
        is_multipart = head.type.startswith("multipart/")
        part_id, blob_id, inside = map(spec.get, ("partId", "blobId", "subParts"))
        if sum((part_id is not None, blob_id is not None, is_multipart)) != 1 or (
            inside and not is_multipart
        ):
            raise invalid_properties(
                where, description="A part has a partId or a blobId, a multipart has parts inside."
            )
        if not is_multipart:
            return self._leaf(spec, head)
        parts = [self._part(sub, where, (), depth + 1) for sub in inside or ()]
        return _multipart(head.type, parts, head)

    def _check(self, spec: JSONObject, where: str, fields: Collection[str]) -> None:
        """Hold the properties of a part against the rules of RFC 8621, 4.6."""
        for name, value in spec.items():
            field = field_in(name)
            known = _PART_PROPERTIES.get(name)
            if not field and (known is None or not known(value)):
                raise invalid_properties(where, description=f"{name!r} of a part is wrong.")
            if field == "content-transfer-encoding" or field in fields:
                raise invalid_properties(where, description=f"{name!r} is not allowed here.")
        part_id = spec.get("partId")
        if part_id is not None and (
            part_id not in self._values or spec.keys() & {"charset", "size"}
        ):
            raise invalid_properties(
                where, description="A partId needs a bodyValue, and no charset or size."
            )

    def _leaf(self, spec: JSONObject, head: PartHead) -> Entity:
        if spec.get("partId") is not None:
            text: str = self._values[spec["partId"]]["value"]
            charset = {"charset": "utf-8"} if head.type.startswith("text/") else {}
            return entities.text(text, [head.content_type(**charset), *head.others])
        blob_id: str = spec["blobId"]
        blob = self._find_blob(blob_id)
        if blob is None:
            self._missing.append(blob_id)
            return Entity([], b"")
        return entities.file(blob.data, head.type, [head.content_type(), *head.others])


def _attached(spec: JSONObject) -> JSONObject:
    """Return a part that is an attachment unless it says otherwise."""
    if spec.get("disposition") is not None or "content-disposition" in map(field_in, spec):
        return spec
    return {**spec, "disposition": "attachment"}


def _multipart(type: str, parts: list[Entity], head: PartHead | None = None) -> Entity:
    head = head or PartHead(type, {}, None, [])
    boundary = entities.boundary_for(parts)
    return entities.multipart([head.content_type(boundary=boundary), *head.others], parts, boundary)
