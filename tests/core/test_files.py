"""Files of models before anything reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ModelFilesError
from core.files import MAX_JSON_BYTES, check_safetensors_size, read_json, sha256_of, weights_file
from core.sources import card_figures


def test_a_json_object(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"name": "Größe"}', encoding="utf-8")
    assert read_json(path, "toy") == {"name": "Größe"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 200_000, "cannot be read"),
        (b'{"a":' * 100_000, "cannot be read"),
        (b'{"a": 1}' + b" " * MAX_JSON_BYTES, "cannot be read"),
        (b"[1]", "is no JSON object"),
        (b"null", "is no JSON object"),
    ],
    ids=range(8),
)
def test_what_is_no_json_object(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(ModelFilesError, match=rf"^card\.json of toy {sentence}; fetch or install the model again"):
        read_json(tmp_path / "card.json", "toy")
    assert card_figures(tmp_path) == ("missing", (), "")


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match=r"toy has no config\.json in its folder"):
        read_json(tmp_path / "config.json", "toy")
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ModelFilesError, match=r"config\.json of toy cannot be read"):
        read_json(tmp_path / "config.json", "toy")
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(ModelFilesError, match=r"toy has no model\.safetensors in its folder"):
        weights_file(tmp_path, "toy")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    assert weights_file(tmp_path, "toy").name == "pytorch_model.bin"
    assert sha256_of(tmp_path / "pytorch_model.bin").startswith("2d711642b726b044")


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 8, b"\xff" * 8, b"\x02" + b"\x00" * 7 + b"{}", b"\x04" + b"\x00" * 7 + b"null"]
)
def test_what_is_no_safetensors_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFilesError, match=r"toy (has a damaged header|is no safetensors file); fetch"):
        check_safetensors_size(path, "toy")
