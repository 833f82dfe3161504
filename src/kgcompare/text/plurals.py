"""Several of what has a name in the singular, guessed by the rules of a language.

A guess, for want of somebody's word: ``kgc:pluralLabel`` says it where the rules are wrong.

Source: The Chicago Manual of Style, 17th edition, sections 7.5 to 7.13; Grevisse, Le bon usage, sections 512 to 526.
"""

from __future__ import annotations

import re

_UNCOUNTED = {"data", "metadata", "series", "species", "software", "equipment", "information"}
_IN_S = {"alias", "atlas", "bias", "canvas", "chaos", "cosmos", "gas", "lens"}
"""Singulars that end as plurals do."""
_ENGLISH = {"person": "people", "taxon": "taxa", "genus": "genera", "corpus": "corpora", "criterion": "criteria"}
_ENGLISH |= {"phenomenon": "phenomena", "child": "children", "man": "men", "woman": "women", "medium": "media"}
_FRENCH = {"travail": "travaux", "vitrail": "vitraux", "festival": "festivals", "œil": "yeux", "bijou": "bijoux"}
_LINKING = {
    "en": re.compile(r" (?:of|for|in|with|by|to|on|from|at) "),
    "fr": re.compile(r" (?:d[eu]s?|à|aux?|en|pour|sur|par) | d[’']"),
}


def plural(label: str, lang: str) -> str:
    """What several things are called of which one is called *label* in *lang*; as one of them where no rule is known.

    Texts without a language are read as English.
    """
    tag = lang.partition("-")[0].lower() or "en"
    if tag not in _LINKING:
        return label
    link = _LINKING[tag].search(label)
    head, rest = (label[: link.start()], label[link.start() :]) if link else (label, "")
    if tag == "fr":
        return " ".join(map(_french, head.split())) + rest
    *before, noun = head.split() or [""]
    return " ".join([*before, _english(noun)]) + rest


def _english(noun: str) -> str:
    low = noun.lower()
    if low in _ENGLISH:
        return _cased(noun, _ENGLISH[low])
    if not low or low in _UNCOUNTED or not low[-1].isalpha():
        return noun
    if noun[-2:].isupper():
        return noun + "s"
    if re.search(r"[^sui]s$", low) and low not in _IN_S:
        return noun  # as it is: "ingredients"
    if re.search(r"[^aeiou]y$", low):
        return noun[:-1] + "ies"
    if low.endswith("sis"):
        return noun[:-2] + "es"
    return noun + ("es" if re.search(r"(?:s|x|z|ch|sh)$", low) else "s")


def _french(word: str) -> str:
    low = word.lower()
    if low in _FRENCH:
        return _cased(word, _FRENCH[low])
    if not low or not low[-1].isalpha() or low[-1] in "sxz" or word[-2:].isupper():
        return word
    if low.endswith("al"):
        return word[:-1] + "ux"
    return word + ("x" if low.endswith(("eau", "eu")) else "s")


def _cased(word: str, other: str) -> str:
    return other[:1].upper() + other[1:] if word[:1].isupper() else other
