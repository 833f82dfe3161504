"""The state of a catalogue as JSON and for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from kgcompare.formats import json, terminal
from kgcompare.report import Finding, Report, Shared
from kgcompare.report.completeness import ClassState, Split, Years
from kgcompare.report.contradictions import ANCESTOR, CIRCLE, YOUNGER, Contradiction
from kgcompare.report.questions import Mentioned
from kgcompare.text.languages import best, speaks, translate, translate_plural

_MOST_BARS = 20


def share(part: int, whole: int, lang: str) -> str:
    """A share in per cent, rounded down, so that only all of it is 100 %."""
    from babel.numbers import format_percent

    return format_percent(math.floor(100 * part / whole) / 100, locale=speaks(lang)) if whole else "–"


def period(first: int, last: int, lang: str) -> str:
    """Years from the first to the last."""
    said = [str(year) if year > 0 else translate(lang, "{year} BC", year=1 - year) for year in (first, last)]
    return said[0] if first == last else f"{said[0]}–{said[1]}"


# -- JSON ------------------------------------------------------------------------------------------


def as_json(report: Report, lang: str) -> str:
    """A report, its names in *lang*."""
    findings = None if report.findings is None else [_finding(finding, lang) for finding in report.findings]
    return json.dumps(
        {
            "generation": report.generation,
            "base": report.base,
            "records": {"total": report.records, "kinds": dict(report.kinds)},
            "classes": [{**_item(item, lang), "count": count} for item, count in report.classes],
            "states": [_state(state, lang) for state in report.states],
            "sources": {
                "count": report.sources,
                "doi": report.identified,
                "share": round(report.identified / report.sources, 4) if report.sources else None,
                "shared": [_shared(shared, lang, "doi") for shared in report.shared_dois],
            },
            "checked": {
                "ways": [_item(way, lang) for way in report.ways],
                "kinds": {
                    kind: {"not-said": by.get("", 0), **{way.id: by.get(way.iri, 0) for way in report.ways}}
                    for kind, by in report.checked.items()
                },
            },
            "validated": findings is not None,
            "findings": findings,
            "hindered": report.hindered or None,
            "contradictions": [_contradiction(found, lang) for found in report.contradictions],
            "duplicates": [
                {"score": round(pair.score, 1), "things": [_item(pair.one, lang), _item(pair.other, lang)]}
                for pair in report.duplicates
            ],
            "aliases": [_shared(shared, lang, "alias") for shared in report.aliases],
            "totals": dict(report.totals),
        }
    )


def _item(item: Mentioned, lang: str) -> dict[str, Any]:
    tag, label = item.label(lang)
    return {"id": item.id, "iri": item.iri, "label": label, "lang": tag or None}


def _shared(shared: Shared, lang: str, name: str) -> dict[str, Any]:
    return {name: shared.text, "things": [_item(item, lang) for item in shared.items]}


def _finding(finding: Finding, lang: str) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "message": message(finding, lang),
        "count": finding.count,
        "things": finding.things,
        "noted": finding.noted,
        "examples": [_item(item, lang) for item in finding.examples],
    }


def _contradiction(found: Contradiction, lang: str) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "message": contradiction(found, lang),
        "count": found.count,
        "explained": found.explained,
        "chains": [
            {"relation": _item(chain.relation, lang), "things": [_item(item, lang) for item in chain.things]}
            for chain in found.chains
        ],
    }


def _state(state: ClassState, lang: str) -> dict[str, Any]:
    data: dict[str, Any] = {**_item(state.item, lang), "count": state.count}
    data["rows"] = [
        {
            **_item(row.item, lang),
            "recorded": row.recorded,
            "none": row.none,
            "unknown": row.unknown,
            "languages": dict(row.languages),
            "untranslated": [
                {"lang": m.lang, "count": m.count, "examples": [_item(item, lang) for item in m.examples]}
                for m in row.missing
            ],
        }
        for row in state.rows
    ]
    data["concepts"] = [
        {
            **_item(split.row, lang),
            "values": [{**_item(item, lang), "count": count} for item, count in split.values],
            "without": split.without,
        }
        for split in state.splits
    ]
    data["years"] = [
        {
            **_item(row.row, lang),
            "years": [{"year": year, "count": count} for year, count in row.years],
            "without": row.without,
        }
        for row in state.years
    ]
    if state.islands is not None:
        data["islands"] = {
            "count": state.islands.count,
            "largest": state.islands.largest,
            "small": [[_item(item, lang) for item in island] for island in state.islands.small],
        }
    return data


def severity(finding: Finding, lang: str) -> str:
    """What the severity of a finding is called."""
    if finding.severity == "info":
        return translate(lang, "remark")
    return translate(lang, "violation" if finding.severity == "violation" else "warning")


def message(finding: Finding, lang: str) -> str:
    """What a finding says."""
    said = best(finding.message, lang)
    return said[1] if said else ""


def contradiction(found: Contradiction, lang: str) -> str:
    """What a kind of contradiction is called."""
    if found.kind == ANCESTOR:
        return translate(lang, "said of something and what it comes from")
    if found.kind == CIRCLE:
        return translate(lang, "comes from itself")
    if found.kind == YOUNGER:
        return translate(lang, "a kind of something younger")
    return translate(lang, "said already by other links")


def explained(report: Report, lang: str) -> str:
    """How many contradictions are right all the same, for a reason that a note gives; empty where none is."""
    count = sum(found.explained for found in report.contradictions)
    if not count:
        return ""
    return translate_plural(
        lang,
        "{count} more is a kind of something younger, and an editorial note says why.",
        "{count} more are a kind of something younger, and editorial notes say why.",
        count,
    )


# -- for a terminal --------------------------------------------------------------------------------


def as_table(report: Report, lang: str) -> str:
    """A report for people, with bars."""

    parts = [
        translate(lang, "State of the catalogue")
        + "\n"
        + translate(lang, "Generation {name}", name=report.generation)
        + ", "
        + report.base
    ]
    if not report.records:
        return parts[0] + "\n\n" + translate(lang, "There are no records.") + "\n"
    kinds = [[_label(report.named_kinds[kind], lang), str(count)] for kind, count in report.kinds.items()]
    parts.append(terminal.listing([translate(lang, "kind"), translate(lang, "records")], kinds))
    parts.append(
        terminal.listing(
            [translate(lang, "class"), translate(lang, "records")],
            [[_label(i, lang), str(n)] for i, n in report.classes],
        )
    )
    for state in report.states:
        parts += _state_lines(state, lang)
    dois = translate(
        lang, "{part} of {whole} sources have a DOI ({share}).", **_of(report.identified, report.sources, lang)
    )
    shared = [translate(lang, "{doi} is used by {names}", doi=s.text, names=_ids(s.items)) for s in report.shared_dois]
    parts.append("\n".join([_head("DOI"), dois, *shared]))
    heads = [translate(lang, "kind"), *(_label(way, lang) for way in report.ways), translate(lang, "not said")]
    ways = [*(way.iri for way in report.ways), ""]
    rows = [
        [_label(report.named_kinds[kind], lang), *(str(by.get(way, 0)) for way in ways)]
        for kind, by in report.checked.items()
    ]
    parts.append(_head(translate(lang, "How records were checked")) + "\n" + terminal.listing(heads, rows))
    parts.append("\n".join([_head(translate(lang, "Validation")), *_finding_lines(report, lang)]))
    parts.append("\n".join([_head(translate(lang, "Contradictions among links")), *_contradiction_lines(report, lang)]))
    pairs = [[f"{p.score:.0f}", p.one.id, p.other.id, _label(p.one, lang)] for p in report.duplicates]
    heads = [translate(lang, "score"), translate(lang, "one"), translate(lang, "the other"), translate(lang, "name")]
    parts.append(
        _head(translate(lang, "Probable duplicates: {count}", count=report.totals["duplicates"]))
        + ("\n" + terminal.listing(heads, pairs) if pairs else "")
    )
    lines = [f"{shared.text}: {_ids(shared.items)}" for shared in report.aliases]
    parts.append(
        "\n".join(
            [_head(translate(lang, "Aliases of several things: {count}", count=report.totals["aliases"])), *lines]
        )
    )
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _head(text: str) -> str:
    return text + "\n" + "─" * terminal.width(text)


def _label(item: Mentioned, lang: str) -> str:
    return item.label(lang)[1]


def _ids(items: Iterable[Mentioned]) -> str:
    return ", ".join(item.id for item in items)


def _of(part: int, whole: int, lang: str) -> dict[str, Any]:
    return {"part": part, "whole": whole, "share": share(part, whole, lang)}


def _state_lines(state: ClassState, lang: str) -> list[str]:
    parts = [_head(f"{_label(state.item, lang)}: {state.count}")]
    parts += [_split_text(split, lang) for split in state.splits]
    parts += [_years_text(years, lang) for years in state.years]
    absences = any(row.none or row.unknown for row in state.rows)
    heads = [translate(lang, "row"), translate(lang, "recorded"), translate(lang, "share")]
    heads += [translate(lang, "none"), translate(lang, "unknown")] if absences else []
    heads.append(translate(lang, "by language"))
    rows = [
        [
            _label(row.item, lang),
            str(row.recorded),
            share(row.recorded, state.count, lang),
            *([str(row.none), str(row.unknown)] if absences else []),
            ", ".join(f"{tag} {count}" for tag, count in row.languages.items()),
        ]
        for row in state.rows
    ]
    parts.append(terminal.listing(heads, rows))
    missing = [
        translate(
            lang,
            "{row}: {count} without a text in {tag}: {names}",
            row=_label(row.item, lang),
            count=gap.count,
            tag=gap.lang,
            names=_ids(gap.examples) + (" …" if gap.count > len(gap.examples) else ""),
        )
        for row in state.rows
        for gap in row.missing
    ]
    islands = state.islands
    if islands is not None:
        said = translate(
            lang, "Islands: {count}; the largest has {largest}.", count=islands.count, largest=islands.largest
        )
        missing += [said, *("  " + _ids(island) for island in islands.small)]
    return [*parts, "\n".join(missing)] if missing else parts


def _split_text(split: Split, lang: str) -> str:
    rows = [(_label(item, lang), count) for item, count in split.values[:_MOST_BARS]]
    return _charted(split.row, rows, len(split.values) - len(rows), split.without, lang)


def _years_text(years: Years, lang: str) -> str:
    rows = [(period(first, last, lang), count) for first, last, count in years.periods]
    return _charted(years.row, rows, 0, years.without, lang)


def _charted(row: Mentioned, rows: Sequence[tuple[str, int]], more: int, without: int, lang: str) -> str:
    text = _label(row, lang) + "\n" + terminal.bars(rows)
    text += translate_plural(lang, "and {count} more", "and {count} more", more) + "\n" if more else ""
    return text + (translate(lang, "not recorded") + f": {without}\n" if without else "")


def _finding_lines(report: Report, lang: str) -> list[str]:
    if report.hindered:
        return [translate(lang, "It could not be validated: {why}", why=report.hindered)]
    if report.findings is None:
        return [translate(lang, "Not validated, for its size; kgcompare report --validate does it.")]
    lines = [] if report.findings else [translate(lang, "Nothing found.")]
    for finding in report.findings:
        lines.append(f"{finding.count} × {severity(finding, lang)}: {message(finding, lang)}")
        noted = translate(
            lang, "{noted} of {things} have an editorial note", noted=finding.noted, things=finding.things
        )
        lines.append(f"  {noted}: {_ids(finding.examples)}" + (" …" if finding.things > len(finding.examples) else ""))
    return lines


def _contradiction_lines(report: Report, lang: str) -> list[str]:
    lines = []
    for found in report.contradictions:
        if found.count:
            lines.append(f"{found.count} × {contradiction(found, lang)}")
            ways = ((" → ".join(item.id for item in chain.things), chain.relation) for chain in found.chains)
            lines += [f"  {way} ({_label(relation, lang)})" for way, relation in ways]
    note = explained(report, lang)
    return [*(lines or [translate(lang, "Nothing found.")]), *([note] if note else [])]
