"""ISO 15118-20: five sets of messages, each a grammar of its own, and what they share."""
