# SPDX-License-Identifier: Apache-2.0
"""Words to boxes: vision-language models that are asked where in a picture "the spout of the kettle" is."""
import lazy_loader

# name -> the class that loads it; a new grounder is one file and one line here
GROUNDERS = {
    "cogvlm": "func_corr_ros.grounding.cogvlm:CogvlmGrounder",
    "florence-2": "func_corr_ros.grounding.florence2:Florence2Grounder",
    "grounding-dino": "func_corr_ros.grounding.grounding_dino:GroundingDinoGrounder",
    "owlv2": "func_corr_ros.grounding.owlv2:Owlv2Grounder",
    "qwen2.5-vl": "func_corr_ros.grounding.qwen_vl:Qwen25Grounder",
    "qwen3-vl": "func_corr_ros.grounding.qwen_vl:Qwen3Grounder",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={"grounder": ["Boxes", "Grounder", "load_grounder"], "box_text": ["boxes_in_thousandths", "boxes_in_json"]},
)
__all__ = [*_lazy, "GROUNDERS"]
