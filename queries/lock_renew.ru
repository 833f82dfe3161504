# title: Renew the lock
# summary: Says until when the lock of a catalogue in an endpoint is held by whoever has a token, if it still is.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

DELETE { GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/valid> ?before } }
INSERT { GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/valid> ?until } }
WHERE {
  VALUES ?until { UNDEF }
  GRAPH <urn:kgcompare:lock> {
    ?lock <http://purl.org/dc/terms/identifier> "urn:kgcompare:token" ;
          <http://purl.org/dc/terms/valid> ?before .
  }
}
