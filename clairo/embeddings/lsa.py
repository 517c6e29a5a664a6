"""Latent semantic analysis: text vectors without any pretrained weights."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, ItemCatalog
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads
from clairo.core.vectors import unit_rows
from clairo.embeddings.base import (
    TextEncoderConfig,
    place_rows,
    present_sentences,
)

# Words of one letter count: sizes and model numbers are made of them.
_WORD = r"(?u)\b\w+\b"


class LsaConfig(TextEncoderConfig):
    """TF-IDF of words, reduced by a truncated singular value decomposition, unit length.

    The sketch of the randomised solver starts from a fixed draw: its error is far below what
    any experiment looks at, and all seeds of an experiment can then share one result.

    Attributes:
        dims: Number of singular vectors; fewer where there are fewer items or terms.
        min_items: A term must occur in at least this many items.
        max_share: A term may occur in at most this share of the items.
        phrase_length: Longest run of words that makes a term.

    References:
        Deerwester et al. (1990), "Indexing by latent semantic analysis", section 4.
    """

    kind: Literal["lsa"] = "lsa"
    dims: Annotated[int, Field(ge=1, le=4096)] = 256
    min_items: Annotated[int, Field(ge=1)] = 1
    max_share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    phrase_length: Annotated[int, Field(ge=1, le=3)] = 1

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of items with a sentence that holds at least one kept term.

        Facts: ``num_terms``, ``variance_kept`` and ``num_without_terms`` (items whose
        sentence holds no kept term, counted as missing).

        Raises:
            DataError: No item has a sentence, or no term is kept.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.utils.extmath import randomized_svd

        sentences, present = present_sentences(catalog)
        vectorizer = TfidfVectorizer(
            token_pattern=_WORD,
            ngram_range=(1, self.phrase_length),
            min_df=self.min_items,
            max_df=self.max_share,
            sublinear_tf=True,
        )
        try:
            weights = vectorizer.fit_transform(sentences)
        except ValueError as error:
            raise DataError(
                f"LSA needs a term that is kept, got none in {len(sentences)} sentences with "
                f"min_items={self.min_items} and max_share={self.max_share} ({error}); lower "
                "min_items or raise max_share."
            ) from error
        known = np.diff(weights.indptr) > 0
        present[present] = known
        kept = weights[known]
        with limit_threads(1):
            left, strengths, _ = randomized_svd(
                kept, min(self.dims, *kept.shape), n_iter=7, random_state=0
            )
        rows = left * strengths
        # Rows of TF-IDF have unit length, so this is the mean squared distance to the mean.
        spread = 1.0 - float(np.square(kept.mean(axis=0)).sum())
        facts = {
            "num_terms": weights.shape[1],
            "variance_kept": min(1.0, float(rows.var(axis=0).sum()) / spread)
            if spread > 1e-9
            else 1.0,
            "num_without_terms": int((~known).sum()),
        }
        return place_rows("text", catalog, present, unit_rows(rows), facts)
