"""The rules of the contract, as data."""
