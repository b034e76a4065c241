"""Settings: flag over environment over document over default, and nothing unknown passes."""

from __future__ import annotations

import pickle
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.api.spec import PLANNED, SECTIONS
from mlwright.checks.settings import CheckSettings
from mlwright.core.declared import declared
from mlwright.core.errors import UsageError
from mlwright.core.quantities import Quantity, format_quantity
from mlwright.core.settings import TOP, FreeTable, Settings, find_document, resolve
from mlwright.data.settings import DataSettings
from mlwright.features.settings import FeatureSettings
from mlwright.registry.settings import ProjectSettings
from mlwright.train.settings import QuestionSettings, SearchSettings


def _resolve(
    document: Mapping[str, object] | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    sections: Mapping[str, type] = SECTIONS,
) -> Settings:
    return resolve(
        sections,
        flags=flags or {},
        environ=environ or {},
        document=document or {},
        document_name="mlwright.toml",
        planned=PLANNED,
    )


def _origin(settings: Settings, key: str) -> str:
    return {each.key: each.origin for each in settings.origins()}[key]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    password: str | None = field(
        default=None, repr=False, metadata={"doc": "How to get in.", "secret": True}
    )
    pin: int = field(default=0, repr=False, metadata={"doc": "A number.", "secret": True})
    check: bool = field(default=True, metadata={"doc": "Whether to check."})


def test_without_anything_said_every_setting_is_its_default() -> None:
    settings = _resolve()

    assert settings.section(QuestionSettings) == QuestionSettings()
    assert settings.section(ProjectSettings) == ProjectSettings(retention="7y")
    assert settings.section(DataSettings) == DataSettings(encoding=None, max_columns=5000)
    assert settings.section(FeatureSettings) == FeatureSettings(drop=())
    assert settings.section(SearchSettings) == SearchSettings(
        budget=20.0, models=("auto",), interpretable_within=0.005, seed=0
    )
    assert settings.section(CheckSettings) == CheckSettings()
    assert {each.origin for each in settings.origins()} == {"default"}


def test_the_documented_spec_is_read() -> None:
    settings = _resolve(
        {
            "project": {"name": "churn", "risk": "high", "retention": "7y"},
            "data": {"source": "customers.csv", "key": "id", "separator": "\t"},
            "target": "churned",
            "task": "binary",
            "features": {"drop": ["a", "b"]},
            "search": {"budget": "10m", "metric": "auc", "models": ["auto"], "threads": 2},
            "checks": {"auc": ">= 0.70", "fairness": {"gender": "tpr_gap <= 0.1"}},
        }
    )

    assert settings.section(QuestionSettings) == QuestionSettings("churned", "binary")
    assert settings.section(DataSettings).separator == "\t"
    assert settings.section(FeatureSettings).drop == ("a", "b")
    assert settings.section(SearchSettings).budget == 600.0
    assert settings.section(CheckSettings).rules == {
        "auc": ">= 0.70",
        "fairness.gender": "tpr_gap <= 0.1",
    }
    assert _origin(settings, "search.budget") == "mlwright.toml"
    assert _origin(settings, "checks.fairness.gender") == "mlwright.toml"


@pytest.mark.parametrize(
    ("section", "key", "value", "most"),
    [
        ("serve", "port", 65_536, "65,535"),
        ("serve", "seal_rows", 4_000_000, "3,999,999"),
        ("serve", "timeout", "2d", "1d"),
        ("serve", "max_body", "2GB", "1GB"),
        ("search", "seed", 2**32, "4,294,967,295"),
    ],
)
def test_a_setting_above_its_greatest_value_is_refused(
    section: str, key: str, value: object, most: str
) -> None:
    with pytest.raises(UsageError, match="spec-value") as caught:
        _resolve({section: {key: value}})

    assert most in caught.value.message


SAID = st.none() | st.integers(min_value=1, max_value=99)


@given(SAID, SAID, SAID)
def test_a_flag_beats_the_environment_beats_the_document_beats_the_default(
    flag: int | None, variable: int | None, document: int | None
) -> None:
    settings = _resolve(
        {} if document is None else {"search": {"seed": document}},
        {"search.seed": flag},
        {} if variable is None else {"MLWRIGHT_SEARCH_SEED": str(variable)},
    )

    said = [
        (flag, "flag"),
        (variable, "environment MLWRIGHT_SEARCH_SEED"),
        (document, "mlwright.toml"),
        (0, "default"),
    ]
    value, origin = next(each for each in said if each[0] is not None)
    assert settings.section(SearchSettings).seed == value
    assert _origin(settings, "search.seed") == origin


