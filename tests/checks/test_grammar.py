"""The grammar: every rule has one canonical form, every mistake an exact place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlwright.checks.grammar import parse, render, render_limit, render_term, term_text
from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Term
from mlwright.core.errors import UsageError
from mlwright.core.quantities import UNITS
from mlwright.core.records import dump, load

CHARACTERS = st.characters(exclude_categories=[])  # surrogates, controls and all
SEEN = st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])
NAMES = st.text(SEEN, min_size=1, max_size=8) | st.sampled_from(
    ["auc", "fairness.gender", "in", "warn", "null(age)", "in(x)", "warn(x)", "a b", "it's", "%"]
)
PIECES = st.sampled_from(
    [
        *("auc", "null", "age", "in", "warn", "tpr_gap", "ms", "s", "kB", "é", "年齢"),
        *(">=", "<=", ">", "<", "==", "!=", "=", "≥", "≤", "(", ")", "[", "]", "{", "}"),
        *(",", ":", "%", ".", "-", "+", "0.7", "-1", "1e5", "1e999", "17", "90", "'", '"'),
        *("'a'", '"b c"', "\\", "\\u{202e}", "'\\u{41}'", " ", "\t", "\n", "\x00", "\ud800", "…"),
    ]
)
NEARLY_RULES = st.lists(PIECES, max_size=12).map("".join) | st.lists(PIECES, max_size=12).map(
    " ".join
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
FUNCTIONS = st.sampled_from(["null", "mean", "quantile.high", "größe"])


@st.composite
def _limits(draw: st.DrawFn, count: int) -> list[Limit]:
    """Return limits that measure the same thing, by rising value."""
    quantities = [None, *{unit.quantity for unit in UNITS.values()}]
    quantity = draw(st.sampled_from(quantities))
    names: list[str | None] = [n for n, unit in UNITS.items() if unit.quantity is quantity]
    values = draw(st.lists(NUMBERS, min_size=count, max_size=count, unique=True))
    return [Limit(value, draw(st.sampled_from(names or [None]))) for value in sorted(values)]


@st.composite
def _bounds(draw: st.DrawFn) -> tuple[Comparator, Limit | Range | Choice]:
    shape = draw(st.sampled_from(["limit", "range", "choice"]))
    if shape == "limit":
        comparator = draw(st.sampled_from([each for each in Comparator if each.value != "in"]))
        return comparator, draw(_limits(1))[0]
    if shape == "range":
        low, high = draw(_limits(2))
        return Comparator.IN, Range(low, high, draw(st.booleans()), draw(st.booleans()))
    numbers = draw(_limits(draw(st.integers(0, 3))))
    least = 0 if numbers else 1
    texts = draw(st.sets(st.text(CHARACTERS, max_size=4), min_size=least, max_size=3))
    return Comparator.IN, Choice(tuple(numbers), tuple(sorted(texts)))


@st.composite
def _rules(draw: st.DrawFn) -> Rule:
    term = Term(draw(st.none() | FUNCTIONS), draw(NAMES))
    comparator, bound = draw(_bounds())
    name = draw(NAMES | st.just(term_text(term)))
    return Rule("", name, term, comparator, bound, draw(st.booleans()))


@given(_rules())
def test_a_rule_comes_back_from_its_canonical_form(rule: Rule) -> None:
    text = render(rule)

    assert parse(text) == rule
    assert render(parse(text)) == text
    assert text.isprintable()


@given(_rules(), st.sampled_from(["", " ", "\t \n"]))
def test_an_outside_name_means_the_same_as_an_inside_one(rule: Rule, space: str) -> None:
    unnamed = render(Rule("", term_text(rule.term), rule.term, rule.comparator, rule.bound, False))

    inside = parse(space + unnamed + space, name=rule.name)

    assert (inside.name, inside.term, inside.bound) == (rule.name, rule.term, rule.bound)


@given(_rules())
def test_a_rule_comes_back_from_its_record(rule: Rule) -> None:
    assert load(Rule, dump(rule)) == rule


@given(st.text(CHARACTERS) | NEARLY_RULES, st.none() | NAMES | st.text(CHARACTERS, max_size=5))
@example("x in {'" + "\\" * 9, None)
@example("x <= 1.5e308", None)
@example("x <= 1.7976931348623157e308 ms", None)
@example("", "")
def test_any_text_is_a_rule_or_a_usage_error_with_a_place_inside_it(
    text: str, name: str | None
) -> None:
    try:
        rule = parse(text, name=name)
    except UsageError as error:
        failure = error
    else:
        canonical = render(rule)
        assert parse(canonical) == rule
        assert render(parse(canonical)) == canonical
        assert rule.text == text
        return

    position = failure.facts["position"]
    assert failure.code == "check-syntax"
    assert isinstance(position, int)
    assert 0 <= position <= len(text)
    assert failure.message.replace("\n", "").isprintable()
    assert failure.message.count("\n") == 2


@pytest.mark.parametrize(
    ("text", "name", "canonical"),
    [
        (">= 0.70", "auc", "auc >= 0.7"),
        ("<= 0.05", "gap", "gap <= 0.05"),
        ("tpr_gap <= 0.1", "fairness.gender", "fairness.gender: tpr_gap <= 0.1"),
        ("flip <= 2%", "robustness", "robustness: flip <= 2%"),
        ("<= 20ms", "latency_p99", "latency_p99 <= 20ms"),
        ("auc>=.70", None, "auc >= 0.7"),
        ("null(age) <= 5 %", None, "null(age) <= 5%"),
        ("fairness.gender: tpr_gap <= 0.1", None, "fairness.gender: tpr_gap <= 0.1"),
        ("age in [17,90]", None, "age in [17, 90]"),
        ("age in (-1,+1e3)", None, "age in (-1, 1000)"),
        ("plan in {'b',\"a\",'b'}", None, "plan in {'a', 'b'}"),
        ("x in {2, 1, 'a', 1.0}", None, "x in {1, 2, 'a'}"),
        ("plan in {pro, Two-year, in}", None, "plan in {'Two-year', 'in', 'pro'}"),
        ("x in {1s, 1000ms, 20ms}", None, "x in {20ms, 1s}"),
        ("warn: auc ≥ 0.7", None, "warn: auc >= 0.7"),
        ("warn:>=0.7", "auc", "warn: auc >= 0.7"),
        ("auc: auc > 0", None, "auc > 0"),
        ("warn: fairness.gender: tpr_gap <= 0.1", None, "warn: fairness.gender: tpr_gap <= 0.1"),
        ("'warn': auc > 0", None, "'warn': auc > 0"),
        (">= 1", "in", "'in' >= 1"),
        (">= 1", "Total Charges", "'Total Charges' >= 1"),
        ("<= 1%", "null(Total Charges)", "null('Total Charges') <= 1%"),
        ("'it\\'s' != -0", None, '"it\'s" != 0'),
        ("x in {'\\u{202e}', '\\u{a}'}", None, "x in {'\\u{a}', '\\u{202e}'}"),
        ("null(education-num) <= 57%", None, "null(education-num) <= 57%"),
        ("年齢(年) == 1", None, "年齢(年) == 1"),
    ],
)
def test_a_rule_has_one_canonical_form(text: str, name: str | None, canonical: str) -> None:
    assert render(parse(text, name=name)) == canonical


@pytest.mark.parametrize(
    ("text", "value"),
    [("x <= 57%", 0.57), ("x <= 20 ms", 0.02), ("x <= 7m", 420.0), ("x <= 20MB", 2e7)],
)
def test_a_limit_is_held_in_base_units_and_keeps_how_it_was_written(
    text: str, value: float
) -> None:
    bound = parse(text).bound

    assert isinstance(bound, Limit)
    assert bound.value == value
    assert text.endswith(str(bound.unit))


def test_rules_are_equal_when_they_mean_the_same_however_they_are_written() -> None:
    assert parse("auc>=.7") == parse("auc >= 0.70")
    assert parse("auc >= 0.7") != parse("auc > 0.7")
    assert parse("auc >= 0.7") != parse("warn: auc >= 0.7")


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "what the rule is about"),
        ("   ", 3, "what the rule is about"),
        ("auc", 3, "expected >="),
        ("auc >> 0.7", 5, "expected a number"),
        ("auc = 0.7", 4, "written =="),
        ("auc => 0.7", 4, "written =="),
        ("auc >= ", 7, "expected a number"),
        ("auc >= nan", 7, "expected a number"),
        ("auc >= - 1", 7, "'-' has no meaning"),
        ("auc >= 1e999", 7, "too large"),
        ("auc >= 0.7 or gap < 1", 11, "'or' is no unit"),
        ("auc >= 0.7, gap < 1", 10, "complete"),
        ("0.7 <= auc", 0, "what the rule is about"),
        (">= 0.7", 0, "what the rule is about"),
        ("in [1, 2]", 0, "what the rule is about"),
        ("null(age >= 1", 9, "expected )"),
        ("null() >= 1", 5, "expected a name"),
        ("'' >= 1", 0, "cannot be empty"),
        ("'a\\u{202e}b' >= 1", 0, "U+202E"),
        ("null('\\u{7}') >= 1", 5, "U+0007"),
        ("'\\u{2028}': x >= 1", 0, "U+2028"),
        ("lat <= 20min", 9, "'min' is no unit"),
        ("lat <= 20MS", 9, "'MS' is no unit"),
        ("gap <= 5% %", 10, "complete"),
        ("age in 17", 7, "expected a range"),
        ("age in [17 90]", 11, "expected ,"),
        ("age in [17, 90", 14, "expected ] or )"),
        ("age in [90, 17]", 7, "no number is in this range"),
        ("age in [1, 1)", 7, "no number is in this range"),
        ("x in [5%, 20ms]", 10, "something else"),
        ("x in [5%, 20]", 10, "something else"),
        ("x in {1, 2s}", 9, "something else"),
        ("plan in {}", 9, "expected a number"),
        ("plan in {a b}", 11, "several words stands in quotes"),
        ("plan in {a, 1 b}", 14, "no unit"),
        ("plan in {'a',}", 13, "expected a number"),
        ("plan in {'a' 'b'}", 13, "expected }"),
        ("plan in {'a", 9, "never closed"),
        ("plan in {'\\x'}", 10, "backslash"),
        ("plan in {'\\u{110000}'}", 10, "backslash"),
        ("plan in {'a\\", 11, "backslash"),
        ("auc >= 0.7 # note", 11, "'#' has no meaning"),
        ("auc\x00 >= 1", 3, "U+0000 has no meaning"),
        ("warn: warn: auc > 0", 6, "what the rule is about"),
        ("a: b: c > 0", 4, "expected >="),
        ("1" * 41, 0, "what the rule is about"),
        ("x > " + "1" * 41, 44, "complete"),
    ],
)
def test_a_mistake_is_told_at_its_character(text: str, position: int, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert caught.value.facts["position"] == position
    assert problem in caught.value.message


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(UsageError) as caught:
        parse("auc >> 0.7")

    assert caught.value.message == ("expected a number (character 6)\n    auc >> 0.7\n         ^")


def test_the_caret_stands_right_after_wide_combining_and_hidden_characters() -> None:
    with pytest.raises(UsageError) as caught:
        parse("'年e\u0301\u202e' #")

    _, shown, caret = caught.value.message.split("\n")
    assert shown == "    '年e\u0301\ufffd' #"
    columns = [
        2 if unicodedata.east_asian_width(c) == "W" else 0 if unicodedata.combining(c) else 1
        for c in shown[: shown.index("#")]
    ]
    assert caret.index("^") == sum(columns)


def test_a_long_rule_is_shown_around_the_mistake() -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"plan in {{{', '.join(['1'] * 1000)} # {'x' * 1000}}}")

    _, shown, caret = caught.value.message.split("\n")
    assert len(shown) < 100
    assert shown[caret.index("^")] == "#"


def test_a_mistake_in_the_spec_names_its_key() -> None:
    with pytest.raises(UsageError) as caught:
        parse("tpr_gap < < 1", name="fairness.gender")

    assert caught.value.message.startswith("check fairness.gender: expected a number")
    assert caught.value.facts["name"] == "fairness.gender"


def test_a_named_rule_cannot_name_itself_again() -> None:
    with pytest.raises(UsageError, match="has its name already"):
        parse("x: tpr_gap < 1", name="fairness.gender")


@pytest.mark.parametrize("name", ["", "a\nb", "a\u202eb", "\ud800"])
def test_a_name_nobody_could_see_or_write_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("> 1", name=name)

    assert caught.value.message.replace("\n", "").isprintable()


def test_a_set_of_ten_thousand_texts_is_read() -> None:
    texts = [f"city {number}" for number in range(10_000)]

    rule = parse(f"city in {{{', '.join(map(repr, texts))}}}")

    assert isinstance(rule.bound, Choice)
    assert set(rule.bound.texts) == set(texts)


def test_terms_and_limits_are_written_as_in_rules() -> None:
    assert render_term(Term("null", "Total Charges")) == "null('Total Charges')"
    assert term_text(Term("null", "Total Charges")) == "null(Total Charges)"
    assert render_limit(0.02, "ms") == "20ms"
    assert render_limit(0.1, None) == "0.1"
