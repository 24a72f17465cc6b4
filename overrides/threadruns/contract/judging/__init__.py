"""Judging responses: by themselves, against an earlier reading, and against the page that is due."""
