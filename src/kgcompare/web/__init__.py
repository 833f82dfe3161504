"""The web application: pages, the same as data, and what programs need to follow links."""
