"""The objects that callers hold: clients, their operations and options, drift, and export."""
