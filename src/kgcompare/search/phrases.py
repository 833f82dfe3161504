"""Several names in one text: "lasso vs ridge", "difference between PCA and factor analysis", "lasso, ridge".

A text is cut where it may be two names, and read as the fewest, longest ones that all name something: what joins
names stands within names too ("analysis of variance", "Wald, score and likelihood-ratio tests"). Which things there
are, the caller says. Words that ask for a comparison are known in the languages that most questions come in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Named = TypeVar("_Named")
MOST = 10
"""Names that are read from one text, which is as many as can be compared."""
_PIECES = 24
"""Pieces of a text beyond which it is no question, but a text."""
_LONGEST = 4
"""Pieces that one name may consist of."""

_VERSUS = (
    r"vs\.?|v/s|v\.|versus|compared\s+(?:to|with)|in\s+comparison\s+(?:to|with)|as\s+opposed\s+to|against"
    r"|contre|par\s+rapport\s+(?:à|aux?|a)|comparée?s?\s+(?:à|aux?|avec)|face\s+(?:à|aux?)"
    r"|gegen(?:über)?|im\s+vergleich\s+(?:zu[rm]?|mit)|verglichen\s+mit"
    r"|contra|frente\s+a|(?:en\s+comparación|comparad[oa])\s+con|contro|rispetto\s+a|em\s+relação\s+a|tegen|против"
)
_AND = r"and|et|und|y|e|en|och|og|и|&"
_OR = r"or|ou|oder|o|ó|или"
_JOINT = re.compile(
    rf"(?P<strong>\s+(?:{_VERSUS})\s+)"
    rf"|(?P<listed>\s*[,;，；、\n]\s*(?:(?:{_AND}|{_OR})\s+)?|\s+(?:{_OR}|/)\s+)"
    rf"|(?P<weak>\s+(?:{_AND}|v|\+|\||-|–|—)\s+|\s*/\s*|[和与與跟及或对對と])",
    re.IGNORECASE,
)
_LOOSE = re.compile(rf"\s+(?:{_VERSUS}|v)\s*$", re.IGNORECASE)
"""The beginning of a comparison whose second name is still to come."""
_BETWEEN = re.compile(
    r"^(?:(?:what(?:'s|’s|\s+is|\s+are)?|tell\s+me|explain|"
    r"quelles?\s+(?:est|sont)|was\s+ist|cu[áa]l(?:es)?\s+(?:es|son)|qual\s+[èeé]|wat\s+is)\s+)?"
    r"(?:the\s+|an?\s+|la\s+|les?\s+|una?\s+|der\s+|die\s+|el\s+|las\s+|het\s+|a\s+)?"
    r"(?:main\s+|key\s+)?"
    r"(?:(?:differences?|distinctions?|comparisons?|choice|choosing|choose|similarit(?:y|ies))\s+(?:between|of|from)"
    r"|compar(?:e|ing|er|ons|aison\s+(?:entre|de|des|du))|comparison:?"
    r"|diff[ée]rences?\s+(?:entre|de)|distinction\s+entre|choisir\s+entre"
    r"|unterschiede?\s+zwischen|vergleich(?:e|en)?(?:\s+(?:von|zwischen))?"
    r"|diferencias?\s+entre|comparar|comparaci[óo]n\s+(?:entre|de)|diferenças?\s+entre|comparação\s+entre"
    r"|differenz[ae]\s+(?:tra|fra)|confront(?:o|are)(?:\s+(?:tra|fra))?|verschil(?:len)?\s+tussen"
    r"|разница\s+между|различи[ея]\s+между)\s+",
    re.IGNORECASE,
)
_WHICH = re.compile(
    r"^(?:which(?:\s+one)?\s+(?:is|to\s+(?:use|choose))(?:\s+better)?\s*[:,]?"
    r"|(?:is|are|when\s+(?:to|do\s+(?:i|we|you)|should\s+(?:i|we|you))\s+use|(?:do|should)\s+(?:i|we|you)\s+(?:use|need|choose))"
    r"|faut-il\s+(?:utiliser|choisir)|vaut-il\s+mieux|quand\s+utiliser)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*[:,–-]?\s*\b(?:which(?:\s+(?:one|is|to|should|better|use|i|we|choose|best))+|what(?:['’]s|\s+is)\s+the\s+difference"
    r"|(?:the\s+)?(?:same(?:\s+(?:thing|method|test))?|similar|different|equivalent)"
    r"|differences?|comparison|compared|comparaison|diff[ée]rences?|unterschiede?|vergleich|diferencias?|lequel\s+choisir)\s*$"
    r"|(?:之间|之間)?的?(?:区别|區別|差异|差異|不同|比较|比較|对比|對比)$|の?(?:違い|比較)$",
    re.IGNORECASE,
)
_COMPARE = re.compile(r"\s+(?:to|with|à|avec|mit|con|com|met)\s+", re.IGNORECASE)
_BETTER = re.compile(
    r"\s+(?:(?:better|worse)\s+than|(?:the\s+)?same\s+as|different\s+(?:from|than|to)|mieux\s+que|meilleure?\s+que|besser\s+als|mejor\s+que)\s+",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"\s+(?:for|in|when|with|to|using|on|as|pour|dans|en|avec|für|bei|mit|para|con|per|voor)\s.*$",
    re.IGNORECASE | re.DOTALL,
)
_ARTICLE = re.compile(
    r"^(?:the|an?|les?|la|l['’]|une?|du|des|de\s+la|der|die|das|el|los|las|il|lo|het)\s*(?<=[\s'’])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text cut where it may be two names: its ``pieces``, and how each two are joined.

    A joint is ``strong`` where it always parts two names ("vs"), ``listed`` where that is likely (a comma), ``weak``
    where it stands within names as well ("and"). ``asked`` says that the words around ask for a comparison.
    """

    text: str
    pieces: tuple[tuple[int, int], ...]
    joints: tuple[str, ...]
    asked: bool

    @property
    def certain(self) -> bool:
        """Whether it is surely about several things, so that even nearly their names will do."""
        return self.asked or "strong" in self.joints

    def stretch(self, first: int, last: int) -> str:
        """The text from one piece to another, with what joins them."""
        return self.text[self.pieces[first][0] : self.pieces[last][1]].strip()


