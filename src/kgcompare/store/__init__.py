"""Where records live: the embedded store, or any SPARQL endpoint, behind one Protocol."""

from kgcompare.store.base import Results, Snapshot, Solutions, Statements, Store, Verdict

__all__ = ["Results", "Snapshot", "Solutions", "Statements", "Store", "Verdict"]
