"""The device profiles there are: those of the product, and those that the user's machines were fitted to."""

from __future__ import annotations

from profiles.profile import DeviceProfile, load_profiles


def known_profiles() -> dict[str, DeviceProfile]:
    """Return every profile by name. Raises ProfileError for a file that is wrong."""
    return load_profiles()
