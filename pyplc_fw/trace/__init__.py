"""Recordings: pcap -> frames -> conversation -> text, report, replay."""
