"""Every port again without hardware: the desk, the tests and the demo run on these."""
