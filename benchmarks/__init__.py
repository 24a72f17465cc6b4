"""Benchmarks of threadruns against its targets, its peers, and the libraries that it is built on.

Each module of ``tables`` measures one subject. Every participant is a separate process (``workers``, driven by
``processes``) in its own environment (``peers``). The participants take turns, so that other load on the machine
affects all of them. Reports compare them by ratios (``report``).
"""
