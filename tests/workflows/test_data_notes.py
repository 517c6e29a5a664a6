"""What is missing in earnest is said, and nothing else."""

from __future__ import annotations

import pytest

from clairo.workflows.data_notes import data_notes, given_words

WHOLE = {
    "num_items": 100,
    "num_users": 50,
    "num_asked_users": 50,
    "num_images": 100,
    "items_with_image_url": 100,
    "image_url_example": "http://pictures.example/a.jpg",
}


def test_a_whole_data_set_needs_no_note() -> None:
    assert data_notes(WHOLE) == ()


def test_a_generated_world_needs_no_note() -> None:
    assert data_notes({"num_items": 10, "num_users": 5}) == ()


def test_metadata_that_lacks_half_the_items_is_said() -> None:
    assert data_notes({**WHOLE, "items_without_metadata": 50}) == (
        "50 of 100 items (50%) have no metadata.",
    )


FILES = [
    {"file": "T.index_lemb.json", "modality": "text", "case": "lower", "column_sizes": [4, 8]},
    {"file": "T.index_vitemb.json", "modality": "image", "case": "lower", "column_sizes": [4]},
]


def test_letters_that_differ_from_ours_are_said_for_the_files_that_have_them() -> None:
    # Ours are capitals for text and small letters for images.
    assert data_notes({**WHOLE, "index_files": FILES}) == (
        "Letters here are not those of the files: text codes are printed as capitals and image "
        "codes as small letters, the files have the opposite for text (T.index_lemb.json).",
    )
    ours = [{**FILES[0], "case": "upper"}, FILES[1]]
    assert data_notes({**WHOLE, "index_files": ours}) == ()


def test_given_codes_are_counted_in_words() -> None:
    assert given_words({"index_files": FILES}) == "2 text codes (4 x 8) and 1 image code (4)"


def test_a_stray_item_without_metadata_is_not_worth_a_sentence() -> None:
    assert data_notes({**WHOLE, "items_without_metadata": 1}) == ()


def test_pictures_that_are_named_and_not_there_are_said_with_an_example() -> None:
    (note,) = data_notes({**WHOLE, "num_images": 60})
    assert note == (
        "100 of 100 items name a picture by its address, for example "
        "http://pictures.example/a.jpg; 60 pictures are in DATA."
    )


def test_broken_pictures_and_users_who_cannot_be_asked_are_said() -> None:
    notes = data_notes({**WHOLE, "num_images_undecodable": 3, "num_asked_users": 20})
    assert notes == (
        "3 pictures do not decode and count as missing.",
        "30 of 50 users have fewer than 3 interactions and only train.",
    )


def test_filters_are_named_because_they_make_another_data_set() -> None:
    (note,) = data_notes({**WHOLE, "chosen_settings": {"min_rating": 4.0, "duplicates": "first"}})
    assert note == 'A data set of its own, by its settings: min_rating=4.0, duplicates="first".'
    assert data_notes({**WHOLE, "chosen_settings": {}}) == ()


def test_last_items_that_only_the_file_orders_are_said() -> None:
    asked = WHOLE["num_asked_users"]
    (note,) = data_notes({**WHOLE, "tied_test_targets": asked // 2})
    assert note.startswith(f"For {asked // 2} of {asked} users asked on test (50%) the last item")
    assert data_notes({**WHOLE, "tied_test_targets": 1 if asked > 20 else 0}) == ()


@pytest.mark.parametrize(("unit", "old", "new"), [("s", 2_000, 10**9), ("ms", 10**9, 10**12)])
def test_times_before_there_were_shops_are_doubted(unit: str, old: int, new: int) -> None:
    (note,) = data_notes({**WHOLE, "time_unit": unit, "latest_timestamp": old})
    assert note.startswith(f"The latest timestamp, read in {unit}, lies before 1995")
    assert data_notes({**WHOLE, "time_unit": unit, "latest_timestamp": new}) == ()
    assert data_notes({**WHOLE, "time_unit": "position", "latest_timestamp": 7}) == ()
