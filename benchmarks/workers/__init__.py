"""The participants: a script for each, which runs in its own environment and answers orders (see ``_protocol``)."""
