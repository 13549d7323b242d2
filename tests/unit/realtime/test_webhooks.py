from apps.realtime.webhooks import Entry, settle

NOW = 100_000


def entry(name, at, channel="room", **more):
    return Entry(f"{at}-0", {"name": name, "channel": channel, **more})


def test_whoever_is_back_at_once_has_not_been_away():
    left = entry("member_removed", NOW - 9000, user_id="ada")
    other = entry("member_removed", NOW - 8900, user_id="bob")
    back = entry("member_added", NOW - 8000, user_id="ada")
    assert settle([left, other, back], now=NOW) == ([other], [left, back])


def test_whoever_is_back_later_was_away():
    events = [entry("channel_vacated", NOW - 9000), entry("channel_occupied", NOW - 5000)]
    assert settle(events, now=NOW) == (events, [])


def test_what_may_come_to_nothing_waits_with_all_behind_it():
    first = entry("channel_occupied", NOW - 5000, "other")
    events = [first, entry("channel_vacated", NOW - 1000), entry("cache_miss", NOW - 500)]
    assert settle(events, now=NOW) == ([first], [])
    assert settle(events, now=NOW + 5000) == (events, [])
