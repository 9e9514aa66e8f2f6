# SPDX-License-Identifier: Apache-2.0
"""Tiny grounders with random weights and home-made vocabularies, saved as folders that the real loading code opens."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from func_corr_ros.pretrained import transformers

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "spout", "rim", "of", "the", "kettle"]


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (100, 150, 3), dtype=np.uint8)


def byte_symbols() -> list[str]:
    """The 256 printable stand-ins for bytes of byte-level BPE."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + i) for i in range(len(others))]


def write_bpe(folder: Path, vocabulary: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")


@pytest.fixture(scope="session")
def owlv2_folder(tmp_path_factory) -> Path:
    tf, folder = transformers(), tmp_path_factory.mktemp("owlv2")
    letters = byte_symbols()
    write_bpe(folder, [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"])
    tokenizer = tf.CLIPTokenizer.from_pretrained(folder, pad_token="!")
    tf.Owlv2Processor(tf.Owlv2ImageProcessor(size={"height": 64, "width": 64}), tokenizer).save_pretrained(folder)
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    words = {"vocab_size": len(tokenizer), "max_position_embeddings": 64, "bos_token_id": 512, "eos_token_id": 513, **small}
    torch.manual_seed(0)
    config = tf.Owlv2Config(text_config=words, vision_config={"image_size": 64, "patch_size": 16, **small}, projection_dim=32)
    tf.Owlv2ForObjectDetection(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def grounding_dino_folder(tmp_path_factory) -> Path:
    tf, folder = transformers(), tmp_path_factory.mktemp("grounding_dino")
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    pictures = tf.GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 128})
    tf.GroundingDinoProcessor(pictures, tf.BertTokenizer.from_pretrained(folder)).save_pretrained(folder)
    swin = tf.SwinConfig(window_size=7, image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1],
                         out_features=["stage3", "stage4"], out_indices=[3, 4])
    bert = {"model_type": "bert", "vocab_size": len(WORDS), "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32}
    torch.manual_seed(0)
    config = tf.GroundingDinoConfig(
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_attention_heads=2,
        decoder_attention_heads=2, num_queries=9, num_feature_levels=2, text_config=bert, backbone_config=swin)
    tf.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def florence2_folder(tmp_path_factory) -> Path:
    tf, folder = transformers(), tmp_path_factory.mktemp("florence2")
    places = [f"<loc_{index}>" for index in range(1000)]
    write_bpe(folder, ["<s>", "<pad>", "</s>", "<unk>", *byte_symbols(), "<mask>"])
    tokenizer = tf.BartTokenizer.from_pretrained(folder, extra_special_tokens={"image_token": "<image>"})
    tokenizer.add_tokens(places, special_tokens=True)
    pictures = tf.CLIPImageProcessor(size={"height": 64, "width": 64}, do_center_crop=False)
    pictures.image_seq_length = 5
    grounding = {"phrase_grounding": {"pattern": r"([^<]+(?:<loc_\d+>){4,})", "banned_grounding_tokens": []}}
    tf.Florence2Processor(pictures, tokenizer, post_processor_config=grounding).save_pretrained(folder)
    small = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
             "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    words = {"model_type": "bart", "vocab_size": len(tokenizer), "max_position_embeddings": 512, "bos_token_id": 0,
             "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2, **small}
    seen = {"embed_dim": (16, 16, 32, 32), "num_heads": (1, 1, 2, 2), "num_groups": (1, 1, 2, 2), "depths": (1, 1, 1, 1),
            "window_size": 4, "projection_dim": 32}
    torch.manual_seed(0)
    config = tf.Florence2Config(text_config=words, vision_config=seen, image_token_id=tokenizer.image_token_id)
    tf.Florence2ForConditionalGeneration(config).save_pretrained(folder)
    return folder


CHAT = ("{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|>"
        "<|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}")


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory) -> Path:
    tf, folder = transformers(), tmp_path_factory.mktemp("qwen2_5_vl")
    special = ["<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    write_bpe(folder, byte_symbols())
    tokenizer = tf.Qwen2Tokenizer.from_pretrained(folder, pad_token="<|endoftext|>", eos_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": special[1:]})
    ids = dict(zip(special, tokenizer.convert_tokens_to_ids(special), strict=True))
    pictures = tf.Qwen2VLImageProcessor(min_pixels=28 * 28, max_pixels=112 * 112)
    tf.Qwen2_5_VLProcessor(pictures, tokenizer, tf.Qwen2VLVideoProcessor(), chat_template=CHAT).save_pretrained(folder)
    words = {"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
             "num_attention_heads": 2, "num_key_value_heads": 2, "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]}}
    seen = {"depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32,
            "fullatt_block_indexes": [0]}
    torch.manual_seed(0)
    config = tf.Qwen2_5_VLConfig(text_config=words, vision_config=seen, image_token_id=ids["<|image_pad|>"],
                                 video_token_id=ids["<|video_pad|>"], vision_start_token_id=ids["<|vision_start|>"],
                                 vision_end_token_id=ids["<|vision_end|>"])
    tf.Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    return folder
