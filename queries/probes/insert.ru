# title: A statement more
# summary: Puts statements into a graph that did not have them.

INSERT DATA { }
