# SPDX-License-Identifier: Apache-2.0
"""CogVLM's code lies beside its weights: a stand-in with the same three doors is loaded from such a folder and asked."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from func_corr_ros.grounding.grounder import load_grounder
from func_corr_ros.pretrained import transformers

CODE = '''
import torch
from transformers import PretrainedConfig, PreTrainedModel


class TinyCogConfig(PretrainedConfig):
    model_type = "tiny_cog"

    def __init__(self, answer=(), **more):
        self.answer = list(answer)
        super().__init__(**more)


class TinyCog(PreTrainedModel):
    """Writes the tokens of its config, whatever it is shown; keeps what it was asked."""

    config_class = TinyCogConfig

    def __init__(self, config):
        super().__init__(config)
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.post_init()

    def build_conversation_input_ids(self, tokenizer, *, query, history, images):
        self.asked = (query, history, images[0].size)
        ids = torch.tensor(tokenizer(query).input_ids)
        return {"input_ids": ids, "token_type_ids": ids * 0, "attention_mask": ids * 0 + 1, "images": [torch.zeros(3, 4, 4)]}

    def generate(self, input_ids, token_type_ids, attention_mask, images, max_new_tokens, do_sample):
        assert images[0][0].dtype == self.weight.dtype
        return torch.cat([input_ids, torch.tensor([self.config.answer])], dim=1)
'''


@pytest.fixture
def folder(tmp_path) -> Path:
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, decoders, models

    (tmp_path / "modeling_tiny.py").write_text(CODE)
    letters = sorted(set("[]0123456789,;ThespoutWherikld?anwxyfm.= "))
    tokenizer = Tokenizer(models.BPE({letter: index for index, letter in enumerate(letters)}, []))
    tokenizer.decoder = decoders.Fuse()
    transformers().PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    answer = tokenizer.encode("[[100,200,300,900]]").ids
    names = {"AutoConfig": "modeling_tiny.TinyCogConfig", "AutoModelForCausalLM": "modeling_tiny.TinyCog"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "tiny_cog", "auto_map": names, "answer": answer}))
    save_file({"weight": torch.zeros(1)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    return tmp_path


def test_it_asks_as_the_paper_did_and_reads_the_box(folder) -> None:
    grounder = load_grounder("cogvlm", str(folder), device="cpu")
    (boxes,) = grounder.ground(np.zeros((50, 100, 3), dtype=np.uint8), ["spout"])
    query, history, size = grounder.model.asked
    assert query.startswith("Where is the spout?") and history == [] and size == (100, 50)
    np.testing.assert_allclose(boxes.corners, [[9.5, 9.5, 29.5, 44.5]], atol=1e-4)
    assert np.isnan(boxes.scores).all()
