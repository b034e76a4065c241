"""A clock that goes backwards spoils neither ids nor look-up nor the times records are kept by."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.serve.recorded import Log, record

from mlwright.core.seam import ReplaySeam
from mlwright.serve.clock import microseconds
from mlwright.serve.lookup import find, labels_of, scan
from mlwright.serve.records import Filter


@pytest.mark.parametrize("state", ["open", "sealed", "mixed"])
def test_records_of_a_clock_that_goes_back_are_found_by_id_and_by_time(
    tmp_path: Path, state: str
) -> None:
    requests: list[list[dict[str, object]]] = [[{"k": k}] for k in range(60)]
    back = ReplaySeam(step=timedelta(seconds=-7))
    log = Log()

    ids = record(tmp_path, requests[:30], rows_per_segment=8, seam=back)
    if state != "open":
        log.seal(tmp_path)
    back.step = timedelta(seconds=3)
    ids += record(tmp_path, requests[30:], rows_per_segment=8, seam=back)
    if state == "sealed":
        log.seal(tmp_path)

    assert len(set(ids)) == len(requests)
    found = [find(identifier, tmp_path, log.seals) for identifier in ids]
    assert [json.loads(each.body) for each in found] == requests
    assert found[0].time > found[29].time < found[59].time
    assert [len(labels_of(each, tmp_path, log.seals)) for each in found[:2]] == [1, 0]
    every = list(scan(tmp_path, Filter(), log.seals))
    assert sorted(each.id for each in every) == sorted(ids)
    middle = microseconds(back.now() - timedelta(seconds=40))
    later = {each.id for each in scan(tmp_path, Filter(since=middle), log.seals)}
    earlier = {each.id for each in scan(tmp_path, Filter(until=middle), log.seals)}
    assert later | earlier == set(ids)
    assert not later & earlier
    assert later
    assert earlier
