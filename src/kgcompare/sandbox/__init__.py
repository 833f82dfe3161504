"""Where strangers' queries run: workers that have no network and can be killed.

The parent screens a query's text, hands it to a worker, and waits until the deadline; a worker that is late,
too large or dead is killed and replaced, and the parent answers for it.
"""
