from __future__ import annotations

import datetime
import zoneinfo

import numpy as np
import pytest

from components.values.zones import Zone, zone_of


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC"]
)
def test_offsets_are_those_of_zoneinfo(name):
    table, zone = zone_of(name), zoneinfo.ZoneInfo(name)
    drawn = np.random.default_rng(0).integers(-2208988800, 4133980800, 2000).tolist()
    near = [start + shift for start in table.starts for shift in (-1, 0)]
    for seconds in [*drawn, *near]:
        at = datetime.datetime.fromtimestamp(seconds, zone)
        place = np.searchsorted(table.starts, seconds, side="right")
        assert table.offsets[place] == at.utcoffset().total_seconds()


@pytest.mark.slow
def test_every_change_of_every_zone_is_found():
    from zoneinfo._zoneinfo import ZoneInfo  # Python's own, which keeps its table

    for name in zoneinfo.available_timezones():
        own = ZoneInfo(name)
        offset = own._tti_before.utcoff if own._tti_before else datetime.timedelta(0)
        changes = []
        for start, kind in zip(own._trans_utc, own._ttinfos, strict=True):
            if kind.utcoff != offset and start > -2208988800:
                changes.append((start, kind.utcoff.total_seconds()))
            offset = kind.utcoff
        table = zone_of(name)
        last = max(own._trans_utc, default=0)
        found = [pair for pair in zip(table.starts, table.offsets[1:], strict=True) if pair[0] <= last]
        assert found == changes, name
        assert list(table.local_starts) == sorted(table.local_starts), name


def test_utc_has_no_changes():
    assert zone_of("UTC") == Zone()


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc", "Europe"])
def test_no_such_zone(name):
    with pytest.raises(ValueError, match="IANA"):
        zone_of(name)
