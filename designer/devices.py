"""The device profiles there are, the user's own included: found by what they are, grouped by board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from designer.calibrate import BOARD, profiles_folder
from profiles.profile import DeviceProfile, load_profiles


def known_profiles() -> dict[str, DeviceProfile]:
    """Return every profile by name. Raises ProfileError for a file that is wrong."""
    return load_profiles(profiles_folder())


def delete_own(name: str) -> None:
    """Delete one of the user's own profiles and what was measured for it. Raises ValueError for any other."""
    path = profiles_folder() / f"{name}.json"
    if name not in known_profiles() or not path.is_file():
        raise ValueError(f'"{name}" is no profile of your own, so it cannot be deleted.')
    for file in profiles_folder().glob(f"{name}.*"):
        file.unlink()


@dataclass(frozen=True)
class Wanted:
    """What a device has to be; an empty field takes every one."""

    words: str = ""
    units: Sequence[str] = ()
    runtimes: Sequence[str] = ()
    precisions: Sequence[str] = ()
    kind: str = ""

    def takes(self, profile: DeviceProfile) -> bool:
        """Return whether a profile is wanted."""
        said = f"{profile.name} {profile.board} {profile.device} {profile.runtime} {profile.runtime_version}".lower()
        return (
            all(word in said for word in self.words.lower().split())
            and profile.compute_unit in (self.units or (profile.compute_unit,))
            and profile.runtime in (self.runtimes or (profile.runtime,))
            and profile.precision in (self.precisions or (profile.precision,))
            and profile.kind == (self.kind or profile.kind)
        )


def by_board(found: Iterable[DeviceProfile], wanted: Wanted | None = None) -> dict[str, list[DeviceProfile]]:
    """Return the wanted profiles by board: this machine first, then by name; a board's runtimes by name too."""
    asked = wanted or Wanted()
    taken = [profile for profile in found if asked.takes(profile)]
    taken.sort(key=lambda p: (p.board != BOARD, p.board.casefold(), p.runtime.casefold(), p.threads or 0, p.name))
    groups: dict[str, list[DeviceProfile]] = {}
    for profile in taken:
        groups.setdefault(profile.board, []).append(profile)
    return groups