def test_what_arrives_as_text_is_read_as_its_type() -> None:
    settings = _resolve(
        environ={
            "MLWRIGHT_TARGET": "churned",
            "MLWRIGHT_DATA_MAX_COLUMNS": "12",
            "MLWRIGHT_FEATURES_DROP": "a, b,,c",
            "MLWRIGHT_SEARCH_INTERPRETABLE_WITHIN": "1%",
            "MLWRIGHT_SEARCH_BUDGET": "1h",
            "MLWRIGHT_SEARCH_THREADS": "",
            "MLWRIGHT_CHECKS_AUC": ">= 0.8",
            "PATH": "/usr/bin",
        },
        flags={"data.key": "id", "models": "linear,lightgbm", "seed": 3, "check": None},
    )

    assert settings.section(QuestionSettings).target == "churned"
    assert settings.section(DataSettings).max_columns == 12
    assert settings.section(FeatureSettings).drop == ("a", "b", "c")
    assert settings.section(SearchSettings) == SearchSettings(
        budget=3600.0, models=("linear", "lightgbm"), interpretable_within=0.01, seed=3
    )
    assert settings.section(CheckSettings).rules == {"auc": ">= 0.8"}


def test_a_flag_may_leave_out_the_section_where_only_one_has_the_key() -> None:
    settings = _resolve(flags={"budget": "60s", "name": "churn", "target": "churned"})

    assert settings.section(SearchSettings).budget == 60.0
    assert settings.section(ProjectSettings).name == "churn"
    assert settings.section(QuestionSettings).target == "churned"


def test_a_rule_of_the_same_name_is_replaced_by_a_flag_and_others_stay() -> None:
    settings = _resolve(
        {"checks": {"auc": ">= 0.7", "gap": "<= 0.1"}}, flags={"checks.auc": ">= 0.9"}
    )

    assert settings.section(CheckSettings).rules == {"auc": ">= 0.9", "gap": "<= 0.1"}
    assert _origin(settings, "checks.auc") == "flag"


