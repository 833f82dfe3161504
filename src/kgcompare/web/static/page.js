// Completion for search fields; the pages work without it.
