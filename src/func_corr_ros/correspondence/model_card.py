# SPDX-License-Identifier: Apache-2.0
"""The README.md of a trained head's folder or Hugging Face repository, where its author gave none."""

# Filled in by huggingface_hub's ModelHubMixin, from card_data and what TrainedHead.generate_model_card tells.
TEMPLATE = """---
{{ card_data }}
---

# A head of func_corr_ros

Which pixel of another object serves the function that this pixel serves: this head turns features of the frozen backbone
`{{ spec.backbone }}` into descriptors of function, and tells the functional part.

```python
from func_corr_ros.correspondence import FunctionalCorrespondence

model = FunctionalCorrespondence.from_pretrained("owner/name", download=True)  # or a local folder
```

| | |
|---|---|
| kind | {{ spec.kind }}, {{ parameters }} parameters |
| backbone | {{ spec.backbone }}, sha256 {{ spec.backbone_sha256 }} |
| text encoder | {{ spec.text_encoder }}, sha256 {{ spec.text_encoder_sha256 }} |
| crop | {{ spec.crop.size }} px, {{ spec.crop.margin }} times the mask, background {{ spec.crop.background }} |
| calibrated | {{ "yes" if spec.calibration else "no: its confidences are scores, not probabilities" }} |
| code | func_corr_ros {{ spec.made_with.version }}, revision {{ spec.made_with.revision or "unknown" }} |

Trained on the functions {{ functions | join(", ") }}; others are read as plain English by the text encoder.

All that it was made with is in the metadata of head.safetensors. This card was written by the package, and states no scores:
`func-corr evaluate --benchmark DIR --method head.safetensors --out DIR` measures them.
"""
