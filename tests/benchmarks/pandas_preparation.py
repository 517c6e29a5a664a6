"""The straightforward way in pandas: read all, filter until nothing changes, sort, split."""

from __future__ import annotations

import sys

import pandas as pd


def prepare(path: str, core: int) -> pd.DataFrame:
    """Histories of the k-core of a reviews file, with the part that each row plays."""
    rows = pd.read_json(path, lines=True)[["reviewerID", "asin", "unixReviewTime"]]
    while True:
        by_user = rows.groupby("reviewerID")["asin"].transform("size")
        by_item = rows.groupby("asin")["reviewerID"].transform("size")
        kept = rows[(by_user >= core) & (by_item >= core)]
        if len(kept) == len(rows):
            break
        rows = kept
    rows = rows.assign(
        user=pd.factorize(rows["reviewerID"])[0], item=pd.factorize(rows["asin"])[0]
    ).sort_values(["user", "unixReviewTime"], kind="stable")
    from_end = rows.groupby("user").cumcount(ascending=False)
    rows["part"] = from_end.map({0: "test", 1: "valid"}).fillna("train")
    return rows


if __name__ == "__main__":
    found = prepare(sys.argv[1], int(sys.argv[2]))
    print(len(found), found["user"].nunique(), found["item"].nunique())
