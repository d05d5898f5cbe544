"""Frames and packets: Ethernet, IPv6, UDP, TCP."""
