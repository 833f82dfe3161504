# title: Remove what is said of things
# summary: Removes from a graph all that it says of some things, as long as the lock of a catalogue in an endpoint is held by whoever has a token.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

DELETE { GRAPH <urn:kgcompare:graph> { ?subject ?predicate ?object } }
WHERE {
  GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/identifier> "urn:kgcompare:token" }
  VALUES ?subject { UNDEF }
  GRAPH <urn:kgcompare:graph> { ?subject ?predicate ?object }
}
