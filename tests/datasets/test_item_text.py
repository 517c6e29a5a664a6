"""Cleaning of texts, prices, addresses; the sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.datasets.item_text import (
    ItemRecord,
    clean_text,
    one_text,
    price_text,
    texts_of,
    usable_image_url,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("  white \n\t space\u00a0folded ", "white space folded"),
        ("Tom &amp; Jerry&#39;s", "Tom & Jerry's"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("twice &amp;quot;escaped&amp;quot;", 'twice "escaped"'),
        ("&lt;b&gt;bold&lt;/b&gt; words", "bold words"),
        ("a < b, and AT&T", "a < b, and AT&T"),
        ("<script>var a = 1;</script>Lamp<!-- note -->", "Lamp"),
        ("Crème brûlée 茶", "Crème brûlée 茶"),
        ("half a character \ud83d", "half a character ?"),
    ],
)
def test_text_is_for_people(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
def test_any_text_becomes_storable_and_single_spaced(raw: str) -> None:
    clean = clean_text(raw)
    clean.encode("utf-8")
    assert clean == " ".join(clean.split())


def test_fields_of_any_shape_are_texts_or_nothing() -> None:
    assert texts_of(["a", {"odd": 1}, ("b", None, True)]) == ["a", "b"]
    assert one_text(["Part one.", "Part two."]) == "Part one. Part two."
    assert one_text({"an": "object"}) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.49, "$9.49"),
        (12, "$12.00"),
        ("$1,234.50", "$1,234.50"),
        ("$10.00 - $25.00", "$10.00 - $25.00"),
        (".a-section.a-spacing-mini{margin-bottom:6px!important}", ""),
        ("Currently unavailable", ""),
        (True, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        ([float("nan")], ""),
        (1e12, ""),
        (10**400, ""),
        (-1, ""),
        (999_999_999_999.0, "$999999999999.00"),
        ("$999,999,999,999.99", "$999,999,999,999.99"),
        ("$1 - $1,000,000,000,000", ""),
        ("9" * 300, ""),
        (None, ""),
    ],
)
def test_only_prices_are_prices(value: object, text: str) -> None:
    assert price_text(value) == text


def test_the_first_usable_address_is_taken() -> None:
    assert usable_image_url([], ["https://a/1.jpg", "https://a/2.jpg"]) == "https://a/1.jpg"
    assert usable_image_url(None, "http://b/x.png") == "http://b/x.png"
    assert usable_image_url(["http://c/icons/no-img-sm.gif"]) == ""
    assert usable_image_url("file:///etc/passwd", 7) == ""


def test_a_sentence_holds_the_chosen_fields_in_order() -> None:
    record = ItemRecord(
        title="Cup",
        price="$3.00",
        brand="Acme",
        features=("Holds tea.", "Blue"),
        categories=("Kitchen", "Cups"),
        description="A cup!",
    )
    assert record.sentence(("title", "features")) == "Cup. Holds tea. Blue"
    everything = ("title", "price", "brand", "features", "categories", "description")
    assert record.sentence(everything) == (
        "Cup. $3.00. Acme. Holds tea. Blue. Kitchen, Cups. A cup!"
    )
    assert ItemRecord().sentence(everything) == ""
