"""The HTTP door: helpdesks post messages and get results."""
