"""Changes of single records that are written as one, since they came while another one was being written.

What costs most of an edit is done once for all of them: files are opened, flushed and published, shapes are asked. Each
is still answered for itself, and has its own place in the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from kgcompare.errors import Busy, DataError, KgcompareError, StoreError, ValidationReport
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.checks import Check
from kgcompare.ingest.documents import Records
from kgcompare.ingest.editing import Change, Edit, Editor, Now, Sent, filed, fileless
from kgcompare.ingest.readers import Options
from kgcompare.ingest.refusals import schema_of
from kgcompare.sandbox.judging import ConfinedJudge

_Done = dict[int, Edit | KgcompareError]
"""What became of changes, by their places."""


class JointEditor(Editor):
    """An editor for several changes at a time."""

    def together(self, changes: Sequence[tuple[Change, Options]]) -> list[Edit | KgcompareError]:
        """Makes changes, each as :meth:`change` does with options of its own, and gives for each what became of it.

        Those that are valid beside each other are written as one. The others are made after them, one at a time: what
        nothing can be made of fails for itself. Messages are in one language.
        """
        try:
            done = self._as_one(changes) if len(changes) > 1 else {}
        except (Busy, StoreError) as fault:
            return [fault] * len(changes)
        for place, (change, options) in enumerate(changes):
            if place not in done:
                try:
                    done[place] = Editor(self._seat, self._extra, options, self._patience).change(change)
                except KgcompareError as fault:
                    done[place] = fault
        return [done[place] for place in range(len(changes))]

    def _as_one(self, changes: Sequence[tuple[Change, Options]]) -> _Done:
        """What became of those changes that could be written as one, or that nothing can be made of."""
        with self._seat.writing(self._patience) as writer, ExitStack() as files:
            if not writer.joins:
                return {}
            now = self._now(writer.latest())
            stored = Stored(now.snapshot)
            several, done = self._all_sent(now, changes, files)
            report, left = self._judged_together(now, list(several.values()), stored)
            passed = {place: sent for place, sent in several.items() if sent.name not in left}
            occasions = {place: self._occasion("edit", changes[place][0].body, changes[place][1]) for place in passed}
            states = self._write(writer, now, stored, [(sent, occasions[place]) for place, sent in passed.items()])
        for place, sent in passed.items():
            own = [f for f in report.faults if sent.records.base.document(f.focus_node or "") == sent.name]
            state = states.get(sent.name, sent.state)
            done[place] = Edit(sent.record, not sent.state, ValidationReport(tuple(own), 1), state)
        return done

    def _all_sent(
        self, now: Now, changes: Sequence[tuple[Change, Options]], files: ExitStack
    ) -> tuple[dict[int, Sent], _Done]:
        """Records that changes put, each of another IRI, and what is wrong where there is nothing to put."""
        several: dict[int, Sent] = {}
        done: _Done = {}
        taken: set[str] = set()
        for place, (change, _) in enumerate(changes):
            if change.what not in {"put", "make"} or change.subject in taken:
                continue
            try:
                sent = self._sent(now, change, files.enter_context(filed(change.body)))
            except KgcompareError as fault:
                done[place] = fault
                continue
            if sent.record not in taken:
                several[place] = sent
                taken.add(sent.record)
        return several, done

    def _judged_together(self, now: Now, several: Sequence[Sent], stored: Stored) -> tuple[ValidationReport, set[str]]:
        """What is found of records that would be written as one, and the names of those that have to be judged alone,
        since something is wrong with them, or with all together."""
        joined = Records(now.snapshot.base, schema_of(now.shapes))
        for sent in several:
            records = self._completed(sent, stored)
            joined.documents |= records.documents
            joined.files |= records.files
            joined.faults += records.faults
            joined.read |= records.read
        options = replace(self._options, skip_invalid=True)
        try:
            with ConfinedJudge(now.shapes, options.limits) as judge:
                judging = Check(joined, now.shapes, stored, options, judge)
                return fileless(judging.passed()), judging.left
        except DataError:
            return ValidationReport(), {sent.name for sent in several}
