"""Bad input gets a coded error that says what to do; nothing half-written stays behind."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.conftest import Shell
from tests.acceptance.conftest import within as mlw

__all__ = ["mlw"]

GOOD = "age,plan,left\n" + "".join(
    f"{20 + i % 50},{chr(97 + i % 2)},{i % 3 == 0}\n" for i in range(300)
)

BAD = {
    "an empty file": (b"", ("--target", "left"), "data-empty"),
    "a header alone": (b"age,plan,left\n", ("--target", "left"), "data-no-rows"),
    "one row": (b"age,plan,left\n1,a,true\n", ("--target", "left"), "data-one-row"),
    "one class": (
        b"age,left\n" + b"".join(b"%d,yes\n" % i for i in range(300)),
        ("--target", "left"),
        "target-one-class",
    ),
    "a target misspelt": (GOOD.encode(), ("--target", "lefd"), "column-unknown"),
    "no target": (GOOD.encode(), (), "target-missing"),
    "duplicate headers": (b"age,age,left\n1,2,true\n3,4,false\n", ("--target", "left"), None),
    "latin-1 bytes": (
        GOOD.replace("a,", "caf\u00e9,").encode("latin-1"),
        ("--target", "left"),
        None,
    ),
    "10,000 columns": (
        (",".join(f"c{i}" for i in range(10_000)) + "\n").encode()
        + b"\n".join(b",".join([b"1"] * 10_000) for _ in range(5)),
        ("--target", "c1"),
        None,
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_by_a_code_with_a_fix_and_leaves_nothing(case: str, mlw: Shell) -> None:
    content, flags, code = BAD[case]
    table = mlw.folder / "table.csv"
    table.write_bytes(content)

    answer = mlw("run", table, *flags, "--json")

    assert answer.code == 2, answer.err
    error = answer.json["error"]
    assert error["fix"]
    assert code is None or error["code"] == code
    assert "Traceback" not in answer.err
    assert mlw.good("ls", "models")["models"] == []
    assert mlw.good("doctor")["well"] is True


def test_a_misspelt_target_offers_the_nearest_column(mlw: Shell) -> None:
    (mlw.folder / "table.csv").write_text(GOOD)

    answer = mlw("run", "table.csv", "--target", "lefd")

    assert answer.code == 2
    assert "did you mean 'left'?" in answer.err


def test_an_unknown_key_of_the_spec_names_the_nearest_and_makes_no_project(mlw: Shell) -> None:
    (mlw.folder / "mlwright.toml").write_text('target = "left"\n[serch]\nbudget = "1s"\n')

    answer = mlw("run", "table.csv", "--json")

    assert answer.code == 2
    assert answer.json["error"]["code"] == "spec-unknown-key"
    assert "search" in answer.json["error"]["message"] + answer.json["error"]["fix"]
    assert not (mlw.folder / ".mlwright").exists()


def test_an_all_null_column_and_mixed_types_are_told_and_do_not_stop_a_run(mlw: Shell) -> None:
    rows = GOOD.splitlines()
    lines = [f"{rows[0]},nothing,mixed"]
    lines += [f"{row},,{'x' if i % 7 == 0 else i}" for i, row in enumerate(rows[1:])]
    (mlw.folder / "table.csv").write_text("\n".join(lines) + "\n")

    answer = mlw("run", "table.csv", "--target", "left", "--budget", "1s", "--json")

    assert answer.code in (0, 3), answer.err
    assert answer.json["data"]["rows"] == 300


def test_a_file_that_changes_while_it_is_read_is_refused_or_read_whole(mlw: Shell) -> None:
    table = mlw.folder / "table.csv"
    table.write_text(GOOD * 1)
    stop = threading.Event()

    def grow() -> None:
        with table.open("a") as file:
            while not stop.is_set():
                file.write("33,a,True\n")
                file.flush()
                time.sleep(0.0005)

    writer = threading.Thread(target=grow)
    writer.start()
    answer = Shell(mlw.folder)("run", table, "--target", "left", "--budget", "1s", "--json")
    stop.set()
    writer.join()

    # On a busy machine nothing may be written just while it is read.
    if answer.code == 2:
        assert answer.json["error"]["code"] == "source-changed"
    else:
        assert answer.code in (0, 3), answer.err
        assert answer.json["data"]["rows"] >= GOOD.count("\n") - 1


@pytest.mark.parametrize("small_disk", ["12m"], indirect=True)
def test_a_full_disk_is_said_and_the_same_command_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(GOOD)
    mlw = Shell(small_disk)
    mlw.good("init", "--target", "left")
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"x" * (free - 100_000))

    full = mlw("run", table, "--budget", "1s", "--json")
    filler.unlink()
    again = mlw("run", table, "--budget", "1s", "--json")

    assert full.code == 1, full.err
    assert full.json["error"]["code"] == "disk-full"
    assert again.code in (0, 3), again.err
    assert mlw.good("doctor")["well"] is True


@pytest.mark.parametrize("ref", ["m_nothing", "nothing@3", "r_zzzz", "e_999999", "d_abc"])
def test_what_does_not_exist_is_not_found_and_every_place_looked_is_named(
    ref: str, mlw: Shell, dataset: Callable[[str], Path]
) -> None:
    mlw("init", "--target", "left")

    answer = mlw("why", ref, "--json")

    assert answer.code == 4
    assert answer.json["error"]["looked"]
