# SPDX-License-Identifier: Apache-2.0
"""Who is asked where a part is: grounding models, with masks if wanted, an endpoint of OpenAI's protocol, or a simulation."""

import lazy_loader

_GROUNDER = "func_corr_ros.data.annotators.grounder:GrounderAnnotator"
# name -> the class whose ``load`` makes it; a new annotator is one file and one line here
ANNOTATORS = {
    "simulated": "func_corr_ros.data.annotators.simulated:SimulatedAnnotator",
    "endpoint": "func_corr_ros.data.annotators.endpoint:EndpointAnnotator",
    "cogvlm": _GROUNDER,
    "florence-2": _GROUNDER,
    "grounding-dino": _GROUNDER,
    "owlv2": _GROUNDER,
    "qwen2.5-vl": _GROUNDER,
    "qwen3-vl": _GROUNDER,
    "sam-refined": "func_corr_ros.data.annotators.sam_refined:SamRefinedAnnotator",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__, submod_attrs={"annotator": ["Annotator", "Question", "load_annotator"], "simulated": ["AnnotatorNoise"]}
)
__all__ = [*_lazy, "ANNOTATORS"]
