"""Requests to a server, the probe that sends them, and their recorded responses."""
