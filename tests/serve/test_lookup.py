"""A prediction is found by its id or the start of it, open or sealed, and lists are in order."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from time import process_time

import pytest
from tests.serve.recorded import Log, record

from mlwright.core.errors import BrokenError, NotFoundError, UsageError
from mlwright.core.ids import short
from mlwright.serve.clock import microseconds
from mlwright.serve.lookup import find, label, labels_of, scan
from mlwright.serve.records import Breach, Filter

REQUESTS = [[{"k": k, "row": r, "odd": k % 5 == 0} for r in range(k % 3 + 1)] for k in range(30)]


@pytest.fixture(params=["open", "sealed", "mixed"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str], Log]:
    """Records in three segments, and after them in more; sealed all, none or the older half."""
    log = Log()
    ids = record(tmp_path, REQUESTS[:15], rows_per_segment=10)
    if request.param != "open":
        log.seal(tmp_path)
    ids += record(tmp_path, REQUESTS[15:], rows_per_segment=10)
    if request.param == "sealed":
        log.seal(tmp_path)
    return tmp_path, ids, log


def test_every_row_is_found_by_its_id_and_by_the_part_people_read(
    stored: tuple[Path, list[str], Log],
) -> None:
    folder, ids, log = stored
    rows = [(k, r) for k, rows in enumerate(REQUESTS) for r in range(len(rows))]

    for identifier, (k, row) in zip(ids, rows, strict=True):
        for given in (identifier, short(identifier)):
            found = find(given, folder, log.seals)
            assert found.id == identifier
            assert (found.row, found.rows) == (row, len(REQUESTS[k]))
            assert found.answer == (k % 15, row)
            assert found.endpoint == ("late" if k % 15 % 2 else "churn")
            assert [flag.row for flag in found.flags] == ([row] if k % 5 == 0 else [])


def test_an_id_nobody_was_given_is_not_found_and_a_common_start_names_several(
    stored: tuple[Path, list[str], Log],
) -> None:
    folder, ids, log = stored
    last = ids[3][-1]
    wrong = [
        ids[3][:-1] + ("a" if last != "a" else "b"),
        "p_" + "h" * 26,
        "p_zzzz",
        "l_" + ids[0][2:],
        "nonsense",
    ]

    for given in wrong:
        with pytest.raises(NotFoundError) as caught:
            find(given, folder, log.seals)
        assert caught.value.code == "id-unknown"
        assert str(folder) in caught.value.looked[0]
    with pytest.raises(UsageError) as ambiguous:
        find("p_aaaa", folder, log.seals)
    assert ambiguous.value.code == "id-ambiguous"


def test_lists_are_newest_first_and_hold_what_was_asked_for(
    stored: tuple[Path, list[str], Log],
) -> None:
    folder, ids, log = stored
    every = list(scan(folder, Filter(), log.seals))

    assert [each.id for each in every] == ids[::-1]
    assert [each.id for each in islice(scan(folder, Filter(), log.seals), 7)] == ids[: -7 - 1 : -1]
    late = {each.id for each in every if each.endpoint == "late"}
    assert {p.id for p in scan(folder, Filter(endpoint="late"), log.seals)} == late
    assert {p.id for p in scan(folder, Filter(ref="late@1"), log.seals)} == late
    assert list(scan(folder, Filter(ref="late@2"), log.seals)) == []
    flagged = {each.id for each in every if each.flags}
    assert len(flagged) > 0
    assert {p.id for p in scan(folder, Filter(flagged=True), log.seals)} == flagged
    assert {p.id for p in scan(folder, Filter(breach=Breach.UNSEEN), log.seals)} == flagged
    assert list(scan(folder, Filter(breach=Breach.NULL), log.seals)) == []


def test_a_request_of_many_rows_is_read_once_to_be_listed(tmp_path: Path) -> None:
    rows = [{"row": r, "odd": r % 9_999 == 0} for r in range(20_000)]
    ids = record(tmp_path, [rows], rows_per_segment=100_000)
    began = process_time()

    flagged = list(scan(tmp_path, Filter(flagged=True), Log().seals))

    assert [each.id for each in flagged] == [ids[19_998], ids[9_999], ids[0]]
    assert [each.answer for each in flagged] == [(0, 19_998), (0, 9_999), (0, 0)]
    assert process_time() - began < 10, "read again for each row it takes minutes"


def test_a_list_ends_where_its_times_end(stored: tuple[Path, list[str], Log]) -> None:
    folder, _, log = stored
    every = list(scan(folder, Filter(), log.seals))
    middle = every[len(every) // 2].time
    at = microseconds(datetime.fromisoformat(middle))

    later = [p.id for p in scan(folder, Filter(since=at), log.seals)]
    earlier = [p.id for p in scan(folder, Filter(until=at), log.seals)]

    assert later == [p.id for p in every if p.time >= middle]
    assert earlier == [p.id for p in every if p.time < middle]


def test_labels_are_found_by_the_prediction_and_by_its_rows_key(
    stored: tuple[Path, list[str], Log],
) -> None:
    folder, ids, log = stored
    churn = find(ids[0], folder, log.seals)
    late = find(ids[1], folder, log.seals)

    by_id = labels_of(churn, folder, log.seals)
    both = labels_of(churn, folder, log.seals, key="row 0")

    assert [each.value for each in by_id] == [True]
    assert [each.value for each in both] == [True, "late", "late"]
    assert labels_of(late, folder, log.seals, key="row 0") == ()
    for each in both:
        assert label(each.id, folder, log.seals) == each
        assert label(short(each.id), folder, log.seals) == each


def test_a_sealed_segment_the_log_does_not_name_is_no_answer(tmp_path: Path) -> None:
    ids = record(tmp_path, REQUESTS)
    Log().seal(tmp_path)

    with pytest.raises(BrokenError, match="no entry"):
        find(ids[0], tmp_path, Log().seals)
