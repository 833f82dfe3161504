# title: Take the lock
# summary: Says who holds the lock of a catalogue in an endpoint, where nobody does. Whoever takes it looks afterwards whether another one has done so at the same moment.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

INSERT { }
WHERE {
  FILTER NOT EXISTS { GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/identifier> ?token } }
}
