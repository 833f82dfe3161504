"""Which things of the catalogue somebody's names and facts are about, and what it says of them.

A thing is identified by ``KIND/SLUG``, which makes its IRI behind the base's ``id/`` and its address behind a
server's root. Types are the kinds of record. Properties are the fields of the shapes, by the ids that the JSON of a
record has: the ids of rows (``domain``, ``origin-year``, ``doi``), and the shapes' own names for what is no row.

Source: Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group, final report of 2023-04-10).
"""

from kgcompare.reconciliation.candidates import reconcile
from kgcompare.reconciliation.entities import Things, fitting
from kgcompare.reconciliation.extension import extend
from kgcompare.reconciliation.request import Sizes, read_extension, read_queries, read_query

__all__ = ["Sizes", "Things", "extend", "fitting", "read_extension", "read_queries", "read_query", "reconcile"]
