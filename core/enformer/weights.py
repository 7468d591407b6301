"""Our own model folder: config.json, model.safetensors, tracks.tsv and card.json with the digest of each."""

from __future__ import annotations

import csv
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.enformer.hparams import hyperparameters_of
from core.enformer.state import state_of
from core.enformer.tracks import Track, TrackTable
from core.errors import ModelFilesError, ModelUnavailableError
from core.files import check_safetensors_size, read_json, sha256_of

if TYPE_CHECKING:
    from enformer_pytorch import Enformer

WEIGHTS, CONFIG, TRACKS, CARD = "model.safetensors", "config.json", "tracks.tsv", "card.json"
_REMEDY = "fetch or install the model again, or choose another."
_COLUMNS = ("head", *(each.name for each in fields(Track)))
_MAX_TRACKS_BYTES = 30_000_000


@dataclass(frozen=True)
class FolderCard:
    """What a folder says about its model; the defaults are for a folder without a card.json."""

    title: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    assembly: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    limits: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def save_weights(
    module: Enformer,
    folder: str | Path,
    *,
    input_bp: int,
    title: str,
    summary: str = "",
    source: str = "",
    licence: str = "",
    assembly: str | None = None,
    facts: tuple[tuple[str, str], ...] = (),
    limits: str = "",
    tables: Mapping[str, TrackTable] | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """Write a model so that `load_model` gives it back equal to the last bit.

    A new folder appears at once and whole. In an old one the files are replaced one by one, card.json last: whoever
    reads in between is told that the files do not belong together. Other files in the folder stay.

    Parameters
    ----------
    module : on any device; it is not changed.
    input_bp : length of the window that it was trained on.
    tables : names of the tracks, by head.
    more : further entries of card.json, for example the recipe of the training.

    Returns
    -------
    str
        The digest of the weights, `DnaModel.digest`.

    Raises
    ------
    ModelFilesError
        `load_model` would refuse what was to be written; nothing is written.
    ModelUnavailableError
        The folder cannot be written.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    from core.enformer.parts import weights_digest

    folder = Path(folder)
    sizes = hyperparameters_of(module, input_bp)
    for name, table in (tables or {}).items():
        if len(table) != dict(sizes.output_heads).get(name) or not table.is_complete:
            raise ModelFilesError(
                f"The table of {name} has {len(table)} tracks; give one for each output of that head."
            )
    state = {name: tensor.detach().to("cpu").contiguous() for name, tensor in state_of(module).items()}
    if bad := [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]:
        raise ModelFilesError(f"{bad[0]} holds what is no number, so nothing was written; train again from a copy.")
    digest = weights_digest(module)
    draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.draft")
    try:
        draft.mkdir(parents=True)
        save_file(state, draft / WEIGHTS, metadata={"format": "pt"})
        _write(draft / CONFIG, json.dumps(sizes.to_config(), indent=2) + "\n")
        if tables:
            _write_tracks(draft / TRACKS, tables)
        card = {
            "title": title,
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
            "summary": summary,
            "source": source,
            "licence": licence,
            "assembly": assembly,
            "weights_digest": digest,
            "sha256": {path.name: sha256_of(path) for path in sorted(draft.iterdir())},
            "facts": [list(fact) for fact in facts],
            "limits": limits,
            **(more or {}),
        }
        _write(draft / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
        _put(draft, folder)
    except (OSError, SafetensorError) as error:  # the latter for a full disk
        why = getattr(error, "strerror", None) or error
        raise ModelUnavailableError(
            f"The model cannot be written to {folder} ({why}); make room there, or give write access."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return digest


def _put(draft: Path, folder: Path) -> None:
    """Let the files of the draft be those of the folder."""
    if not folder.exists():
        os.rename(draft, folder)
        return
    for name in (WEIGHTS, CONFIG, TRACKS, CARD):
        if (draft / name).exists():
            os.replace(draft / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def read_card(folder: Path, title: str, *, needed: bool) -> FolderCard:
    """Read card.json, and compare every file that it lists with its digest.

    Parameters
    ----------
    needed : whether a folder without a card is refused; else an empty card stands for it.

    Raises
    ------
    ModelFilesError
        The card or a file that it lists is missing, damaged, or of another model.
    """
    if not needed and not (folder / CARD).is_file():
        return FolderCard()
    card = read_json(folder / CARD, title)
    try:
        digests = {str(name): str(digest) for name, digest in card["sha256"].items()}
        texts = {name: str(card.get(name, "")) for name in ("title", "summary", "source", "licence", "limits")}
        facts = tuple((str(what), str(value)) for what, value in card.get("facts", ()))
        assembly = None if card.get("assembly") is None else str(card["assembly"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFilesError(f"card.json of {title} is not usable ({error!r}); {_REMEDY}") from error
    if not {WEIGHTS, CONFIG} <= digests.keys() or not digests.keys() <= {WEIGHTS, CONFIG, TRACKS}:
        raise ModelFilesError(f"card.json of {title} does not list the digests of its files; {_REMEDY}")
    for name, digest in digests.items():
        _check(folder / name, digest, title)
    if TRACKS not in digests and (folder / TRACKS).exists():
        raise ModelFilesError(f"{TRACKS} of {title} is not in its card.json; {_REMEDY}")
    return FolderCard(**texts, assembly=assembly, facts=facts, more=card)


def _check(path: Path, digest: str, title: str) -> None:
    if not path.is_file():
        raise ModelFilesError(f"{title} has no {path.name} in its folder; {_REMEDY}")
    if path.name == WEIGHTS:
        check_safetensors_size(path, title)  # says more of a file that was cut
    if sha256_of(path) != digest:
        raise ModelFilesError(
            f"{path.name} of {title} is damaged or of another model: its digest is not the one in card.json; {_REMEDY}"
        )


def _write_tracks(path: Path, tables: Mapping[str, TrackTable]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        for head, table in tables.items():
            for track in table:
                row = asdict(track)
                writer.writerow([head, *("" if row[name] is None else row[name] for name in _COLUMNS[1:])])


def read_tracks(folder: Path, heads: Mapping[str, int], title: str, card: FolderCard) -> dict[str, TrackTable]:
    """Tables of the heads that tracks.tsv describes; {} without that file.

    Raises
    ------
    ModelFilesError
        It is no such table, or has not one line for each output.
    """
    path = folder / TRACKS
    if not path.is_file():
        return {}
    found: dict[str, list[Track]] = {}
    try:
        if path.stat().st_size > _MAX_TRACKS_BYTES:
            raise ValueError("too large")
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", strict=True)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise ValueError(f"its first line has to name {', '.join(_COLUMNS)}, separated by tabs")
            for row in rows:
                found.setdefault(row["head"], []).append(_track(row))
        tables = {
            head: TrackTable(head, tuple(tracks), card.assembly, card.title or title) for head, tracks in found.items()
        }
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ModelFilesError(f"{TRACKS} of {title} cannot be read ({error}); {_REMEDY}") from error
    for head, table in tables.items():
        if len(table) != heads.get(head) or not table.is_complete:
            raise ModelFilesError(
                f"{TRACKS} of {title} describes {len(table)} tracks of {head[:40]!r}, and the model has "
                f"{heads.get(head, 0)}; {_REMEDY}"
            )
    return tables


def _track(row: Mapping[str, str]) -> Track:
    if None in row or None in row.values():
        raise ValueError(f"a line has not {len(_COLUMNS)} columns")
    number = {name: float(row[name]) if row[name] else None for name in ("clip", "scale")}
    words = {name: row[name] for name in ("identifier", "description", "assay", "target", "biosample", "statistic")}
    return Track(index=int(row["index"]), **words, **number)
