"""Downloads from a local server that plays the hub: what arrives, what is refused, what survives a fault."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from core import hub as hub_module
from core.errors import (
    JobCancelledError,
    ModelFilesError,
    ModelUnavailableError,
    OfflineError,
    SettingsError,
    UnknownModelError,
)
from core.hub import (
    DownloadPlan,
    download,
    hub_status,
    plan_download,
    remove_download,
    size_sentence,
    snapshot_folder,
    verify_snapshot,
)
from core.hub.transfer import HubFile
from core.language.hub_models import HUB_MODELS, hub_model
from core.settings import Settings, read_settings
from tests.hub_server import HubServer, gpt2_files, safetensors_bytes, write_repo

GPT2 = hub_model("gpt2")
FILES = gpt2_files()
NEEDED = {
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "model.safetensors",
}
WEIGHTS_BYTES = len(FILES["model.safetensors"])


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    write_repo(tmp_path / "repos", GPT2.repo, FILES)
    with HubServer(tmp_path / "repos") as server:
        yield server


def settings_for(endpoint: str, folder: Path) -> Settings:
    home, cache = folder / "home", folder / "cache"
    return read_settings({"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "ATTENDOME_CACHE": str(cache)})


@pytest.fixture
def settings(hub: HubServer, tmp_path: Path) -> Settings:
    return settings_for(hub.url, tmp_path)


def fetch(settings: Settings, *, plan: DownloadPlan | None = None, stop_at: int | None = None, **options) -> list:
    """Download GPT-2; returns what progress was told. `stop_at` cancels once that many bytes are on disk."""
    told: list[tuple[int, int]] = []

    def check_cancelled() -> None:
        if stop_at is not None and told and told[-1][0] >= stop_at:
            raise JobCancelledError("Stopped.")

    plan = plan or plan_download(GPT2, settings)
    download(
        plan,
        settings,
        on_progress=lambda done, total: told.append((done, total)),
        check_cancelled=check_cancelled,
        **{"timeout_seconds": 5.0, **options},
    )
    return told


def partial(settings: Settings) -> Path:
    (found,) = (settings.hub_folder / "models--openai-community--gpt2" / "blobs").glob("*.incomplete")
    return found


def no_partial(settings: Settings) -> bool:
    return not list(settings.hub_folder.rglob("*.incomplete"))


def assert_whole(settings: Settings) -> None:
    folder = snapshot_folder(GPT2, settings)
    assert folder is not None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {name: FILES[name] for name in NEEDED}
    assert hub_status(GPT2, settings) == "downloaded"
    assert no_partial(settings)


# What may be asked for


def test_only_listed_names() -> None:
    assert [model.name for model in HUB_MODELS] == [
        "gpt2",
        "gpt2-medium",
        "distilgpt2",
        "bert-base-uncased",
        "distilbert-base-uncased",
        "opus-mt-en-fr",
    ]
    for name in ("gpt3", "openai-community/gpt2", "../gpt2", "", "GPT2"):
        with pytest.raises(UnknownModelError, match="choose one of gpt2, gpt2-medium"):
            hub_model(name)


def test_import_is_light() -> None:
    code = (
        "import sys\n"
        "import core.hub\n"
        "print([m for m in ('torch', 'streamlit', 'requests', 'huggingface_hub', 'numpy') if m in sys.modules])"
    )
    root = Path(hub_module.__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("size_bytes", "sentence"),
    [
        (548_105_171, "548 MB"),
        (1_523_000_000, "1.5 GB"),
        (999_700_000, "1.0 GB"),
        (999_400_000, "999 MB"),
        (2_854_000, "2.9 MB"),
        (12_345, "12 kB"),
        (665, "665 bytes"),
    ],
)
def test_size_sentence(size_bytes: int, sentence: str) -> None:
    assert size_sentence(size_bytes) == sentence


# A download that goes well


def test_size_before_the_click_is_what_comes(hub: HubServer, settings: Settings) -> None:
    assert hub_status(GPT2, settings) == "available"
    plan = plan_download(GPT2, settings)
    assert hub_status(GPT2, settings) == "available"  # asking leaves nothing behind
    assert {file.name for file in plan.files} == NEEDED
    assert plan.total_bytes == plan.missing_bytes == sum(len(FILES[name]) for name in NEEDED)
    assert plan.revision == hub.commit(GPT2.repo)
    hub.requests.clear()
    told = fetch(settings, plan=plan)
    assert hub.file_bytes() == plan.missing_bytes
    assert hub.fetched() == NEEDED  # no code, no pickle, no README
    assert_whole(settings)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (plan.total_bytes, plan.total_bytes)


def test_home_and_endpoint_are_respected(hub: HubServer, settings: Settings, tmp_path: Path) -> None:
    fetch(settings)
    assert snapshot_folder(GPT2, settings) == (
        tmp_path / "home/hub/models--openai-community--gpt2/snapshots" / hub.commit(GPT2.repo)
    )


def test_second_download_transfers_nothing(hub: HubServer, settings: Settings) -> None:
    fetch(settings)
    plan = plan_download(GPT2, settings)
    assert plan.missing_bytes == 0
    hub.requests.clear()
    told = fetch(settings, plan=plan)
    assert hub.requests == []
    assert told[-1] == (plan.total_bytes, plan.total_bytes)


def test_other_tools_find_it(settings: Settings) -> None:
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    fetch(settings)
    cache = settings.hub_folder
    assert Path(snapshot_download(GPT2.repo, cache_dir=cache, local_files_only=True)) == snapshot_folder(GPT2, settings)
    weights = try_to_load_from_cache(GPT2.repo, "model.safetensors", cache_dir=cache)
    assert Path(weights).read_bytes() == FILES["model.safetensors"]


def test_finds_what_other_tools_downloaded(hub: HubServer, settings: Settings) -> None:
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        GPT2.repo, cache_dir=settings.hub_folder, endpoint=hub.url, allow_patterns=list(NEEDED), max_workers=1
    )
    assert snapshot_folder(GPT2, settings) == Path(folder)
    assert plan_download(GPT2, settings).missing_bytes == 0


def test_finds_the_older_name_of_the_repository(settings: Settings) -> None:
    fetch(settings)
    (settings.hub_folder / "models--openai-community--gpt2").rename(settings.hub_folder / "models--gpt2")
    assert hub_status(GPT2, settings) == "downloaded"


def test_pytorch_file_where_there_is_no_safetensors(hub: HubServer, settings: Settings) -> None:
    (hub.folder / GPT2.repo / "model.safetensors").unlink()
    fetch(settings)
    assert "pytorch_model.bin" in hub.fetched()
    assert "training_args.bin" not in hub.fetched()
    assert (snapshot_folder(GPT2, settings) / "pytorch_model.bin").read_bytes() == FILES["pytorch_model.bin"]


def test_without_links(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    fetch(settings)
    assert not list(settings.hub_folder.rglob("blobs/*"))
    assert_whole(settings)
    assert plan_download(GPT2, settings).missing_bytes == 0


def test_new_commit_fetches_what_changed(hub: HubServer, settings: Settings) -> None:
    fetch(settings)
    before = snapshot_folder(GPT2, settings)
    write_repo(hub.folder, GPT2.repo, {"config.json": b'{"model_type": "gpt2", "n_layer": 3}'})
    hub.mend()
    assert plan_download(GPT2, settings).missing_bytes == len(b'{"model_type": "gpt2", "n_layer": 3}')
    fetch(settings)
    assert hub.fetched() == {"config.json"}
    assert snapshot_folder(GPT2, settings) != before


def test_two_at_once_transfer_one(hub: HubServer, settings: Settings) -> None:
    hub.faults.chunk_delay = 0.005
    plan = plan_download(GPT2, settings)
    threads = [threading.Thread(target=fetch, args=(settings,), kwargs={"plan": plan}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.file_bytes() == plan.total_bytes
    assert_whole(settings)


# Cancel and resume


def test_cancel_keeps_and_resume_brings_only_the_rest(hub: HubServer, settings: Settings) -> None:
    hub.faults.chunk_delay = 0.02
    plan = plan_download(GPT2, settings)
    with pytest.raises(JobCancelledError):
        fetch(settings, plan=plan, stop_at=plan.total_bytes // 2)
    kept = partial(settings).stat().st_size
    assert 0 < kept < WEIGHTS_BYTES
    assert hub_status(GPT2, settings) == "partial"
    assert snapshot_folder(GPT2, settings) is None
    hub.mend()
    rest = plan_download(GPT2, settings)
    assert rest.missing_bytes == WEIGHTS_BYTES - kept
    told = fetch(settings, plan=rest)
    assert hub.file_bytes() == rest.missing_bytes
    assert {request.range for request in hub.requests if "/cdn/" in request.path} == {f"bytes={kept}-"}
    assert told[0][0] == rest.total_bytes - rest.missing_bytes  # all that is on the disk, in whatever order files come
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert_whole(settings)


def test_cancel_is_heard_while_the_hub_is_silent(hub: HubServer, settings: Settings) -> None:
    hub.faults.only, hub.faults.silent_after = "/cdn/", 50_000
    started = time.monotonic()
    with pytest.raises(JobCancelledError):
        fetch(settings, stop_at=50_000, timeout_seconds=20.0)
    assert time.monotonic() - started < 3
    hub.closing.set()


def test_cancel_is_heard_while_another_program_downloads(settings: Settings) -> None:
    from huggingface_hub.utils import WeakFileLock

    plan = plan_download(GPT2, settings)
    lock = settings.hub_folder / ".locks/models--openai-community--gpt2" / f"{plan.files[-1].oid}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock), pytest.raises(JobCancelledError):
        fetch(settings, plan=plan, stop_at=plan.total_bytes - WEIGHTS_BYTES)


def test_truncated_answer_is_kept_and_resumed(hub: HubServer, settings: Settings) -> None:
    hub.faults.only, hub.faults.truncate_after = "/cdn/", 70_000
    with pytest.raises(OfflineError, match="what has arrived is kept"):
        fetch(settings)
    assert partial(settings).stat().st_size == 70_000
    hub.mend()
    fetch(settings)
    assert hub.sent_bytes() == WEIGHTS_BYTES - 70_000
    assert_whole(settings)


def test_silence_ends_in_a_sentence(hub: HubServer, settings: Settings) -> None:
    hub.faults.only, hub.faults.silent_after = "/cdn/", 60_000
    with pytest.raises(OfflineError, match="cannot be reached"):
        fetch(settings, timeout_seconds=0.4)
    hub.closing.set()
    assert partial(settings).stat().st_size == 60_000
    hub.mend()
    fetch(settings)
    assert hub.sent_bytes() == WEIGHTS_BYTES - 60_000
    assert_whole(settings)


def leave_partial(settings: Settings, content: bytes) -> None:
    plan = plan_download(GPT2, settings)
    blobs = settings.hub_folder / "models--openai-community--gpt2" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{plan.files[-1].oid}.incomplete").write_bytes(content)


@pytest.mark.parametrize("fault", ["ignore_range", "wrong_range"])
def test_server_that_cannot_continue(hub: HubServer, settings: Settings, fault: str) -> None:
    leave_partial(settings, FILES["model.safetensors"][:90_000])
    setattr(hub.faults, fault, True)
    fetch(settings)
    assert_whole(settings)


@pytest.mark.parametrize("kept_bytes", [90_000, WEIGHTS_BYTES, WEIGHTS_BYTES + 1])
def test_partial_of_something_else_begins_again(hub: HubServer, settings: Settings, kept_bytes: int) -> None:
    leave_partial(settings, bytes(kept_bytes))
    fetch(settings)
    assert_whole(settings)


def test_whole_partial_needs_no_request(hub: HubServer, settings: Settings) -> None:
    leave_partial(settings, FILES["model.safetensors"])
    fetch(settings)
    assert hub.sent_bytes() == 0
    assert_whole(settings)


# What the network and the hub do wrong


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(OfflineError) as caught:
            plan_download(GPT2, settings_for(endpoint, tmp_path))
    assert str(caught.value) == (
        f"The model hub ({endpoint}) cannot be reached from this machine; use a bundled model, or connect and press "
        "Download again."
    )


def test_gone_between_asking_and_fetching(hub: HubServer, settings: Settings) -> None:
    plan = plan_download(GPT2, settings)
    hub.faults.disappear = True
    with pytest.raises(OfflineError, match="press Download again — what has arrived is kept"):
        fetch(settings, plan=plan)
    with pytest.raises(OfflineError):
        plan_download(GPT2, settings)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_busy_hub(hub: HubServer, settings: Settings, status: int) -> None:
    plan = plan_download(GPT2, settings)
    hub.faults.status = status
    with pytest.raises(OfflineError, match=f"cannot answer now .status {status}.; .* press Download again later"):
        plan_download(GPT2, settings)
    with pytest.raises(OfflineError, match="kept"):
        fetch(settings, plan=plan)


@pytest.mark.parametrize(("status", "words"), [(404, "does not have"), (401, "refuses"), (403, "HF_ENDPOINT")])
def test_hub_without_the_model(hub: HubServer, settings: Settings, status: int, words: str) -> None:
    plan = plan_download(GPT2, settings)
    hub.faults.status = status
    with pytest.raises(ModelFilesError, match=words):
        plan_download(GPT2, settings)
    with pytest.raises(ModelFilesError, match=words):
        fetch(settings, plan=plan)


def test_repository_that_the_hub_does_not_have(settings: Settings) -> None:
    with pytest.raises(ModelFilesError, match="refuses"):
        plan_download(hub_model("opus-mt-en-fr"), settings)


def test_sign_in_page(hub: HubServer, settings: Settings) -> None:
    leave_partial(settings, FILES["model.safetensors"][:90_000])
    plan = plan_download(GPT2, settings)
    hub.faults.text = "[" * 200_000
    with pytest.raises(OfflineError, match="Something other than a model hub"):
        plan_download(GPT2, settings)
    hub.faults.text = "<html>Please sign in to this network</html>"
    with pytest.raises(OfflineError, match="sign-in page"):
        plan_download(GPT2, settings)
    with pytest.raises(ModelFilesError, match="sends 43"):
        fetch(settings, plan=plan)
    assert partial(settings).stat().st_size == 90_000
    hub.mend()
    fetch(settings)
    assert hub.sent_bytes() == WEIGHTS_BYTES - 90_000


@pytest.mark.parametrize(
    ("fault", "value"), [("wrong_content", True), ("announce_more", 7), ("extra_bytes", 7), ("listed_more", 5)]
)
def test_file_that_is_not_as_listed(hub: HubServer, settings: Settings, fault: str, value: int) -> None:
    hub.faults.only = "/api/" if fault == "listed_more" else "resolve"
    setattr(hub.faults, fault, value)
    with pytest.raises(ModelFilesError, match="press Download again"):
        fetch(settings)
    assert snapshot_folder(GPT2, settings) is None
    assert no_partial(settings)
    hub.mend()
    fetch(settings)
    assert_whole(settings)


def test_wrong_large_file_is_thrown_away(hub: HubServer, settings: Settings) -> None:
    hub.faults.only, hub.faults.wrong_content = "/cdn/", True
    with pytest.raises(ModelFilesError, match=r"model\.safetensors .* checksum differs"):
        fetch(settings)
    assert no_partial(settings)
    assert hub_status(GPT2, settings) == "partial"


def test_answer_without_a_length(hub: HubServer, settings: Settings) -> None:
    hub.faults.only, hub.faults.no_length = "resolve", True
    fetch(settings)
    assert_whole(settings)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_redirect_to_anything_but_http(hub: HubServer, settings: Settings, target: str) -> None:
    hub.faults.redirect = target
    with pytest.raises(OfflineError):
        fetch(settings)
    assert snapshot_folder(GPT2, settings) is None


# What is refused


@pytest.mark.parametrize("name", ["../../x", "a/../../config.json", "/etc/passwd", "..\\x", "."])
def test_path_that_leads_out(hub: HubServer, settings: Settings, tmp_path: Path, name: str) -> None:
    hub.faults.extra_names = (name,)
    with pytest.raises(ModelFilesError, match="leads out of its folder"):
        plan_download(GPT2, settings)
    assert not (tmp_path / "home").exists()


def test_odd_commit(hub: HubServer, settings: Settings) -> None:
    hub.faults.sha = "../../../x"
    with pytest.raises(ModelFilesError, match="not usable"):
        plan_download(GPT2, settings)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (HubFile("modeling.py", 3, "0" * 40), {}),
        (HubFile("../config.json", 3, "0" * 40), {}),
        (HubFile("config.json", 0, "0" * 40), {}),
        (HubFile("config.json", 3, "../" + "0" * 37), {}),
        (HubFile("config.json", 3, "0" * 40), {"repo": "../../x"}),
        (HubFile("config.json", 3, "0" * 40), {"revision": "main"}),
    ],
)
def test_plan_refuses_what_it_would_not_make(file: HubFile, change: dict[str, str]) -> None:
    with pytest.raises(ModelFilesError, match="not usable"):
        DownloadPlan(
            **{"repo": GPT2.repo, "revision": "0" * 40, **change}, files=(file,), total_bytes=3, missing_bytes=3
        )


@pytest.mark.parametrize("missing", ["config.json", "model", "token"])
def test_repository_that_lacks_something(hub: HubServer, settings: Settings, missing: str) -> None:
    names = {"model": ["model.safetensors", "pytorch_model.bin"], "token": ["tokenizer.json", "merges.txt"]}
    for name in names.get(missing, [missing]):
        (hub.folder / GPT2.repo / name).unlink()
    with pytest.raises(ModelFilesError, match="lacks"):
        plan_download(GPT2, settings)


@pytest.mark.parametrize(
    "text", ["[]", "null", '{"sha": "x"}', '{"sha": "x", "siblings": [{"rfilename": "config.json"}]}']
)
def test_list_without_what_is_needed(hub: HubServer, settings: Settings, text: str) -> None:
    hub.faults.text = text
    with pytest.raises(ModelFilesError):
        plan_download(GPT2, settings)


def test_offline_mode(hub: HubServer, settings: Settings) -> None:
    plan = plan_download(GPT2, settings)
    hub.requests.clear()
    offline = replace(settings, hub_offline=True)
    for action in (lambda: plan_download(GPT2, offline), lambda: fetch(offline, plan=plan)):
        with pytest.raises(OfflineError, match="unset HF_HUB_OFFLINE"):
            action()
    assert hub.requests == []


@pytest.mark.parametrize("endpoint", ["huggingface.co", "file:///etc", "https://"])
def test_endpoint_that_is_no_address(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(SettingsError, match="HF_ENDPOINT"):
        plan_download(GPT2, settings_for(endpoint, tmp_path))


def test_password_in_the_endpoint_is_not_shown(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(OfflineError, match=f"http://127.0.0.1:{port}") as caught:
            plan_download(GPT2, settings_for(f"http://ann:secret@127.0.0.1:{port}", tmp_path))
    assert "secret" not in str(caught.value)


def test_full_disk(hub: HubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_download(GPT2, settings)
    hub.requests.clear()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 150_000, 150_000))
    with pytest.raises(ModelUnavailableError, match=r"needs 205 kB, but .* has 150 kB free"):
        fetch(settings, plan=plan)
    assert hub.requests == []


def test_folder_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailableError, match="set HF_HOME"):
        fetch(settings)


def test_cache_folder_that_cannot_be_written(settings: Settings) -> None:
    settings.cache_folder.write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailableError, match=f"written to {settings.cache_folder} .* set ATTENDOME_CACHE"):
        fetch(settings)


# What is on the disk


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_damaged_snapshot_is_not_complete(settings: Settings, name: str) -> None:
    fetch(settings)
    target = (snapshot_folder(GPT2, settings) / name).resolve()
    target.write_bytes(target.read_bytes()[:-1])
    assert hub_status(GPT2, settings) == "partial"
    fetch(settings)
    assert_whole(settings)


def foreign_snapshot(settings: Settings, files: dict[str, bytes]) -> Path:
    """A snapshot that some other tool made."""
    folder = settings.hub_folder / "models--gpt2" / "snapshots" / ("a" * 40)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


WEIGHTS = safetensors_bytes(1000)


@pytest.mark.parametrize(
    ("files", "complete"),
    [
        ({"model.safetensors": WEIGHTS, "tokenizer.json": b"{}"}, True),
        ({"model.safetensors": WEIGHTS, "vocab.json": b"{}", "merges.txt": b"a"}, True),
        ({"pytorch_model.bin": b"weights", "tokenizer.json": b"{}"}, True),
        ({"model.safetensors": WEIGHTS}, False),
        ({"model.safetensors": WEIGHTS, "vocab.json": b"{}"}, False),
        ({"model.safetensors": WEIGHTS[:-1], "pytorch_model.bin": b"weights", "tokenizer.json": b"{}"}, False),
        ({"model.safetensors": b"", "tokenizer.json": b"{}"}, False),
        ({"model.safetensors": b"\xff" * 100, "tokenizer.json": b"{}"}, False),
        ({"model.safetensors": WEIGHTS, "tokenizer.json": b""}, False),
        ({"tokenizer.json": b"{}"}, False),
    ],
)
def test_snapshot_of_another_tool(tmp_path: Path, files: dict[str, bytes], complete: bool) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)
    folder = foreign_snapshot(settings, {"config.json": b"{}", **files})
    assert snapshot_folder(GPT2, settings) == (folder if complete else None)


def test_record_that_cannot_be_read(settings: Settings) -> None:
    fetch(settings)
    (record,) = settings.cache_folder.rglob("*.json")
    record.write_text("not a record")
    assert_whole(settings)


@pytest.mark.parametrize(
    "header",
    [
        "{}",
        "[]",
        '{"a": 1}',
        '{"a": {"data_offsets": ["x", "y"]}}',
        '{"a": {"data_offsets": [0, Infinity]}}',
        "[" * 9000,
    ],
)
def test_weights_with_a_strange_header_are_not_whole(tmp_path: Path, header: str) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)
    weights = len(header).to_bytes(8, "little") + header.encode()
    foreign_snapshot(settings, {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": weights})
    assert hub_status(GPT2, settings) == "available"


# Damage that keeps the size


def damage(path: Path) -> None:
    """Change the last byte."""
    path = path.resolve()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def linked_snapshot(settings: Settings, *, repo: str = "models--gpt2", commit: str = "b" * 40) -> Path:
    """A snapshot as huggingface_hub makes it: links to blobs, the large one named by its sha256."""
    root = settings.hub_folder / repo
    folder = root / "snapshots" / commit
    for made in (folder, root / "blobs", root / "refs"):
        made.mkdir(parents=True, exist_ok=True)
    for name, content in {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": WEIGHTS}.items():
        large = name.endswith(".safetensors")
        blob = hashlib.sha256(content).hexdigest() if large else hashlib.sha1(content).hexdigest()
        (root / "blobs" / blob).write_bytes(content)
        (folder / name).symlink_to(f"../../blobs/{blob}")
    (root / "refs" / "main").write_text(commit)
    return folder


def left(settings: Settings) -> set[str]:
    return {path.name for path in settings.hub_folder.rglob("*") if not path.is_dir() and ".locks" not in path.parts}


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_damaged_download_is_found_removed_and_fetched_again(hub: HubServer, settings: Settings, name: str) -> None:
    fetch(settings)
    verify_snapshot(GPT2, settings)
    damage(snapshot_folder(GPT2, settings) / name)
    assert hub_status(GPT2, settings) == "downloaded"
    with pytest.raises(ModelFilesError) as caught:
        verify_snapshot(GPT2, settings)
    assert str(caught.value) == (f"{name} of GPT-2 small is damaged on this machine; press Remove and download again.")
    remove_download(GPT2, settings)
    assert hub_status(GPT2, settings) == "available"
    assert left(settings) == set()
    assert not list(settings.cache_folder.rglob("*.json"))
    hub.mend()
    fetch(settings)
    assert hub.fetched() == NEEDED
    assert_whole(settings)
    verify_snapshot(GPT2, settings)


def test_damage_is_found_without_links(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    fetch(settings)
    verify_snapshot(GPT2, settings)
    damage(snapshot_folder(GPT2, settings) / "model.safetensors")
    with pytest.raises(ModelFilesError, match=r"model\.safetensors"):
        verify_snapshot(GPT2, settings)
    remove_download(GPT2, settings)
    assert left(settings) == set()


def test_damage_is_found_in_what_another_tool_downloaded(tmp_path: Path) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)
    verify_snapshot(GPT2, settings)  # nothing there, nothing to say
    remove_download(GPT2, settings)
    folder = linked_snapshot(settings)
    verify_snapshot(GPT2, settings)
    damage(folder / "model.safetensors")
    with pytest.raises(ModelFilesError, match="is damaged"):
        verify_snapshot(GPT2, settings)
    remove_download(GPT2, settings)
    assert hub_status(GPT2, settings) == "available"
    assert left(settings) == set()


def test_files_without_a_known_digest_are_passed_over(tmp_path: Path) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)
    files = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": WEIGHTS}
    damage(foreign_snapshot(settings, files) / "model.safetensors")
    verify_snapshot(GPT2, settings)


def test_removing_leaves_what_is_not_ours(settings: Settings, tmp_path: Path) -> None:
    fetch(settings)
    bert, other = settings.hub_folder / "models--google-bert--bert-base-uncased/blobs", tmp_path / "elsewhere.json"
    bert.mkdir(parents=True)
    (bert / "x").write_text("other model")
    other.write_text("outside")
    folder = snapshot_folder(GPT2, settings)
    (folder / "tf_model.h5").write_text("another tool's")
    generation = folder / "generation_config.json"
    generation.unlink()
    generation.symlink_to(os.path.relpath(other, folder))
    (settings.cache_folder / "hub" / "models--gpt2.json").write_text("{}")
    (record,) = settings.cache_folder.rglob("models--openai-community--gpt2.json")
    record.unlink()
    remove_download(GPT2, settings)
    assert hub_status(GPT2, settings) != "downloaded"
    assert other.read_text() == "outside"
    assert {"x", "tf_model.h5", "main"} <= left(settings)
    assert not generation.is_symlink()
    assert (settings.cache_folder / "hub" / "models--gpt2.json").exists()


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("snapshots/" + "b" * 40, nullcontext()),  # a link can go
        ("blobs", nullcontext()),
        ("snapshots", pytest.raises(ModelUnavailableError, match=r"delete the folder .*models--gpt2 by hand")),
    ],
)
def test_removing_never_follows_a_folder_that_leads_out(
    tmp_path: Path, what: str, outcome: AbstractContextManager
) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)
    linked_snapshot(settings)
    inside, outside = settings.hub_folder / "models--gpt2" / what, tmp_path / "outside" / "deep" / "deeper"
    outside.parent.mkdir(parents=True)
    shutil.copytree(inside, outside)
    shutil.rmtree(inside)
    inside.symlink_to(outside)
    kept = sorted(outside.rglob("*"))
    with outcome:
        remove_download(GPT2, settings)
    assert kept == sorted(outside.rglob("*"))


def test_an_intact_copy_is_used_once_the_damaged_one_is_removed(settings: Settings) -> None:
    fetch(settings)
    older = linked_snapshot(settings)
    damage(snapshot_folder(GPT2, settings) / "model.safetensors")
    remove_download(GPT2, settings)
    assert snapshot_folder(GPT2, settings) == older
    verify_snapshot(GPT2, settings)


def test_disk_that_refuses_to_remove(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(settings)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ModelUnavailableError, match=r"GPT-2 small cannot be removed \(Permission denied\)"):
        remove_download(GPT2, settings)
