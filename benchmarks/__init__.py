"""How fast threadruns is: against its targets, against its peers, and against the limit of the libraries below it.

A table is a module of ``tables`` that only measures. What takes part in one runs in a process of its own (``workers``,
driven by ``processes``) in an environment of its own (``peers``); the parent lets them run in turn, so that whatever
else the machine does strikes all of them, and reports ratios (``report``).
"""
