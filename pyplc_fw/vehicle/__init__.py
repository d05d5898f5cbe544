"""The vehicle's side of the plug: pilot, proximity, and the guard of the contactors."""
