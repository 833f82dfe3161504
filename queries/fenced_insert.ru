# title: Add statements
# summary: Adds what stands in its first block, as long as the lock of a catalogue in an endpoint is held by whoever has a token: where it is, there is one solution, and each blank node is made once.
# returns: nothing; a writer puts graphs, the token and statements in the places that are named here

INSERT { }
WHERE { GRAPH <urn:kgcompare:lock> { ?lock <http://purl.org/dc/terms/identifier> "urn:kgcompare:token" } }