def readings(text: str) -> list[Phrase]:
    """The ways in which a text may name several things, the likeliest first; none for one that names no more than one.

    "Compare lasso with ridge" may be cut at "with", which stands within names too.
    """
    body, asked = _unframed(text)
    found = [_cut(body, asked)]
    if asked and (other := _COMPARE.sub(" vs ", body)) != body:
        found.append(_cut(other, asked))
    return [phrase for phrase in found if 1 < len(phrase.pieces) <= _PIECES]


def without_asking(text: str) -> str:
    """A text without the words that surely ask for a comparison, for where it names no things to compare."""
    phrase = next((phrase for phrase in readings(text) if phrase.certain), None)
    if phrase is not None:
        return " ".join(phrase.stretch(at, at) for at in range(len(phrase.pieces)))
    body, asked = _unframed(text)
    return _LOOSE.sub("", body if asked and body else text)


def _unframed(text: str) -> tuple[str, bool]:
    """A text without the words around that ask for a comparison, and whether there are any."""
    whole = body = "\n".join(" ".join(line.split()) for line in text.splitlines()).strip("?？.!¿ \n")
    for frame in (_BETWEEN, _WHICH, _TAIL):
        body = frame.sub("", body).strip()
    body = _BETTER.sub(" vs ", body)
    return body, body != whole


def _cut(body: str, asked: bool) -> Phrase:
    pieces, joints, start = [], [], 0
    for joint in _JOINT.finditer(body):
        if body[start : joint.start()].strip() and body[joint.end() :].strip():
            pieces.append((start, joint.start()))
            joints.append(joint.lastgroup or "weak")
            start = joint.end()
    return Phrase(body, (*pieces, (start, len(body))), tuple(joints), asked)


