"""``python -m threadruns`` is the command line."""

from threadruns._cli import main

main()
