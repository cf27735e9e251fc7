"""Asking for a full picture by INFO: the bodies of RFC 5168."""

from __future__ import annotations

from xml.etree import ElementTree

MEDIA_CONTROL_TYPE = "application/media_control+xml"
MAX_BYTES = 8_192
"""No honest body is longer."""

_FULL_PICTURE = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n'
    b"<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
    b"</vc_primitive></media_control>\r\n"
)


def picture_fast_update() -> bytes:
    """A body that asks the encoder for a full picture (§7.1), of `MEDIA_CONTROL_TYPE`."""
    return _FULL_PICTURE


def wants_full_picture(content_type: str, body: bytes) -> bool | None:
    """Whether an INFO asks for a full picture; None if it is no media control at all.

    False: media control that asks for nothing, such as a report of errors (general_error).
    """
    if content_type.partition(";")[0].strip().lower() != MEDIA_CONTROL_TYPE:
        return None
    root = _parse(body)
    if root is None or _name(root) != "media_control":
        return None
    return any(_name(element) == "picture_fast_update" for element in root.iter())


def _parse(body: bytes) -> ElementTree.Element | None:
    """The document, None if it is none. Entities need a DOCTYPE, and none is let through."""
    if len(body) > MAX_BYTES:
        return None
    try:
        # In other encodings the word could hide; XML in SIP bodies is UTF-8.
        text = body.decode("utf-8-sig")
        if "<!doctype" in text.lower():
            return None
        return ElementTree.fromstring(text.partition("?>")[2] if _declared(text) else text)
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError):
        return None


def _declared(text: str) -> bool:
    return text.lstrip().startswith("<?xml")


def _name(element: ElementTree.Element) -> str:
    """The element's name without its namespace, which some clients give and some do not."""
    return element.tag.rpartition("}")[2]
