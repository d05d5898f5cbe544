"""One charging session, from plug-in to unlock."""
