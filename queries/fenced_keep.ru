# title: Keep what documents said
# summary: Adds to a graph what the journal says of documents, as long as the lock of a catalogue in an endpoint is held by whoever has a token.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

INSERT { GRAPH <urn:kgcompare:graph> { ?subject ?predicate ?object } }
WHERE {
  GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/identifier> "urn:kgcompare:token" }
  GRAPH <urn:kgcompare:source> {
    ?subject <https://schema.org/about> ?document ;
             ?predicate ?object .
  }
}
