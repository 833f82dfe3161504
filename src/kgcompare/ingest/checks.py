"""Records judged before they are stored: what is wrong, where that stands, and which of them are to blame for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from kgcompare.errors import Fault, InvalidData, ValidationReport
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.documents import DERIVED, Records
from kgcompare.ingest.lines import with_lines
from kgcompare.ingest.readers import Options
from kgcompare.rdf.graph import Graph
from kgcompare.schema.validation import Judging, Placed, Validator

_BROKEN = "(The store has this record; {} would break it.)"
_Breaking = Callable[[list[str]], list[Fault]]
"""Names of documents -> what is wrong once they stand beside those that are kept."""


def check(
    records: Records, shapes: Iterable[Triple], stored: Stored, options: Options, judge: Judging | None = None
) -> ValidationReport:
    """Validates records against shapes and what a store holds already.

    Records of the store that shapes judge by what changes are validated too: a fault that they have not yet is one.
    """
    return Check(records, shapes, stored, options, judge).report()


def trusted(records: Records) -> ValidationReport:
    """Lets records pass that nobody judges.

    :raises InvalidData: if one speaks in the document of another that is not there.
    """
    if unasked := records.unasked:
        raise InvalidData(_nothing_written(unasked), ValidationReport(tuple(unasked), len(records.documents)))
    return ValidationReport((), len(records.documents))


def located(faults: Sequence[Fault], records: Records, options: Options) -> list[Fault]:
    """The faults that shapes find, each with the line that the file has for it, where it has one."""
    placed: list[Fault] = []
    for file in dict.fromkeys(fault.file for fault in faults):
        own = [fault for fault in faults if fault.file == file]
        own = [replace(fault, line=fault.line or records.lines.get(fault.focus_node or "")) for fault in own]
        placed += with_lines(own, Path(file), options.limits) if file in records.read else own
    return placed


class Check:
    """Judges the records of an import, and what the store has by what changes of it."""

    def __init__(
        self, records: Records, shapes: Iterable[Triple], stored: Stored, options: Options, judge: Judging | None = None
    ) -> None:
        self._records = records
        self._stored = stored
        self._options = options
        self._validator = Validator(shapes, judge)
        self._own: list[tuple[Fault, frozenset[str]]] = []
        """What is wrong with the records, and the documents that are to blame for it."""
        self._broken: list[tuple[Fault, str]] = []
        """What would be wrong with records of the store, and the document that would do it; empty if several would."""
        self.left: set[str] = set()
        """What :meth:`passed` leaves out: the names of documents, and rows that are none."""

    def report(self) -> ValidationReport:
        """What is wrong with the records.

        :raises ShapeError: if pySHACL cannot use the shapes.
        """
        self._judge(list(self._records.documents))
        return ValidationReport(tuple(self._faults()), len(self._records.documents))

    def passed(self) -> ValidationReport:
        """Lets the records pass; where invalid ones may be left out, those that are none, with what is wrong with the
        others as warnings.

        :raises InvalidData: if there are violations, or nothing is left.
        """
        report = self.report()
        said: list[Fault] = []
        while report.violations and self._options.skip_invalid and (bad := self._bad()) is not None:
            said += [replace(fault, severity="warning") for fault in report.violations]
            self._leave(bad)
            report = ValidationReport(tuple(self._faults()), len(self._records.documents))
        if report.violations:
            raise InvalidData(_nothing_written(report.violations), report)
        if said and not self._records.documents:
            raise InvalidData("no record is valid; nothing was written", ValidationReport(tuple(said), 0))
        return ValidationReport((*said, *report.faults), report.records)

    # -- what is wrong ---------------------------------------------------------------------------------

    def _judge(self, names: list[str]) -> None:
        """Judges some of the documents, and whatever the store has that depends on them all."""
        documents = self._records.documents
        found = self._placed(names, self._options.tell)
        here = [(fault, frozenset((name,))) for fault, name in found if name in documents]
        nobodys = dict.fromkeys(fault for fault, name in found if not name)
        self._own += here + [(fault, self._asking(fault)) for fault in nobodys]
        self._own = [(fault, names) for fault, names in self._own if not _is_of_derived(self._records, fault)]
        self._broken = self._breaking()

    def _placed(self, names: Collection[str], tell: Callable[[str, int, int], None] | None = None) -> list[Placed]:
        return self._validator.placed(
            self._records.documents,
            names,
            snapshot=self._stored.snapshot,
            read=self._stored.document,
            files=self._records.files,
            lang=self._options.lang,
            progress=(lambda done, total: tell("validating", done, total)) if tell else None,
        )

    def _asking(self, fault: Fault) -> frozenset[str]:
        """The documents because of which something is judged that nobody describes."""
        node = fault.focus_node or ""
        named = [
            name
            for name, document in self._records.documents.items()
            if any(getattr(value, "value", None) == node for value in document.all_objects())
        ]

        def asked(names: list[str]) -> list[Fault]:
            return [one for one, home in self._placed(names) if not home and one == fault]

        return frozenset(named if len(named) < 2 else (name for _, name in _to_blame(named, asked)))

    def _breaking(self) -> list[tuple[Fault, str]]:
        """The faults that records of the store would have and have not yet, and which document brings each."""
        snapshot, documents = self._stored.snapshot, self._records.documents
        if snapshot is None:
            return []
        self._stored.prefetch(documents)
        before = {
            name: self._stored.document(name)
            for name, document in documents.items()
            if self._stored.differs(name, document)
        }
        rest = {name: document for name, document in documents.items() if name not in before}

        def broken(names: Collection[str]) -> list[Fault]:
            tried = rest | {name: documents[name] for name in names}
            was = {name: before[name] for name in names}
            read, lang = self._stored.document, self._options.lang
            return self._validator.broken(tried, was, snapshot, read=read, lang=lang)

        def violated(names: list[str]) -> list[Fault]:
            some = [fault for fault in broken([*kept, *names]) if fault in wanted]
            if not some:
                kept.extend(names)
            return some

        kept: list[str] = []
        found = broken(before)
        wanted = {fault for fault in found if fault.severity == "violation"}
        if len(before) == 1:
            return [(fault, next(iter(before))) for fault in found]
        blamed = dict(_to_blame(list(before), violated)) if wanted else {}
        return [(fault, blamed.get(fault, "")) for fault in found]

    def _faults(self) -> list[Fault]:
        """What is to be told, each with its file and line."""
        records = self._records
        own = [replace(fault, file=fault.file or self._file(names)) for fault, names in self._own]
        by = [replace(fault, file=self._file([name]), focus_node=self._record(name)) for fault, name in self._broken]
        lines = [located([fault], records, self._options)[0].line if fault.file else None for fault in by]
        broken = []
        for (fault, name), placed, line in zip(self._broken, by, lines, strict=True):
            what = f"<{placed.focus_node}>" if name and len(records.documents) > 1 else "what is given"
            said = f"{fault.message} {_BROKEN.format(what)}"
            broken.append(replace(fault, message=said, file=placed.file, line=line))
        told = [*located([*records.faults, *records.unasked, *own], records, self._options), *broken]
        order = {name: number for number, name in enumerate(records.sources)}
        return sorted(told, key=lambda fault: (order.get(fault.file or "", len(order)), fault.line or 0))

    def _file(self, names: Iterable[str]) -> str | None:
        return next((self._records.files[name] for name in sorted(names) if name in self._records.files), None)

    def _record(self, name: str) -> str:
        """The IRI of what a document is about."""
        subjects = self._records.documents.get(name, Graph()).subjects()
        iris = [node.value for node in subjects if isinstance(node, NamedNode)]
        return next((one for one in iris if self._records.base.document(one) == name), name)

    # -- what is left out ------------------------------------------------------------------------------

    def _bad(self) -> set[str] | None:
        """The documents and rows that are to blame for violations; None where one cannot be blamed on any."""
        told = [*self._records.faults, *self._records.unasked]
        of_files = [fault.focus_node for fault in told if fault.severity == "violation"]
        own = [names for fault, names in self._own if fault.severity == "violation"]
        broken = [name for fault, name in self._broken if fault.severity == "violation"]
        if None in of_files or frozenset() in own:
            return None
        nodes = {node for node in of_files if node is not None}
        homes = {
            subject.value: name
            for name, document in self._records.documents.items()
            for subject in document.subjects()
            if subject.value in nodes
        }
        return {homes.get(node, node) for node in nodes}.union(*own, broken) - {""} or None

    def _leave(self, bad: set[str]) -> None:
        """Leaves something out, and judges again what is judged by it."""
        records, stored = self._records, self._stored
        gone = {name: records.documents.pop(name) for name in bad if name in records.documents}
        self.left |= bad
        records.faults[:] = [fault for fault in records.faults if fault.severity != "violation"]
        before = {name: stored.document(name) for name in gone}
        again = self._validator.affected(
            records.documents, gone, before, snapshot=stored.snapshot, read=stored.document
        )
        self._own = [(fault, names) for fault, names in self._own if names.isdisjoint(again | bad)]
        self._judge(sorted(again))


def _is_of_derived(records: Records, fault: Fault) -> bool:
    """Whether a fault is about what was derived, and not about what the files say or lack."""
    predicate = (fault.path or "").rpartition(" / ")[2]
    if (
        fault.focus_node is None
        or predicate not in DERIVED
        or (fault.constraint or "").endswith("MinCountConstraintComponent")
    ):
        return False
    document = records.documents.get(records.base.document(fault.focus_node), Graph())
    sources = DERIVED[predicate]
    return not sources or any(document.objects(NamedNode(fault.focus_node), source) for source in sources)


def _to_blame(names: list[str], breaking: _Breaking) -> list[tuple[Fault, str]]:
    """What some documents break, and which of them does: found by halves, as *breaking* keeps those that break
    nothing."""
    found = breaking(names)
    if not found:
        return []
    if len(names) == 1:
        return [(fault, names[0]) for fault in found]
    half = len(names) // 2
    return _to_blame(names[:half], breaking) + _to_blame(names[half:], breaking)


def _nothing_written(faults: Sequence[Fault]) -> str:
    return f"{len(faults)} fault{'s' if len(faults) > 1 else ''} found; nothing was written"
