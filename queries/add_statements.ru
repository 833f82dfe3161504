# title: Add statements
# summary: Adds statements to graphs.
# returns: nothing; a writer fills the block with statements in their graphs

INSERT DATA { }
