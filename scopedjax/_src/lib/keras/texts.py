"""`tf.keras.preprocessing.text`: texts as sequences of word numbers, counts of words, one-hot rows."""

from __future__ import annotations

import collections
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(text: str, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """Returns the words of a text.

    Args:
      text: The text.
      filters: Characters that stand between words, as the separator does.
      lower: Whether the words are in lower case.
      split: What separates words.

    >>> tf.keras.preprocessing.text.text_to_word_sequence("The cat, the dog.")
    ['the', 'cat', 'the', 'dog']
    """
    text = text.lower() if lower else text
    words = text.translate({ord(c): split for c in filters}).split(split)
    return [w for w in words if w]


def hashing_trick(
    text: str, n: int, hash_function: Any = None, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[int]:
    """Returns a number from 1 to n - 1 for each word, by a hash of the word.

    Args:
      text: The text.
      n: Size of the space of numbers.
      hash_function: "md5" (the same in every process), a function of a word, or None for Python's `hash`.
      filters: Characters that stand between words.
      lower: Whether the words are taken in lower case.
      split: What separates words.

    >>> tf.keras.preprocessing.text.hashing_trick("a b a", 10, "md5")
    [2, 5, 2]
    """
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = lambda w: int(hashlib.md5(w.encode(), usedforsecurity=False).hexdigest(), 16)
    return [int(hash_function(w) % (n - 1) + 1) for w in text_to_word_sequence(text, filters, lower, split)]


def one_hot(text: str, n: int, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[int]:
    """Returns a number from 1 to n - 1 for each word, by Python's hash of it; args as for `hashing_trick`.

    Args:
      text: The text.
      n: Size of the space of numbers.
      filters: Characters that stand between words.
      lower: Whether the words are taken in lower case.
      split: What separates words.

    >>> len(tf.keras.preprocessing.text.one_hot("a b a", 10))
    3
    """
    return hashing_trick(text, n, hash, filters, lower, split)


class Tokenizer:
    """Words (or characters) by numbers: the more frequent a word, the smaller its number, from 1.

    Args:
      num_words: Only words with a smaller number are used; all by default.
      filters: Characters that stand between words.
      lower: Whether the words are taken in lower case.
      split: What separates words.
      char_level: Whether each character is a word.
      oov_token: What stands for words that are not known; it has the number 1. Without it they are left out.
      document_count: How many texts were read before.
      **kwargs: `nb_words`, the older name of `num_words`.

    >>> tokenizer = tf.keras.preprocessing.text.Tokenizer()
    >>> tokenizer.fit_on_texts(["the cat sat", "the dog"])
    >>> tokenizer.word_index
    {'the': 1, 'cat': 2, 'sat': 3, 'dog': 4}
    >>> tokenizer.texts_to_sequences(["the dog sat still"])
    [[1, 4, 3]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        document_count: int = 0,
        **kwargs: Any,
    ) -> None:
        num_words = kwargs.pop("nb_words", num_words)
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.document_count = document_count
        self.word_counts: collections.OrderedDict[str, int] = collections.OrderedDict()
        self.word_docs: dict[str, int] = collections.defaultdict(int)
        self.index_docs: dict[int, int] = collections.defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> list[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return list(text)
            return [w.lower() for w in text] if isinstance(text, list) else list(text.lower())
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Counts the words of texts, and numbers them.

        Args:
          texts: Texts, or lists of words.
        """
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=lambda w: -self.word_counts[w])
        names = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = {word: i for i, word in enumerate(names, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Any]) -> None:
        """Counts in how many sequences of numbers each stands, for `sequences_to_matrix`."""
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Returns the numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yields the numbers of the words of each text."""
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        for text in texts:
            numbers = (self.word_index.get(w) for w in self._words(text))
            used = (unknown if n is None or self.num_words and n >= self.num_words else n for n in numbers)
            yield [n for n in used if n is not None]

    def sequences_to_texts(self, sequences: Iterable[Any]) -> list[str]:
        """Returns texts of the words that have the numbers."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Any]) -> Iterator[str]:
        """Yields texts of the words that have the numbers."""
        for sequence in sequences:
            words = [self.index_word.get(n) for n in sequence]
            used = [
                self.oov_token if w is None or self.num_words and n >= self.num_words else w
                for n, w in zip(sequence, words, strict=True)
            ]
            yield " ".join(w for w in used if w is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> Any:
        """Returns a row for each text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Any:
        """Returns a row for each sequence, with a column for each number.

        Args:
          sequences: Lists of numbers.
          mode: "binary" (whether it stands there), "count", "freq" (share), or "tfidf".

        Raises:
          ValueError: another mode, or no words are known.
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Specify a dimension (`num_words` argument), or fit on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        width = self.num_words or len(self.word_index) + 1
        rows = np.zeros((len(sequences), width))
        for i, sequence in enumerate(sequences):
            counts = collections.Counter(n for n in sequence if n < width)
            for number, count in counts.items():
                rows[i, number] = self._weight(mode)(number, count, len(sequence))
        return rows

    def _weight(self, mode: str) -> Callable[[int, int, int], float]:
        def rarity(number: int, count: int, length: int) -> float:
            found = self.index_docs.get(number, 0)
            return (1 + np.log(count)) * np.log(1 + self.document_count / (1 + found))

        modes: dict[str, Callable[[int, int, int], float]] = {
            "binary": lambda number, count, length: 1,
            "count": lambda number, count, length: count,
            "freq": lambda number, count, length: count / length,
            "tfidf": rarity,
        }
        if mode not in modes:
            raise ValueError(f"Unknown vectorization mode: {mode}")
        return modes[mode]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, and what was counted, as JSON."""
        counted = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        config = {n: getattr(self, n) for n in ("num_words", "filters", "lower", "split", "char_level", "oov_token",
                                                "document_count")}  # fmt: skip
        return {**config, **{n: json.dumps(getattr(self, n)) for n in counted}}

    def to_json(self, **kwargs: Any) -> str:
        """Returns the config as JSON; `tokenizer_from_json` of Keras reads it."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)
