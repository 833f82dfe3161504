# title: Remove statements
# summary: Removes statements from graphs.
# returns: nothing; a writer fills the block with statements in their graphs, none of which has a blank node

DELETE DATA { }
