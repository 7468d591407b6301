"""config.json is checked before anything of its size is made."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import psutil
import pytest

from core.enformer.hparams import (
    Hyperparameters,
    attentions,
    hyperparameters,
    hyperparameters_of,
    library,
    set_tf_gamma,
)
from core.enformer.official import wants_tf_gamma
from core.enformer.random_weights import random_module
from core.errors import ModelFilesError
from tests.core.enformer.small_models import GAMMA, TINY, hub_config

PUBLISHED = Hyperparameters()


def test_defaults_are_the_published_model():
    config = library().config_enformer.EnformerConfig()
    sizes = hyperparameters(config.to_dict(), "Enformer")
    assert sizes == PUBLISHED
    assert (sizes.bins, sizes.target_bins, sizes.bin_size_bp, sizes.features) == (1536, 896, 128, 192)
    assert sizes.is_official_geometry
    assert sizes.fits_tf_gamma
    assert hyperparameters(hub_config(PUBLISHED), "Enformer") == PUBLISHED
    assert hyperparameters({}, "Enformer") == PUBLISHED


@pytest.mark.parametrize("sizes", [PUBLISHED, TINY, GAMMA, replace(GAMMA, use_tf_gamma=True)])
def test_what_is_written_is_read(sizes: Hyperparameters):
    assert hyperparameters(json.loads(json.dumps(sizes.to_config())), "x") == sizes


def test_outline_takes_no_memory():
    library()
    before = psutil.Process().memory_info().rss
    module = PUBLISHED.build()
    assert sum(parameter.numel() for parameter in module.parameters()) == 251_221_292
    assert {parameter.device.type for parameter in module.parameters()} == {"meta"}
    assert psutil.Process().memory_info().rss - before < 100e6


def test_module_has_the_sizes():
    module = TINY.build()
    assert hyperparameters_of(module, TINY.input_bp) == TINY
    assert len(attentions(module)) == TINY.depth
    module.add_heads(human=9)
    assert dict(hyperparameters_of(module, TINY.input_bp).output_heads) == {"human": 9}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dim": 10**9}, "dim = '1000000000'; it has to be a whole number from 12 to 3072"),
        ({"dim": "1536"}, "dim = '1536'"),
        ({"dim": True}, "dim = 'True'"),
        ({"dim": 1536.0}, "dim = '1536.0'"),
        ({"dim": None}, "dim = 'None'"),
        ({"depth": 0}, "depth"),
        ({"depth": 10**6}, "depth"),
        ({"heads": 5}, "dim = '1536'; it has to be a multiple of 6 x heads = 30"),
        ({"dim": 1532}, "multiple of 6 x heads = 48"),
        ({"heads": -8}, "heads = '-8'"),
        ({"attn_dim_key": 10**5}, "attn_dim_key"),
        ({"num_downsamples": 2}, "num_downsamples = '2'; it has to be a whole number from 3 to 10"),
        ({"num_downsamples": 11}, "num_downsamples"),
        ({"dim_divisible_by": 100}, "dim_divisible_by"),
        ({"dim_divisible_by": 0}, "dim_divisible_by"),
        ({"dim_divisible_by": 1536}, "at most half of it"),
        ({"target_length": 0}, "target_length"),
        ({"target_length": -2}, "target_length"),
        ({"target_length": 10**7}, "target_length"),
        ({"output_heads": [5313]}, "output_heads"),
        ({"output_heads": {}}, "output_heads"),
        ({"output_heads": {"human": 10**9}}, "output_heads"),
        ({"output_heads": {"human": -1}}, "output_heads"),
        ({"output_heads": {"../human": 3}}, "output_heads"),
        ({"output_heads": {f"h{n}": 3 for n in range(9)}}, "output_heads"),
        ({"dropout_rate": 1.0}, "dropout_rate"),
        ({"pos_dropout": "no"}, "pos_dropout"),
        ({"attn_dropout": float("nan")}, "attn_dropout"),
        ({"use_tf_gamma": 1}, "use_tf_gamma = '1'; it has to be true or false"),
        ({"use_tf_gamma": True, "num_downsamples": 6, "input_bp": 65_536}, "1536 bins and 192 features"),
        ({"use_convnext": True}, "use_convnext"),
        ({"model_type": "gpt2"}, "model_type = 'gpt2'"),
        ({"input_bp": 1000}, "input_bp"),
        ({"input_bp": 128 * 895}, "input_bp"),
        ({"input_bp": 10**12}, "input_bp"),
        ({"dim": [1] * 10**5}, "dim"),
    ],
)
def test_values_that_are_refused(change: dict, said: str):
    with pytest.raises(ModelFilesError) as caught:
        hyperparameters(hub_config(PUBLISHED) | change, "My model")
    assert said in str(caught.value)
    assert str(caught.value).startswith("config.json of My model has ")
    assert len(str(caught.value)) < 300


def test_largest_allowed_sizes_are_refused_without_memory():
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    sizes = hyperparameters(
        {"dim": 3072, "depth": 24, "heads": 32, "attn_dim_key": 256, "dim_divisible_by": 128, "target_length": -1}, "x"
    )
    with pytest.raises(ModelFilesError, match=r"an Enformer of 2,\d{3},\d{3},\d{3} parameters; 1,000,000,000"):
        sizes.build()
    assert psutil.Process().memory_info().rss - before < 200e6
    assert time.monotonic() - began < 10


def test_head_name_that_torch_cannot_take():
    with pytest.raises(ModelFilesError, match="cannot build"):
        replace(TINY, output_heads=(("keys", 3),)).build()


@pytest.mark.parametrize(
    ("sizes", "official", "ours", "on"),
    [
        (PUBLISHED, True, False, True),  # of the hub: its config.json is silent
        (PUBLISHED, False, False, True),  # a copy of it, which may say false and not mean it
        (PUBLISHED, False, True, False),  # what we wrote says what was meant
        (replace(PUBLISHED, use_tf_gamma=True), False, True, True),
        (replace(PUBLISHED, output_heads=(("human", 12),)), False, False, False),  # somebody's own training
        (replace(PUBLISHED, depth=4), False, False, False),
        (replace(PUBLISHED, output_heads=(("human", 12),), use_tf_gamma=True), False, False, True),
        (GAMMA, True, False, True),
        (GAMMA, False, False, False),
        (TINY, True, False, False),  # positions of another shape cannot be used
    ],
)
def test_rule_for_tensorflow_positions(sizes: Hyperparameters, official: bool, ours: bool, on: bool):
    assert wants_tf_gamma(sizes, official=official, ours=ours) is on


def test_positions_are_set_on_every_layer_of_the_published_size():
    module = PUBLISHED.build()
    assert [layer.use_tf_gamma for layer in attentions(module)] == [False] * 11
    set_tf_gamma(module, True)
    assert [layer.use_tf_gamma for layer in attentions(module)] == [True] * 11
    assert hyperparameters_of(module, 196_608).use_tf_gamma


def test_layers_that_disagree_are_refused():
    module = random_module(GAMMA)
    attentions(module)[1].use_tf_gamma = True
    with pytest.raises(ModelFilesError, match="some not; set all alike"):
        hyperparameters_of(module, GAMMA.input_bp)
