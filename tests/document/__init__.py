"""What the document is held to: truth, sharpness, portability."""
