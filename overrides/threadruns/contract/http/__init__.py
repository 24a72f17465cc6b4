"""Requests to a server and their recorded responses."""
