"""Which passwords are refused beside those that Django refuses: whoever guesses begins with them, long as they are."""

import re
from functools import cache
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from orders.models import Merchant

PRODUCT = "revkeen admin"
LEFT = 4  # letters that have to be left when what everybody guesses is taken out
SHORTEST = 5  # of a common password inside another one
PIECES = 2  # two common ones in a row are guessed too; of three and more there are too many
LOOKED_AT = 64  # characters
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü", "yxcvbnm")
COLUMNS = ("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm")
LEET = str.maketrans("013457@$!", "oieastasi")


class GuessablePasswordValidator:
    """Refuses repetition, rows of keys, common passwords with something added, and names that everybody knows."""

    def validate(self, password: str, user: Any = None) -> None:
        text = password.casefold()[:LOOKED_AT]
        if _repeats(text):
            raise ValidationError("This password is too repetitive. Use several unrelated words.")
        if name := _name_in(text, _names(user)):
            raise ValidationError(f"This password is too similar to “{name}”. Use unrelated words.")
        if len(_letters(_without_common(_without_runs(text)))) < LEFT:
            raise ValidationError("This password is too common and easy to guess.")

    def get_help_text(self) -> str:
        return "Not the product’s or a merchant’s name, no repetition, and no common password with something added."


def _repeats(text: str) -> bool:
    """One piece over and over, or hardly any different characters."""
    return len(set(text)) < LEFT + 1 or re.fullmatch(r"(.+?)\1+.{0,2}", text) is not None


def _names(user: Any) -> list[str]:
    """The product's, and those of the person's own merchants: others' are not for them to find out."""
    own = Merchant.objects.filter(memberships__user=user).values_list("name", flat=True) if user and user.pk else ()
    return [PRODUCT, *own, *getattr(user, "invited_to", ())]


def _name_in(text: str, names: list[str]) -> str:
    """The name that a password consists of, with at most a few letters and any digits and signs around it."""
    words = {word for name in names for word in (name, *name.split()) if len(_letters(word)) >= SHORTEST}
    for letters in (_letters(text), _letters(text.translate(LEET))):
        found = ""
        for word in sorted(words, key=len, reverse=True):
            if _letters(word) in letters:
                letters, found = letters.replace(_letters(word), ""), found or word
        if found and len(letters) < LEFT:
            return found
    return ""


def _without_runs(text: str) -> str:
    """Rows of keys and of the alphabet, in either direction, taken out."""
    for row in (*RUNS, *COLUMNS):
        for way in (row, row[::-1]):
            for length in range(len(way), LEFT - 1, -1):
                for start in range(len(way) - length + 1):
                    text = text.replace(way[start : start + length], "")
    return text


def _without_common(text: str) -> str:
    for _ in range(PIECES):
        text = min((_cut(text), _cut(text.translate(LEET))), key=len)
    return text


def _cut(text: str) -> str:
    """Without the longest common password in it."""
    for length in range(len(text), SHORTEST - 1, -1):
        for start in range(len(text) - length + 1):
            if text[start : start + length] in _common():
                return text[:start] + text[start + length :]
    return text


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalpha())


@cache
def _common() -> frozenset[str]:
    return frozenset(word for word in CommonPasswordValidator().passwords if len(word) >= SHORTEST)
