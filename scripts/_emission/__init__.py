"""The types, fields, parameters and responses that the templates write as code."""
