# title: Drop a graph
# summary: Removes all that a graph says, and its name.
# returns: nothing; a writer puts another graph in the place of the one that is named here

DROP SILENT GRAPH <urn:kgcompare:graph>
