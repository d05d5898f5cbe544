"""The battery management system: what the battery allows and asks for."""
