"""What takes part: one script each, run in its own environment, answering orders as ``_protocol`` says."""
