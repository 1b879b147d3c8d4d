"""A Llama saved by transformers, as the one file that llama.cpp reads."""

import json
from pathlib import Path

import gguf
from transformers import AutoModelForCausalLM

PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
ENDS = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def save_gguf(folder: Path) -> Path:
    """folder (Path): A Llama with a byte-level tokenizer cut as Llama 3's, and its chat template.
    RETURNS (Path): The file, now in the folder.
    """
    model = AutoModelForCausalLM.from_pretrained(folder)
    path = folder / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    _write_sizes(writer, model.config)
    _write_tokenizer(writer, folder)
    heads = {
        "attn_q": model.config.num_attention_heads,
        "attn_k": model.config.num_key_value_heads,
    }
    for name, weight in model.state_dict().items():
        values = weight.float().numpy()
        if name in ENDS:
            writer.add_tensor(ENDS[name], values)
            continue
        _, _, layer, *part, _ = name.split(".")
        as_named = PARTS[".".join(part)]
        if as_named in heads:
            values = _neighbours_turn(values, heads[as_named])
        writer.add_tensor(f"blk.{layer}.{as_named}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _neighbours_turn(values, heads):
    """Rotary embedding turns a head's halves against each other in transformers, neighbours here."""
    size, *rest = values.shape
    return values.reshape(heads, 2, size // heads // 2, *rest).swapaxes(1, 2).reshape(values.shape)


def _write_sizes(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _write_tokenizer(writer, folder):
    saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf8"))
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf8"))
    special = {token["id"]: token["content"] for token in saved["added_tokens"]}
    tokens = {place: token for token, place in saved["model"]["vocab"].items()} | special
    kinds = {True: gguf.TokenType.CONTROL, False: gguf.TokenType.NORMAL}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([tokens[n] for n in range(len(tokens))])
    writer.add_token_types([kinds[n in special] for n in range(len(tokens))])
    writer.add_token_merges(
        [m if isinstance(m, str) else " ".join(m) for m in saved["model"]["merges"]]
    )
    places = {content: place for place, content in special.items()}
    writer.add_bos_token_id(places[config["bos_token"]])
    writer.add_eos_token_id(places[config["eos_token"]])
    writer.add_add_bos_token(False)
    template = folder / "chat_template.jinja"
    writer.add_chat_template(
        template.read_text(encoding="utf8") if template.exists() else config["chat_template"]
    )
