"""Transports: our own connections, and the caller's httpx client."""
