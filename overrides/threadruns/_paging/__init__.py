"""From pages to runs: cursors, progress, iterators, prefetching, many threads at once, and resuming."""
