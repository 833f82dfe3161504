"""What literals are compared by: as they are written, or by their values.

Source: XML Schema 1.1, part 2, section 2.2.1 (equality); XPath 2.0, appendix B.1 (numeric promotion).
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.namespaces import PREFIXES

_XSD = PREFIXES["xsd"]
_INTEGERS = {"integer", "int", "long", "short", "byte"} | {
    *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
}
_DECIMAL = NamedNode(_XSD + "decimal")
_EXACT = 2**53
_MOST = Decimal(2**63)
"""From here on whole numbers and decimals are compared as they are written: Oxigraph's integers end."""
_DATETIME = NamedNode(_XSD + "dateTime")
_MOMENT = re.compile(r"[0-9]{4}-[0-9-]{5}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9:]{5})")


def literal_key(literal: Literal) -> str:
    """What a literal is compared by: its N-Triples form, with the language tag in lower case."""
    return f"{Literal(literal.value)}@{literal.language.lower()}" if literal.language else str(literal)


def value_key(literal: Literal) -> str:
    """What a literal's value is compared by: the same for ``1``, ``1.0`` and ``1e0``, for ``true`` and ``1``, and for
    one moment in two time zones.

    Numbers are compared as doubles, as queries/differences.rq does; from 2^53 on, where doubles are further apart than
    whole numbers, integers and decimals among themselves. What is no number in its range stays as it is written.
    """
    if literal.language or not literal.datatype.value.startswith(_XSD):
        return literal_key(literal)
    name, text = literal.datatype.value.removeprefix(_XSD), literal.value.strip()
    if name == "boolean" and text in {"0", "1"}:
        return str(Literal(text == "1"))
    try:
        if _MOMENT.fullmatch(text) and name in {"dateTime", "dateTimeStamp"}:
            return str(Literal(datetime.fromisoformat(text).astimezone(UTC).isoformat(), datatype=_DATETIME))
        if name in {"double", "float"}:
            number = float(text.replace("INF", "inf"))
            return _double(struct.unpack("f", struct.pack("f", number))[0] if name == "float" else number)
        exact = Decimal(text) if name == "decimal" or name in _INTEGERS else _MOST
    except (ArithmeticError, ValueError):
        return literal_key(literal)
    if abs(exact) >= _MOST:
        return literal_key(literal)
    if abs(exact) < _EXACT:
        return _double(float(exact))
    return str(Literal(f"{exact.normalize():f}", datatype=_DECIMAL))


def _double(number: float) -> str:
    return str(Literal(int(number) if number.is_integer() and abs(number) < _EXACT else number))
