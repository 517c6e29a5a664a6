"""What is known about one item in words, cleaned, and the sentence made of it."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clairo.datasets.amazon import TextField

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_PRICE = re.compile(r"[$£€]?\d[\d.,]*( ?- ?[$£€]?\d[\d.,]*)?")
_AMOUNT = re.compile(r"\d[\d.,]*")
_MAX_UNPACKINGS = 2
_MAX_PRICE_DIGITS = 12


@dataclass(frozen=True)
class ItemRecord:
    """One metadata row in the shape that all releases share, texts already clean.

    Attributes:
        title: ``""`` where unknown, like all other texts.
        price: As shown to people, for example ``$25.00``.
        brand: Maker.
        features: Bullet points.
        categories: All category names, general to specific, without repeats.
        category: The most specific one of the first path.
        description: Running text.
        image_url: First usable address of a picture, the largest size that is offered.
    """

    title: str = ""
    price: str = ""
    brand: str = ""
    features: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    category: str = ""
    description: str = ""
    image_url: str = ""

    @property
    def texts(self) -> Mapping[str, tuple[str, ...]]:
        """Texts of each field."""
        return {
            "title": (self.title,),
            "price": (self.price,),
            "brand": (self.brand,),
            "features": self.features,
            "categories": (", ".join(self.categories),),
            "description": (self.description,),
        }

    def sentence(self, fields: Sequence[TextField]) -> str:
        """The chosen fields in the given order, those that say nothing left out.

        Example:
            >>> ItemRecord(title="Gift Card", price="$25.00").sentence(("title", "price"))
            'Gift Card. $25.00'
        """
        return join_texts(self.texts, fields)


def join_texts(texts: Mapping[str, tuple[str, ...]], fields: Sequence[str]) -> str:
    """One running text of the chosen fields, those that say nothing left out.

    Example:
        >>> join_texts({"title": ("Cats!",), "genres": ("Musical", "Dance")}, ("genres", "title"))
        'Musical. Dance. Cats!'
    """
    parts = [text for name in fields for text in texts[name] if text]
    ended = [text if text.endswith((".", "!", "?")) else text + "." for text in parts[:-1]]
    return " ".join([*ended, *parts[-1:]])


def clean_text(raw: str) -> str:
    """Text for people: tags stripped, entities resolved, white space folded.

    Publishers' texts are often escaped twice, so a second round follows where the first one
    brought tags or entities to light.

    Example:
        >>> clean_text("Maggiano&#39;s <b>Gift</b>   Card, café &amp;amp; more")
        "Maggiano's Gift Card, café & more"
    """
    text = raw
    for _ in range(_MAX_UNPACKINGS):
        if "<" not in text and "&" not in text:
            break
        text = _strip_tags(text) if _TAG.search(text) else html.unescape(text)
    if not text.isascii():
        # JSON may escape half a character, which no file of ours could hold.
        text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.split())


def _strip_tags(text: str) -> str:
    # Slow to import and to run, so only texts that hold a tag come here.
    from bs4 import BeautifulSoup

    return BeautifulSoup(text, "html.parser").get_text(" ")


def texts_of(value: object) -> list[str]:
    """Clean, non-empty texts of a field that holds a string, a number, or a list of such.

    Anything else, such as the objects of a malformed row or JSON's ``NaN``, says nothing.

    Example:
        >>> texts_of([" a ", "", ["b"], None, 3])
        ['a', 'b', '3']
    """
    if isinstance(value, str):
        text = clean_text(value)
        return [text] if text else []
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, (int, float)):
        return [str(value)] if math.isfinite(value) else []
    if isinstance(value, (list, tuple)):
        return [text for entry in value for text in texts_of(entry)]
    return []


def one_text(value: object) -> str:
    """All texts of a field as one."""
    return " ".join(texts_of(value))


def price_text(value: object) -> str:
    """A price as shown to people; ``""`` for what is none, such as scraped style sheets.

    Nothing costs less than nothing, or a million million and more.

    Example:
        >>> price_text(9.5), price_text("$1.00 - $2.00"), price_text(".a-box{margin:0}")
        ('$9.50', '$1.00 - $2.00', '')
        >>> price_text(1e300), price_text(float("nan"))
        ('', '')
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"${value:.2f}" if 0 <= value < 10**_MAX_PRICE_DIGITS else ""
    text = one_text(value)
    if not _PRICE.fullmatch(text):
        return ""
    wholes = [amount.replace(",", "").split(".")[0] for amount in _AMOUNT.findall(text)]
    return text if all(len(whole) <= _MAX_PRICE_DIGITS for whole in wholes) else ""


@dataclass(frozen=True)
class PictureRow:
    """What one metadata row says about pictures.

    Attributes:
        title: As in :class:`ItemRecord`; it tells which of several rows of an item counts.
        urls: Usable addresses in the order in which they are worth asking for, each once.
    """

    title: str = ""
    urls: tuple[str, ...] = ()


def usable_image_url(*candidates: object) -> str:
    """The first web address among strings and lists of strings, placeholders left out."""
    return next(_usable_addresses(candidates), "")


def usable_image_urls(*candidates: object) -> tuple[str, ...]:
    """All web addresses among strings and lists of strings, in order, placeholders left out.

    Example:
        >>> usable_image_urls(["http://a/1.jpg", "no address"], "http://a/2.jpg", "http://a/1.jpg")
        ('http://a/1.jpg', 'http://a/2.jpg')
    """
    return tuple(dict.fromkeys(_usable_addresses(candidates)))


def _usable_addresses(candidates: Iterable[object]) -> Iterator[str]:
    """The publisher serves a drawing named ``no-img`` where a product has no picture."""
    for candidate in candidates:
        for url in candidate if isinstance(candidate, (list, tuple)) else (candidate,):
            if isinstance(url, str) and url.startswith("http") and "no-img" not in url:
                yield url.strip()
