"""One frozen `Settings`, read once from the environment.

ATTENDOME_DEVICE           auto (default), cpu, cuda, cuda:1, mps
ATTENDOME_CACHE            folder for results, jobs and downloads' bookkeeping
ATTENDOME_MODELS           local model folders a browser may name: "sort=/data/gpt_nano_sort:mine=/data/mine"
ATTENDOME_DNA_MODELS       the same for Enformers: "mine=/data/enformer-copy"
ATTENDOME_MAX_MODELS       models kept in memory at once (default 3)
ATTENDOME_MAX_VARIANTS     variants taken from one file at once (default 100000)
ATTENDOME_MAX_VCF_MB       largest list of variants taken from a browser (default 20); the command takes any size
ATTENDOME_SCORES_MB        disk space for scores of lists of variants (default 4000)
ATTENDOME_MAX_CHARACTERS   longest text taken from a browser (default 20000)
ATTENDOME_GENOME           hg38 (default), or the path or address of a FASTA file
ATTENDOME_GENOMES          FASTA files a browser may name: "mine=/data/mine.fa:mouse=/data/mm10.fa.gz"; a chrom.sizes
                           file is a genome without letters, to look at files on
ATTENDOME_ANNOTATIONS      their genes (GTF or BED), by the same names: "mine=/data/genes.gtf.gz"
ATTENDOME_SIGNALS          measured signal, bigWig files or addresses: "h3k27ac=/data/a.bw:dnase=https://example.org/b.bw"
ATTENDOME_REGIONS          regions such as chromatin states, BED files: "states=/data/states.bed"
ATTENDOME_HG38_URL         address of a plain, indexed hg38 FASTA that answers HTTP Range requests
ATTENDOME_HG38_INDEX_URL   address of its .fai (default: the same with .fai behind)
ATTENDOME_UCSC_URL         address of the UCSC REST service, for genes (default https://api.genome.ucsc.edu)
ATTENDOME_GENOME_CACHE_MB  disk space for pieces of remote genomes (default 1000)
ATTENDOME_TARGETS_URL      address of the table of Enformer's human tracks, targets_human.txt of calico/basenji
ATTENDOME_RESULT_CACHE_MB  disk space for predictions (default 2000)
HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE   as in huggingface_hub
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import SettingsError

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
DNA_NAMES = ("official", "playground", "untrained", "random")  # what core.enformer.load_model knows by itself
GENOME_NAMES = ("playground", "default")  # what core.genome.named_genome knows by itself; hg38 may be a file too
ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"


@dataclass(frozen=True)
class Settings:
    """What the person who runs Attendome chose; everything else has one value."""

    device: str = "auto"
    cache_folder: Path = Path.home() / ".cache" / "attendome"
    model_folders: tuple[tuple[str, Path], ...] = ()
    dna_model_folders: tuple[tuple[str, Path], ...] = ()
    max_models: int = 3
    max_characters: int = 20_000
    max_variants: int = 100_000
    max_vcf_bytes: int = 20_000_000
    scores_bytes: int = 4_000_000_000
    hub_endpoint: str = "https://huggingface.co"
    hub_folder: Path = Path.home() / ".cache" / "huggingface" / "hub"
    hub_offline: bool = False
    genome: str = "hg38"
    genome_files: tuple[tuple[str, Path], ...] = ()
    annotation_files: tuple[tuple[str, Path], ...] = ()
    signal_files: tuple[tuple[str, str], ...] = ()
    region_files: tuple[tuple[str, Path], ...] = ()
    hg38_url: str = "https://igv-genepattern-org.s3.amazonaws.com/genomes/seq/hg38/hg38.fa"
    hg38_index_url: str = "https://igv-genepattern-org.s3.amazonaws.com/genomes/seq/hg38/hg38.fa.fai"
    ucsc_url: str = "https://api.genome.ucsc.edu"
    genome_cache_bytes: int = 1_000_000_000
    targets_url: str = "https://raw.githubusercontent.com/calico/basenji/master/manuscripts/cross2020/targets_human.txt"
    result_cache_bytes: int = 2_000_000_000


def _positive(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name} is {text!r}; give a number above 0, for example {name}={default:g}.")
    return value


def _address(environment: Mapping[str, str], name: str) -> str:
    text = environment.get(name, "").strip()
    if text and not is_web_address(text):
        raise SettingsError(f"{name} is {text!r}; give an address that begins with https://.")
    return text


def is_web_address(text: str) -> bool:
    """Whether it can be the address of something on a server."""
    try:
        return bool(re.fullmatch(r"https?://[^\s/]+(/\S*)?", text, re.IGNORECASE)) and urlsplit(text).port != 0
    except ValueError:
        return False


def _named_paths(
    environment: Mapping[str, str],
    variable: str,
    reserved: tuple[str, ...] = (),
    *,
    kind: str = "folder",
    example: str = "/data/my-model",
) -> tuple[tuple[str, Path], ...]:
    folders = []
    for part in filter(None, (p.strip() for p in environment.get(variable, "").split(os.pathsep))):
        name, equals, folder = part.partition("=")
        if not equals or not _NAME.fullmatch(name) or not folder:
            raise SettingsError(
                f"{variable} holds {part!r}; give name={kind} pairs joined by {os.pathsep!r}, the name in "
                f"lower-case letters, digits and . _ -, for example mine={example}."
            )
        if name in {known for known, _ in folders}:
            raise SettingsError(f"{variable} names {name!r} twice; give each {kind} a name of its own.")
        if name in reserved:
            raise SettingsError(f"{variable} names {name!r}, which has a meaning of its own; give another name.")
        folders.append((name, Path(folder).expanduser()))
    return tuple(folders)


def _named_places(environment: Mapping[str, str], variable: str) -> tuple[tuple[str, str], ...]:
    """As `_named_paths`, but files or addresses: a separator counts where a name follows, as addresses hold it too."""
    sep = re.escape(os.pathsep)
    found: dict[str, str] = {}
    parts = re.split(rf"{sep}(?=[^/{sep}]*=|\s*$)", environment.get(variable, ""))
    for part in filter(None, (p.strip() for p in parts)):
        name, _, place = part.partition("=")
        address = place.lower().startswith(("http://", "https://"))
        if not _NAME.fullmatch(name) or not place or (address and not is_web_address(place)):
            raise SettingsError(
                f"{variable} holds {part!r}; give name=file pairs joined by {os.pathsep!r}, the name in lower-case "
                "letters, digits and . _ -, the file a path or an address, for example h3k27ac=/data/h3k27ac.bw."
            )
        if name in found:
            raise SettingsError(f"{variable} names {name!r} twice; give each file a name of its own.")
        found[name] = place if address else str(Path(place).expanduser())
    return tuple(found.items())


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the environment.

    Raises
    ------
    SettingsError
        A variable has a value that cannot be used; the message says which and what to give.
    """
    default = Settings()
    device = environment.get("ATTENDOME_DEVICE", "").strip() or default.device
    if not _DEVICE.fullmatch(device):
        raise SettingsError(f"ATTENDOME_DEVICE is {device!r}; give auto, cpu, cuda, cuda:N or mps.")
    hub_home = environment.get("HF_HOME", "").strip()
    hub_cache = environment.get("HF_HUB_CACHE", "").strip()
    hub_folder = Path(hub_cache) if hub_cache else Path(hub_home) / "hub" if hub_home else default.hub_folder
    cache_folder = environment.get("ATTENDOME_CACHE", "").strip()
    hg38_url = _address(environment, "ATTENDOME_HG38_URL") or default.hg38_url
    genome = environment.get("ATTENDOME_GENOME", "").strip() or default.genome
    if genome.lower().startswith(("http://", "https://")):
        genome = _address(environment, "ATTENDOME_GENOME")
    hg38_index = default.hg38_index_url if hg38_url == default.hg38_url else f"{hg38_url}.fai"
    return Settings(
        device=device,
        cache_folder=Path(cache_folder).expanduser() if cache_folder else default.cache_folder,
        model_folders=_named_paths(environment, "ATTENDOME_MODELS"),
        dna_model_folders=_named_paths(environment, "ATTENDOME_DNA_MODELS", DNA_NAMES),
        max_models=int(_positive(environment, "ATTENDOME_MAX_MODELS", default.max_models)) or 1,
        max_characters=int(_positive(environment, "ATTENDOME_MAX_CHARACTERS", default.max_characters)),
        max_variants=int(_positive(environment, "ATTENDOME_MAX_VARIANTS", default.max_variants)) or 1,
        max_vcf_bytes=int(_positive(environment, "ATTENDOME_MAX_VCF_MB", 20) * 1_000_000),
        scores_bytes=int(_positive(environment, "ATTENDOME_SCORES_MB", 4000) * 1_000_000),
        hub_endpoint=(environment.get("HF_ENDPOINT", "").strip() or default.hub_endpoint).rstrip("/"),
        hub_folder=hub_folder.expanduser(),
        hub_offline=environment.get("HF_HUB_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"},
        genome=genome,
        genome_files=_named_paths(
            environment, "ATTENDOME_GENOMES", GENOME_NAMES, kind="file", example="/data/my-genome.fa"
        ),
        annotation_files=_named_paths(environment, "ATTENDOME_ANNOTATIONS", kind="file", example="/data/genes.gtf.gz"),
        signal_files=_named_places(environment, "ATTENDOME_SIGNALS"),
        region_files=_named_paths(environment, "ATTENDOME_REGIONS", kind="file", example="/data/states.bed"),
        hg38_url=hg38_url,
        hg38_index_url=_address(environment, "ATTENDOME_HG38_INDEX_URL") or hg38_index,
        ucsc_url=_address(environment, "ATTENDOME_UCSC_URL").rstrip("/") or default.ucsc_url,
        genome_cache_bytes=int(_positive(environment, "ATTENDOME_GENOME_CACHE_MB", 1000) * 1_000_000),
        targets_url=_address(environment, "ATTENDOME_TARGETS_URL") or default.targets_url,
        result_cache_bytes=int(_positive(environment, "ATTENDOME_RESULT_CACHE_MB", 2000) * 1_000_000),
    )


@cache
def settings() -> Settings:
    """The settings of this process, read at first use."""
    return read_settings()
