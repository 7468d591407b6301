"""Importing transformers without its unused half leaves no trace."""

from __future__ import annotations

import subprocess
import sys

from core.settings import ROOT

SCRIPT = """
import sys
import torch
before = torch.compiler.disable, torch.distributed.is_available
from core.language.library import import_transformers
transformers = import_transformers()
from transformers import GPT2LMHeadModel
for name in ("sklearn", "torch._dynamo", "torch.distributed.tensor"):
    assert name not in sys.modules, name
assert (torch.compiler.disable, torch.distributed.is_available) == before
assert transformers.utils.import_utils.is_torch_greater_or_equal("2.6")
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)) == 2  # the compiler is still to be had
"""


def test_unused_parts_are_not_imported_and_everything_is_put_back():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, cwd=ROOT, timeout=110)


THREADS = """
import threading
from core.language.library import import_transformers
failed, gate = [], threading.Barrier(4)

def ask():
    gate.wait()
    try:
        import_transformers().GPT2LMHeadModel
    except BaseException as error:
        failed.append(error)

threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert not failed, failed
"""


def test_several_threads_may_be_the_first():
    subprocess.run([sys.executable, "-c", THREADS], check=True, cwd=ROOT, timeout=110)
