"""Where one repository of the hub lies on this disk: huggingface_hub's layout, so that other tools share the files.

hub_folder/models--openai-community--gpt2/blobs/<oid>               content, visible only when complete
                                          blobs/<oid>.incomplete    what has arrived of it
                                          snapshots/<commit>/<name> links to blobs
                                          refs/main                 the commit of the last complete download
hub_folder/.locks/models--openai-community--gpt2/<oid>.lock         one download at a time
cache_folder/hub/models--openai-community--gpt2.json                Attendome's own: files and sizes as listed
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from core.errors import ModelFilesError, ModelUnavailableError
from core.files import check_safetensors_size
from core.hub.transfer import HubFile, file_size
from core.settings import Settings

COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def write_text(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.draft")
    draft.write_text(text)
    os.replace(draft, path)


def safetensors_whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its own header says."""
    try:
        check_safetensors_size(path, path.parent.name)
    except (ModelFilesError, OSError):
        return False
    return True


@contextmanager
def disk_errors(settings: Settings) -> Iterator[None]:
    """Say in one sentence that the disk refuses.

    Raises
    ------
    ModelUnavailableError
        A file or folder of the downloads cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        path = Path(os.fsdecode(error.filename or ""))
        ours = path.is_relative_to(settings.cache_folder) and not path.is_relative_to(settings.hub_folder)
        folder, variable = (settings.cache_folder, "ATTENDOME_CACHE") if ours else (settings.hub_folder, "HF_HOME")
        raise ModelUnavailableError(
            f"The download cannot be written to {folder} ({error.strerror or error}); make room or give write access "
            f"there, or set {variable} to another folder, and press Download again."
        ) from error


class RepoCache:
    """The files of one repository on this disk."""

    def __init__(self, repo: str, settings: Settings) -> None:
        self.folder = settings.hub_folder / f"models--{repo.replace('/', '--')}"
        self._locks = settings.hub_folder / ".locks" / self.folder.name
        self._record = settings.cache_folder / "hub" / f"{self.folder.name}.json"

    def snapshot(self, revision: str) -> Path:
        """The folder of one commit."""
        return self.folder / "snapshots" / revision

    def blob(self, file: HubFile) -> Path:
        """Where the content of the file lies once it is complete."""
        return self.folder / "blobs" / file.oid

    def has(self, revision: str, file: HubFile) -> bool:
        """Whether the file is here in full."""
        return file.size_bytes in (file_size(self.snapshot(revision) / file.name), file_size(self.blob(file)))

    def arrived_bytes(self, revision: str, file: HubFile) -> int:
        """How much of the file is here, whole or in part."""
        if self.has(revision, file):
            return file.size_bytes
        part = file_size(self.blob(file).with_name(file.oid + ".incomplete"))
        return part if part <= file.size_bytes else 0

    def missing_bytes(self, revision: str, files: Iterable[HubFile]) -> int:
        """What still has to come over the network; partial files count for what has arrived."""
        return sum(file.size_bytes - self.arrived_bytes(revision, file) for file in files)

    def prepare(self, revision: str, files: Iterable[HubFile]) -> None:
        """Make the folders, and record what the commit holds."""
        self.snapshot(revision).mkdir(parents=True, exist_ok=True)
        (self.folder / "blobs").mkdir(exist_ok=True)
        write_text(self._record, json.dumps({"revision": revision, "files": list(files)}))

    def point(self, revision: str, file: HubFile) -> None:
        """Let the commit's folder show the file."""
        pointer = self.snapshot(revision) / file.name
        if file_size(pointer) == file.size_bytes:
            return
        pointer.unlink(missing_ok=True)
        try:
            pointer.symlink_to(os.path.relpath(self.blob(file), pointer.parent))
        except OSError:  # no right to make links, as on Windows: huggingface_hub moves the file too
            os.replace(self.blob(file), pointer)

    def point_main(self, revision: str) -> None:
        """Let other tools find the commit, now that it is complete."""
        write_text(self.folder / "refs" / "main", revision)

    @contextmanager
    def lock(self, file: HubFile, check_cancelled: Callable[[], None]) -> Iterator[None]:
        """Wait until no other download, in this or another program, writes the file."""
        from filelock import Timeout
        from huggingface_hub.utils import WeakFileLock

        self._locks.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            while True:
                check_cancelled()
                try:
                    stack.enter_context(WeakFileLock(self._locks / f"{file.oid}.lock", timeout=0.1))
                    break
                except Timeout:
                    continue
            yield

    def snapshots(self) -> list[Path]:
        """Folders of commits: the one that "main" points to first, then the newest."""
        try:
            main = (self.folder / "refs" / "main").read_text().strip()
        except (OSError, ValueError):
            main = ""
        folders = [path for path in self.folder.glob("snapshots/*") if COMMIT.fullmatch(path.name) and path.is_dir()]
        return sorted(folders, key=lambda path: (path.name == main, path.stat().st_mtime), reverse=True)

    def is_complete(self, snapshot: Path, tokenizer_files: tuple[tuple[str, ...], ...]) -> bool:
        """Whether a commit's folder holds everything: by our own record, else by what a model cannot do without."""
        recorded = self._recorded(snapshot.name)
        if recorded:
            return all(file_size(snapshot / file.name) == file.size_bytes for file in recorded)
        if not any(all(file_size(snapshot / name) for name in names) for names in tokenizer_files):
            return False
        safetensors, pickle = (snapshot / name for name in WEIGHTS)
        weights = safetensors_whole(safetensors) if safetensors.exists() else file_size(pickle) > 0
        return weights and file_size(snapshot / "config.json") > 0

    def known_files(self, snapshot: Path, names: Iterable[str]) -> Iterator[HubFile]:
        """Those files of a commit's folder whose digest is known: a large one's blob is called by it, or our record."""
        recorded = {file.name: file for file in self._recorded(snapshot.name)}
        for name in names:
            blob = (snapshot / name).resolve()
            if not blob.is_file():
                continue
            if blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name):
                yield HubFile(name, file_size(blob), blob.name)
            elif name in recorded:
                yield recorded[name]

    def remove(self, snapshot: Path, names: Iterable[str]) -> None:
        """Delete files of a commit's folder, the blobs they link to, and our record; the folder too once it is empty.

        Nothing outside the repository's folder is deleted: of a link that leads out, only the link.
        """
        root = self.folder.resolve()
        if not snapshot.resolve().is_relative_to(root):
            snapshot.unlink()  # a link; a real folder refuses
            return
        for name in names:
            pointer = snapshot / name
            blob = pointer.resolve()
            if blob.parent == root / "blobs":
                blob.unlink(missing_ok=True)
            pointer.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)
        with suppress(OSError):  # other tools' files stay, and so does what shows them
            snapshot.rmdir()
            main = self.folder / "refs" / "main"
            if main.read_text().strip() == snapshot.name:
                main.unlink()

    def has_part(self, names: Iterable[str]) -> bool:
        """Whether anything of the repository is here, be it a part of one file."""
        partials = (path for path in self.folder.glob("blobs/*.incomplete") if file_size(path))
        found = (folder / name for folder in self.snapshots() for name in names if file_size(folder / name))
        return bool(next(partials, None) or next(found, None))

    def _recorded(self, revision: str) -> list[HubFile]:
        """The files of the commit as the hub listed them, if Attendome downloaded it."""
        try:
            record = json.loads(self._record.read_text())
            return [HubFile(*file) for file in record["files"]] if record["revision"] == revision else []
        except (OSError, ValueError, TypeError, KeyError):
            return []
