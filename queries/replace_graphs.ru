# title: Replace graphs
# summary: Removes all that some graphs say, and adds what stands in the last block, in one transaction.
# param: graph IRI the graphs to empty
# returns: nothing; a writer fills the block of INSERT DATA with statements in their graphs

DELETE { GRAPH ?graph { ?subject ?predicate ?object } }
WHERE {
  VALUES ?graph { UNDEF }
  GRAPH ?graph { ?subject ?predicate ?object }
} ;
INSERT DATA { }
