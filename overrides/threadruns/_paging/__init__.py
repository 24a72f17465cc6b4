"""Paging: cursors, progress, iterators, prefetching, many lists at once, and resuming."""
