"""Tests of the document: complete, strict and portable."""
