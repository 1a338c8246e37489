"""Expressions of ``-k`` against Python's own judgement of the same expression."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import UsageError
from dispatch.regression.selection import parse

ID = "scenarios/regression/nearest::plan-2020,seed=2::total.first.p90[zone=north] <="


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", True),
        ("  ", True),
        ("nearest", True),
        ("NEAREST", True),
        ("[Zone=North]", True),
        ("<=", True),
        ("seed=2::total", True),
        ("assignment", False),
        ("not nearest", False),
        ("not not nearest", True),
        ("not assignment", True),
        ("'north] <='", True),
        ('"north]  <="', False),
        ("nearest and p90", True),
        ("nearest and p50", False),
        ("p50 or nearest", True),
        ("p50 or p60", False),
        ("p50 and p60 or nearest", True),
        ("nearest or p50 and p60", True),
        ("(nearest or p50) and p60", False),
        ("not p50 and nearest", True),
        ("not (p50 or nearest)", False),
        ("not(p50)and(nearest)", True),
        ("\tnearest\n and(p90 )", True),
        ("'and'", False),
        ("'or'", True),  # as in north
        ("notice", False),
        ("order or android", False),
    ],
)
def test_what_is_selected(expression: str, *, expected: bool) -> None:
    assert parse(expression).matches(ID) is expected


def test_chinese_words_and_capitals() -> None:
    selection = parse("北区 and not 'Ünit é'")
    assert selection.matches("城市::基线::LOST[zone=北区] <=")
    assert not selection.matches("城市::基线::LOST[zone=北区] üNIT É")
    assert not selection.matches("城市::基线::LOST[zone=南区]")


def test_a_selection_crosses_process_borders() -> None:
    selection = pickle.loads(pickle.dumps(parse("a and not (b or 'c d')")))
    assert selection == parse("a and not (b or 'c d')")
    assert selection.matches("xa")


@pytest.mark.parametrize(
    ("expression", "column", "fact"),
    [
        ("a b", 3, "b follows without 'and' or 'or'"),
        ("a 'b c'", 3, "'b c' follows without 'and' or 'or'"),
        ("a not b", 3, "not follows without 'and' or 'or'"),
        ("a AND b", 3, "AND follows without 'and' or 'or'"),
        ("(a) (b)", 5, "( follows without 'and' or 'or'"),
        ("a and (b c)", 10, "c follows without 'and' or 'or'"),
        ("北区 南区", 4, "南区 follows without 'and' or 'or'"),
        ("a and", 6, "a word is needed, not the end"),
        ("not", 4, "a word is needed, not the end"),
        ("a or )", 6, "a word is needed, not )"),
        ("()", 2, "a word is needed, not )"),
        ("and b", 1, "a word is needed, not and"),
        ("a and or b", 7, "a word is needed, not or"),
        (")", 1, "a word is needed, not )"),
        ("a and ''", 7, "a word is needed, not ''"),
        ("(a or (b and c)", 1, "this parenthesis is never closed"),
        ("a)", 2, "this parenthesis was never opened"),
        ("(a) and b) or c", 10, "this parenthesis was never opened"),
        ("a and 'b", 7, "this quote is never closed"),
        ('not "', 5, "this quote is never closed"),
        ("(" * 51 + "a" + ")" * 51, 51, "too many parentheses within parentheses"),
        ("(" * 100_000, 51, "too many parentheses within parentheses"),
    ],
)
def test_what_makes_no_sense_is_refused(expression: str, column: int, fact: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(expression)
    assert caught.value.args[0] == f"-k: column {column} of {expression!r}: {fact}."
    assert caught.value.hint.endswith(".")


def test_what_is_long_but_flat_is_read() -> None:
    assert parse("not " * 10_001 + "a").matches("b")
    assert parse(" or ".join(["x"] * 10_000) + " or b").matches("ab")
    assert parse("(" * 50 + "a" + ")" * 50).matches("a")


@given(st.text(alphabet="ab (no)'\"t\nd", max_size=30), st.text(max_size=5))
def test_any_text_is_read_or_refused(expression: str, id_: str) -> None:
    try:
        selection = parse(expression)
    except UsageError:
        return
    assert selection.matches(id_) in (True, False)


WORDS = ("plan", "p90[zone=north]", "<=", "andes", "notion", "北区", "north] <=", "and", "it's", "a(b)")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 0) -> tuple[str, str]:
    """Draw an expression twice: in our language, and in Python with ``w(i)`` for the word i."""
    kind = draw(st.sampled_from(("word", "not", "chain", "group"))) if depth < 4 else "word"
    if kind == "not":
        ours, python = draw(expressions(depth=9) | expressions(depth=depth + 1).map(in_parentheses))
        return f"not {ours}", f"not {python}"
    if kind == "chain":
        parts = draw(st.lists(expressions(depth=depth + 1), min_size=2, max_size=4))
        signs = [draw(st.sampled_from(("and", "or"))) for _ in parts]
        both = [
            "".join(part[side] + f" {sign} " for part, sign in zip(parts, signs, strict=True))
            for side in (0, 1)
        ]
        return both[0].removesuffix(f" {signs[-1]} "), both[1].removesuffix(f" {signs[-1]} ")
    if kind == "group":
        return in_parentheses(draw(expressions(depth=depth + 1)))
    number = draw(st.integers(0, len(WORDS) - 1))
    word = draw(st.sampled_from((WORDS[number], WORDS[number].upper(), WORDS[number].title())))
    bare = word not in ("and", "or", "not") and not set(word) & set(" ()'\"")
    quote = '"' if "'" in word else draw(st.sampled_from("'\""))
    return (word if bare and draw(st.booleans()) else f"{quote}{word}{quote}"), f"w({number})"


def in_parentheses(expression: tuple[str, str]) -> tuple[str, str]:
    return f"({expression[0]})", f"({expression[1]})"


@given(expressions(), st.lists(st.sampled_from(WORDS)))
def test_random_expressions(expression: tuple[str, str], held: list[str]) -> None:
    """Operators bind as they do in Python; chains mix ``and`` with ``or``, which tells precedence."""
    ours, python = expression
    id_ = "·".join(held).swapcase()

    def w(number: int) -> bool:
        return WORDS[number].lower() in id_.lower()

    assert parse(ours).matches(id_) is eval(python, {"w": w})
