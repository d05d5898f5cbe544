"""HomePlug Green PHY: MMEs, modems, SLAC."""