@pytest.mark.parametrize(
    ("document", "code", "told"),
    [
        ({"search": {"bugdet": "1m"}}, "spec-unknown-key", "search.budget"),
        ({"serach": {"budget": "1m"}}, "spec-unknown-key", "search"),
        ({"serach": {}}, "spec-unknown-key", "search"),
        ({"data": {"budget": "1m"}}, "spec-unknown-key", "search.budget"),
        ({"name": "churn"}, "spec-unknown-key", "project.name"),
        ({"traget": "churned"}, "spec-unknown-key", "target"),
        ({"search": {"target": "churned"}}, "spec-unknown-key", "target"),
        ({"data": {"zzz": {}}}, "spec-unknown-key", "mlw show settings"),
        ({"data": {"key": {"of": "x"}}}, "spec-unknown-key", "data.key"),
        ({"": {"target": "x"}}, "spec-unknown-key", "target"),
        ({"zzz": 1}, "spec-unknown-key", "mlw show settings"),
        ({"serve": {"canary": ["5%"]}}, "spec-not-built", "remove serve.canary"),
        ({"monitor": {}}, "spec-not-built", "remove monitor"),
        ({"data": "customers.csv"}, "spec-value", "write [data]"),
        ({"checks": ">= 0.7"}, "spec-value", "write [checks]"),
        ({"checks": {"auc": 0.7}}, "spec-value", "correct checks.auc"),
        ({"checks": {"fairness": {}}}, "spec-value", "correct checks.fairness"),
        (
            {"checks": {"fairness": {"a": "<= 1"}, "fairness.a": "<= 2"}},
            "spec-value",
            "keep one",
        ),
        ({"search": {"budget": "10"}}, "spec-value", "search.budget"),
        ({"search": {"budget": 10}}, "spec-value", "search.budget"),
        ({"search": {"budget": "0s"}}, "spec-value", "search.budget"),
        ({"search": {"budget": True}}, "spec-value", "search.budget"),
        ({"search": {"interpretable_within": float("nan")}}, "spec-value", "interpretable"),
        ({"search": {"interpretable_within": float("inf")}}, "spec-value", "interpretable"),
        ({"search": {"interpretable_within": -0.1}}, "spec-value", "interpretable"),
        ({"search": {"seed": True}}, "spec-value", "search.seed"),
        ({"search": {"seed": 1.0}}, "spec-value", "search.seed"),
        ({"search": {"seed": "1"}}, "spec-value", "search.seed"),
        ({"search": {"seed": -1}}, "spec-value", "search.seed"),
        ({"search": {"seed": 10**400}}, "spec-value", "search.seed"),
        ({"search": {"threads": 0}}, "spec-value", "search.threads"),
        ({"search": {"models": "auto"}}, "spec-value", "search.models"),
        ({"search": {"models": [1]}}, "spec-value", "search.models"),
        ({"data": {"source": 1}}, "spec-value", "data.source"),
        ({"data": {"separator": ""}}, "spec-value", "data.separator"),
        ({"data": {"separator": ";;"}}, "spec-value", "data.separator"),
        ({"data": {"max_columns": 0}}, "spec-value", "data.max_columns"),
        ({"project": {"retention": "7"}}, "spec-value", "project.retention"),
        ({"project": {"retention": "-7y"}}, "spec-value", "project.retention"),
        ({"task": "ranking"}, "spec-value", "task"),
    ],
)
def test_a_spec_that_cannot_be_carried_out_is_refused_with_the_next_step(
    document: Mapping[str, object], code: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        _resolve(document)

    assert caught.value.code == code
    assert told in caught.value.fix
    assert "mlwright.toml" in caught.value.message


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"MLWRIGHT_SEARCH_BUGDET": "1m"}, "MLWRIGHT_SEARCH_BUDGET"),
        ({"MLWRIGHT_X": "1"}, "unset MLWRIGHT_X"),
        ({"MLWRIGHT_SEARCH_SEED": "one"}, "environment MLWRIGHT_SEARCH_SEED"),
        ({"MLWRIGHT_SEARCH_BUDGET": "10"}, "environment MLWRIGHT_SEARCH_BUDGET"),
        ({"MLWRIGHT_SEARCH_INTERPRETABLE_WITHIN": "nan"}, "environment MLWRIGHT_SEARCH_INT"),
    ],
)
def test_a_variable_that_cannot_be_carried_out_is_refused(
    environ: Mapping[str, str], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        _resolve(environ=environ)

    assert told in caught.value.fix


def test_a_variable_of_the_same_prefix_that_is_no_setting_is_left_alone() -> None:
    assert _resolve(environ={"MLWRIGHT_PROJECT": "/srv/churn"}).plain() == _resolve().plain()


def test_a_mistyped_flag_names_the_right_one() -> None:
    with pytest.raises(UsageError, match="bugdet as a flag") as caught:
        _resolve(flags={"search.bugdet": "1m"})

    assert caught.value.facts["nearest"] == "search.budget"


TEXT = st.text(max_size=8) | st.sampled_from(
    ["search", "budget", "data", "key", "checks", "target", "auc", "10m", ">= 0.7", "MLWRIGHT_"]
)
TOML = st.recursive(
    st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*SECTIONS, "monitor"]) | TEXT


@given(
    st.dictionaries(NAMES, TOML, max_size=3),
    st.dictionaries(TEXT, TOML, max_size=2),
    st.dictionaries(
        st.text(string.ascii_uppercase + "_", max_size=6).map("MLWRIGHT_{}".format), TEXT
    ),
)
def test_no_spec_raises_anything_but_a_usage_error(
    document: dict[str, Any], flags: dict[str, Any], environ: dict[str, str]
) -> None:
    try:
        settings = _resolve(document, flags, environ)
    except UsageError:
        return

    keys = [each.key for each in settings.origins()]
    assert len(keys) == len(set(keys))


def test_a_secret_is_read_and_never_printed_stored_or_told() -> None:
    settings = _resolve(
        {"store": {"password": "hunter2", "pin": 4711}}, sections={"store": StoreSettings}
    )

    assert settings.section(StoreSettings).password == "hunter2"
    for shown in (repr(settings), str(settings), repr(settings.origins()), settings.plain()):
        assert "hunter2" not in str(shown)
        assert "4711" not in str(shown)
    assert _origin(settings, "store.password") == "mlwright.toml"


def test_a_secret_that_does_not_fit_is_not_repeated_in_the_error() -> None:
    with pytest.raises(UsageError) as caught:
        _resolve({"store": {"pin": "hunter2"}}, sections={"store": StoreSettings})

    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "hunter2" not in f"{error} {error.fix} {error.facts}"


def test_a_secret_that_its_own_section_would_print_is_a_mistake_of_ours() -> None:
    @dataclass(frozen=True)
    class Careless:
        password: str = field(default="", metadata={"doc": "How to get in.", "secret": True})

    with pytest.raises(TypeError, match="repr=False"):
        _resolve(sections={"store": Careless}).section(Careless)


