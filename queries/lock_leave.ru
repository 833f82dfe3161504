# title: Leave the lock
# summary: Removes what is said of who holds the lock of a catalogue in an endpoint under a token.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

DELETE { GRAPH <urn:kgcompare:lock> { ?lock ?predicate ?object } }
WHERE {
  GRAPH <urn:kgcompare:lock> {
    ?lock <http://purl.org/dc/terms/identifier> "urn:kgcompare:token" ;
          ?predicate ?object .
  }
}
