r"""Text as TeX reads it: what is a command there is escaped, and every sign is one that its fonts have.

Source: LaTeX2e font selection (fntguide), section 5.4 (text commands and their defaults); The Unicode Standard,
section 23.1 (control codes).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

ESCAPES: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    **{char: "\\" + char for char in "&%$#_"},
}
"""What TeX takes for a command, or has no sign for in its oldest fonts."""
DEFAULTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "«": ((r"\guillemetleft", r"\guillemotleft"), r"$\ll$"),
    "»": ((r"\guillemetright", r"\guillemotright"), r"$\gg$"),
    "‹": ((r"\guilsinglleft",), "$<$"),
    "›": ((r"\guilsinglright",), "$>$"),
    "„": ((r"\quotedblbase",), ",,"),
    "‚": ((r"\quotesinglbase",), ","),
    "Ð": ((r"\DH", r"\DJ"), "D"),
    "ð": ((r"\dh",), "d"),
    "Þ": ((r"\TH",), "Th"),
    "þ": ((r"\th",), "th"),
    "Đ": ((r"\DJ",), "D"),
    "đ": ((r"\dj",), "d"),
    "Ŋ": ((r"\NG",), "N"),
    "ŋ": ((r"\ng",), "n"),
    r"\k{": ((r"\k",), ""),
}
"""Signs that the fonts of plain LaTeX lack: their commands, in older ones too, and what stands for them there."""
_KNOWN = frozenset(
    "".join(map(chr, range(0xA1, 0x180))).translate(dict.fromkeys(map(ord, "¬­­ĄąĘęĦħĮįĸĿŀŉŦŧŲųſ"))).replace("\u00ad", "")
    + "ȘșȚț–—‘’“”…†‡•€™‰‹›„‚"
)
"""Signs that every LaTeX reads as they are, some by way of :data:`DEFAULTS`."""
_MATHS: Mapping[str, str] = {
    "−": "-", "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "≈": r"\approx", "∼": r"\sim", "≃": r"\simeq", "≡": r"\equiv",
    "∝": r"\propto", "∞": r"\infty", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup",
    "∩": r"\cap", "∅": r"\emptyset", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "√": r"\surd", "∂": r"\partial",
    "∇": r"\nabla", "→": r"\rightarrow", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee",
    "⊕": r"\oplus", "⊗": r"\otimes", "⟨": r"\langle", "⟩": r"\rangle", "ℓ": r"\ell", "⋅": r"\cdot", "∙": r"\cdot",
    "′": r"\prime", "∗": r"\ast", "∥": r"\parallel", "⊥": r"\perp",
    "ς": r"\varsigma", "λ": r"\lambda",
}  # fmt: skip
_GREEK = {
    name.upper(): f"\\{name}"
    for name in (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu", "xi"),
        *("pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    )
}
_CAPITALS = ("GAMMA", "DELTA", "THETA", "LAMDA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA")
_LIKE_LATIN: Mapping[str, str] = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
_ACCENTS: Mapping[str, str] = {
    "\u0300": "\\`", "\u0301": "\\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u",
    "\u0307": r"\.", "\u0308": r"\"", "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0323": r"\d",
    "\u0327": r"\c", "\u0328": r"\k", "\u0331": r"\b",
}  # fmt: skip
_SPACES = {"\u00a0": "~", "\u202f": "~", "\u00ad": r"\-", "\u200b": r"\hspace{0pt}", "\u2011": r"\mbox{-}"}
LIGATURE = re.compile(r"-(?=-)|[`'](?=[`'])|[?!](?=`)|,(?=,)|<(?=<)|>(?=>)")
"""A sign that TeX would melt with the next one into another."""


def tex(text: str, other: Callable[[str], str], escapes: Mapping[str, str] = ESCAPES) -> str:
    """A text of which TeX makes these very signs, white space as single spaces.

    *other* writes what no font of LaTeX's own has: letters of other scripts, signs without a shape.
    """
    plain: str = re.sub(r"[^\S\u00a0\u202f]+", " ", text)
    plain = LIGATURE.sub("\\g<0>\ue000", unicodedata.normalize("NFC", plain))
    return "".join(_sign(char, other, escapes) for char in plain)


def _sign(char: str, other: Callable[[str], str], escapes: Mapping[str, str]) -> str:
    if char == "\ue000":
        return "{}"
    if char in escapes:
        return escapes[char]
    if char.isascii():
        return char if char.isprintable() else ""
    if char in _SPACES:
        return _SPACES[char]
    if char in _KNOWN:
        return char
    if char in _LIKE_LATIN:
        return _LIKE_LATIN[char]
    return maths(char) or _composed(char, other, escapes) or other(char)


def maths(char: str) -> str:
    """A Greek letter or a sign of mathematics as TeX's own; empty for any other."""
    if char in _MATHS:
        return rf"\ensuremath{{{_MATHS[char]}}}"
    _, _, name = unicodedata.name(char, "").partition("GREEK SMALL LETTER ")
    if name in _GREEK:
        return rf"\ensuremath{{{_GREEK[name]}}}"
    _, _, name = unicodedata.name(char, "").partition("GREEK CAPITAL LETTER ")
    return rf"\ensuremath{{\{name.replace('LAMDA', 'LAMBDA').capitalize()}}}" if name in _CAPITALS else ""


def _composed(char: str, other: Callable[[str], str], escapes: Mapping[str, str]) -> str:
    """A letter under its accents, a sign raised or lowered, or others that are a way of writing plain ones."""
    kind, _, parts = unicodedata.decomposition(char).rpartition("> ")
    if not parts:
        return ""
    signs = [chr(int(part, 16)) for part in parts.split()]
    if not kind and len(signs) == 2 and signs[1] in _ACCENTS:
        return f"{_ACCENTS[signs[1]]}{{{_sign(signs[0], other, escapes)}}}"
    if not kind:
        return "" if len(signs) > 1 else _sign(signs[0], other, escapes)
    text = "".join(_sign(sign, other, escapes) for sign in signs)
    raised = {"<super": r"\textsuperscript", "<sub": r"\textsubscript"}.get(kind)
    return f"{raised}{{{text}}}" if raised else text