def test_truth_is_read_from_text_in_one_of_four_ways() -> None:
    sections = {"store": StoreSettings}
    read = {
        text: _resolve(environ={"MLWRIGHT_STORE_CHECK": text}, sections=sections)
        .section(StoreSettings)
        .check
        for text in ("true", "True", "1", "false", "0")
    }

    assert read == {"true": True, "True": True, "1": True, "false": False, "0": False}
    with pytest.raises(UsageError):
        _resolve(environ={"MLWRIGHT_STORE_CHECK": "yes"}, sections=sections)


def test_every_setting_is_documented_and_its_default_fits_what_it_asks_for() -> None:
    settings = _resolve()

    said = {each.key: each.value for each in settings.origins() if each.value is not None}
    fixed = [(name, kind) for name, kind in SECTIONS.items() if not issubclass(kind, FreeTable)]
    for setting in (s for name, kind in fixed for s in declared(name, kind)):
        if setting.quantity in (Quantity.DURATION, Quantity.SIZE) and setting.kind is float:
            said[setting.key] = format_quantity(said[setting.key], setting.quantity)
    assert _resolve(flags=said).plain() == settings.plain()


def test_resolved_settings_are_stored_by_dotted_key() -> None:
    plain = _resolve({"target": "churned", "checks": {"auc": ">= 0.7"}}).plain()

    assert plain["target"] == "churned"
    assert plain["search.budget"] == 20.0
    assert plain["checks.auc"] == ">= 0.7"


def test_a_section_that_was_not_resolved_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError, match="SearchSettings"):
        _resolve(sections={TOP: QuestionSettings}).section(SearchSettings)


def test_a_section_can_be_sent_to_another_process() -> None:
    section = _resolve({"search": {"budget": "1m"}}).section(SearchSettings)

    assert pickle.loads(pickle.dumps(section)) == section


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_nearest_spec_upwards_is_the_projects(tmp_path: Path) -> None:
    _write(tmp_path / "mlwright.toml", 'target = "far"')
    near = _write(tmp_path / "a" / "mlwright.toml", 'target = "near"')
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)

    found = find_document(deep)

    assert found is not None
    assert (found.folder, found.path, found.name) == (tmp_path / "a", near, "mlwright.toml")
    assert found.table == {"target": "near"}


def test_a_pyproject_counts_only_with_our_table(tmp_path: Path) -> None:
    _write(tmp_path / "pyproject.toml", '[tool.mlwright]\ntarget = "churned"\n')
    _write(tmp_path / "a" / "pyproject.toml", "[tool.ruff]\n")
    _write(tmp_path / "a" / "b" / "pyproject.toml", 'dependencies = ["mlwright"]\n')
    _write(tmp_path / "a" / "b" / "c" / "pyproject.toml", "someone else's = broken")

    found = find_document(tmp_path / "a" / "b" / "c")

    assert found is not None
    assert found.folder == tmp_path
    assert found.name == "pyproject.toml [tool.mlwright]"
    assert found.table == {"target": "churned"}


def test_a_state_folder_alone_makes_a_project_with_an_empty_spec(tmp_path: Path) -> None:
    (tmp_path / ".mlwright").mkdir()

    found = find_document(tmp_path)

    assert found is not None
    assert (found.path, found.table) == (None, {})


def test_two_specs_in_one_folder_are_refused(tmp_path: Path) -> None:
    _write(tmp_path / "mlwright.toml", "")
    _write(tmp_path / "pyproject.toml", "[tool.mlwright]\n")

    with pytest.raises(UsageError) as caught:
        find_document(tmp_path)

    assert caught.value.code == "spec-twice"
    assert len(caught.value.looked) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"target = churned", "line 1"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"a = 1\na = 2", "overwrite"),
        (b"a = " + b"9" * 5000, "limit"),
        (b"a = " + b"[" * 5000, "deeply"),
    ],
)
def test_a_spec_that_is_no_toml_is_told_with_the_place(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "mlwright.toml").write_bytes(content)

    with pytest.raises(UsageError) as caught:
        find_document(tmp_path)

    assert caught.value.code == "spec-syntax"
    assert told in caught.value.message


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "mlwright.toml").write_bytes(b'\xef\xbb\xbftarget = "x"')

    found = find_document(tmp_path)

    assert found is not None
    assert found.table == {"target": "x"}