def together(
    text: str, called: Callable[[str], _Named | None], near: Callable[[str], _Named | None] = lambda _: None
) -> tuple[_Named, ...]:
    """The things that a text names together, as typed and each once, ten at most; none where it names fewer than two.

    *called* gives what is called exactly so, *near* what is likely meant; that is asked only where it is sure that
    several things are named, and for one name of a list.
    """
    phrases = readings(text)
    if not phrases or called(text.strip()) is not None:
        return ()
    exact = _remembered(called)
    found: list[_Named] | None
    for phrase in phrases:
        found = _segmented(phrase, exact) or _shared(phrase, exact)
        if found is not None:
            return _several(found)
    for phrase in phrases:
        if phrase.certain or "listed" in phrase.joints:
            found = _sides(phrase, exact, near)
            if found is not None:
                return _several(found)
    return ()


def _several(things: Sequence[_Named]) -> tuple[_Named, ...]:
    once = tuple(dict.fromkeys(things))[:MOST]
    return once if len(once) > 1 else ()


def _remembered(called: Callable[[str], _Named | None]) -> Callable[[str], _Named | None]:
    known: dict[str, _Named | None] = {}

    def exact(part: str) -> _Named | None:
        if part not in known:
            known[part] = _first(map(called, _ways(part)))
        return known[part]

    return exact


def _first(things: Iterable[_Named | None]) -> _Named | None:
    return next((thing for thing in things if thing is not None), None)


def names(text: str) -> list[str]:
    """The names in a text of which it is known that it lists names: parted by commas, semicolons or line ends."""
    return [part for piece in re.split(r"[,;，；、\n]", text) if (part := piece.strip())]


def _ways(part: str) -> Iterator[str]:
    """A part as it is, without its article, and without what it is wanted for."""
    yield part
    for shorter in (_ARTICLE.sub("", part), _PURPOSE.sub("", part)):
        if shorter != part and shorter:
            yield shorter


def _segmented(phrase: Phrase, named: Callable[[str], _Named | None]) -> list[_Named] | None:
    """The longest names, from the left, that make up a phrase; None where some part of it names nothing."""
    last = len(phrase.pieces)
    dead: set[int] = set()

    def onwards(first: int) -> list[_Named] | None:
        if first == last:
            return []
        for end in range(min(last, first + _LONGEST) - 1, first - 1, -1):
            if "strong" in phrase.joints[first:end] or end + 1 in dead:
                continue
            thing = named(phrase.stretch(first, end))
            if thing is not None and (rest := onwards(end + 1)) is not None:
                return [thing, *rest]
        dead.add(first)
        return None

    return onwards(0)


def _shared(phrase: Phrase, named: Callable[[str], _Named | None]) -> list[_Named] | None:
    """The things of names that have their last or first words in common: "linear and logistic regression"."""
    parts = [phrase.stretch(at, at) for at in range(len(phrase.pieces))]
    if len(parts) > _LONGEST:
        return None
    for many in (1, 2):
        first, last = parts[0].split(), parts[-1].split()
        for wanted in (
            [" ".join([part, *last[-many:]]) for part in parts[:-1]] + parts[-1:] if len(last) > many else [],
            parts[:1] + [" ".join([*first[:many], part]) for part in parts[1:]] if len(first) > many else [],
        ):
            things = [thing for thing in map(named, wanted) if thing is not None]
            if wanted and len(things) == len(parts):
                return things
    return None


def _sides(
    phrase: Phrase, exact: Callable[[str], _Named | None], near: Callable[[str], _Named | None]
) -> list[_Named] | None:
    """The things that the sides of the surest joints of a phrase name, or nearly so; None where one names nothing.

    Of a mere list one may be nearly named.
    """
    for cuts in ({"strong"}, {"strong", "listed"}, {"strong", "listed", "weak"}):
        ends = [at for at, joint in enumerate(phrase.joints) if joint in cuts]
        starts = [0, *(end + 1 for end in ends)]
        parts = [phrase.stretch(a, b) for a, b in zip(starts, [*ends, len(phrase.pieces) - 1], strict=True)]
        things = [exact(part) for part in parts]
        if not ends or len(parts) > MOST or (not phrase.certain and things.count(None) > 1):
            continue
        sure = [
            thing if thing is not None else _first(map(near, dict.fromkeys((part, _PURPOSE.sub("", part)))))
            for thing, part in zip(things, parts, strict=True)
        ]
        named = [thing for thing in sure if thing is not None]
        if len(named) == len(parts):
            return named
    return None
