"""``clairo codes``: the options of exporting, checking and converting semantic-id files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clairo.cli_options import (
    Category,
    Config,
    Data,
    Fetch,
    Filters,
    Force,
    Out,
    ProfileOption,
    Release,
    Seed,
    TrackingUri,
    Verbose,
    one_of,
)

if TYPE_CHECKING:
    from clairo.quantization.interchange import Convention

codes_app = typer.Typer(no_args_is_help=True, help="Write, check and convert semantic-id files.")

File = Annotated[Path, typer.Argument(help="An index file, such as NAME.index.json.")]
Letters = Annotated[
    str | None,
    typer.Option(help="Whose letters the file has: clairo, lcrec or mql4grec; default: found out."),
]
LastIsDigit = Annotated[
    bool | None,
    typer.Option(
        "--digit/--no-digit",
        help="The last code only tells items with equal codes apart; default: found out.",
    ),
]
_LAYOUTS = ("indented", "compact")


@codes_app.command("export")
def codes_export(
    out_file: Annotated[Path, typer.Argument(help="The file, such as NAME.index.json.")],
    run: Annotated[
        str | None, typer.Option(help="A run's or a trial's id; default: --config is computed.")
    ] = None,
    config: Config = None,
    category: Category = "demo",
    release: Release = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    profile: ProfileOption = "quick",
    seed: Seed = 0,
    convention: Annotated[str, typer.Option(help="clairo, lcrec or mql4grec.")] = "lcrec",
    modality: Annotated[str, typer.Option(help="all, text or image.")] = "all",
    digit: Annotated[
        bool, typer.Option("--digit/--no-digit", help="With the code that makes ids unique.")
    ] = True,
    keys: Annotated[
        str, typer.Option(help="Items by index (ids go to NAME.item2id) or by id.")
    ] = "index",
    layout: Annotated[str, typer.Option(help="indented or compact.")] = "indented",
    force: Force = False,
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    verbose: Verbose = False,
) -> None:
    """Write the semantic ids of a run or of a configuration."""
    from clairo.workflows.codes_files import (
        ExportSettings,
        codes_of_config,
        codes_of_run,
        export_codes,
        require_convention,
    )
    from clairo.workflows.locations import existing_tracking
    from clairo.workflows.options import SweepOptions

    chosen: dict[str, Any] = {
        "modality": one_of("modality", modality, ("all", "text", "image")),
        "keys": one_of("keys", keys, ("index", "id")),
        "layout": one_of("layout", layout, _LAYOUTS),
    }
    settings = ExportSettings(require_convention(convention), digit=digit, force=force, **chosen)
    if run is not None:
        if config is not None:
            raise typer.BadParameter("takes the place of --config; name one", param_hint="run")
        tracking = existing_tracking(out, tracking_uri or None)
        export_codes(lambda: codes_of_run(tracking, run), out_file, settings)
        return
    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        profile=profile,
        seed=seed,
        out=out,
    )
    export_codes(lambda: codes_of_config(options, config), out_file, settings)


@codes_app.command("check")
def codes_check(
    file: File,
    convention: Letters = None,
    digit: LastIsDigit = None,
    verbose: Verbose = False,
) -> None:
    """Items, levels, use of every code, collisions and layout of a file."""
    from clairo.workflows.codes_files import check_codes

    check_codes(file, _convention(convention), digit)


@codes_app.command("convert")
def codes_convert(
    file: File,
    out_file: Annotated[Path, typer.Argument(help="The new file.")],
    to: Annotated[str, typer.Option(help="Whose letters it gets: clairo, lcrec or mql4grec.")],
    convention: Letters = None,
    digit: LastIsDigit = None,
    layout: Annotated[str, typer.Option(help="keep, indented or compact.")] = "keep",
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Write a file again with the letters of another convention."""
    from clairo.workflows.codes_files import ConvertSettings, convert_codes, require_convention

    settings = ConvertSettings(
        require_convention(to),
        source=_convention(convention),
        digit=digit,
        layout=one_of("layout", layout, ("keep", *_LAYOUTS)),
        force=force,
    )
    convert_codes(file, out_file, settings)


def _convention(name: str | None) -> Convention | None:
    from clairo.workflows.codes_files import require_convention

    return None if name is None else require_convention(name)
