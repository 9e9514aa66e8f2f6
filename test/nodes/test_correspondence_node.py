# SPDX-License-Identifier: Apache-2.0
"""The correspondence node in this process: what was loaded is gone after cleanup, and can be loaded again."""

import gc
import weakref

import pytest
from rclpy.lifecycle import TransitionCallbackReturn

pytestmark = pytest.mark.ros
DONE = TransitionCallbackReturn.SUCCESS


def test_a_model_is_unloaded_and_its_memory_given_back(ros, blocks, color_backbone, monkeypatch) -> None:
    import torch

    from func_corr_ros.nodes.correspondence_node import CorrespondenceNode
    from func_corr_ros.nodes.observations import ReferencePicture
    from func_corr_ros.nodes.process import take_down

    given_back, made = [], []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given_back.append(len([one for one in made if one() is not None])))

    def load(settings):
        model = color_backbone.load()
        made.append(weakref.ref(model))
        return model

    node = CorrespondenceNode(load=load)
    for number in (1, 2):
        assert (node.trigger_configure(), node.trigger_activate()) == (DONE, DONE)
        node._reference = node._embedded(ReferencePicture.of(blocks.demonstration()))
        features = weakref.ref(node._reference.embedding.features)
        assert made[-1]() is not None and len(made) == number
        assert (node.trigger_deactivate(), node.trigger_cleanup()) == (DONE, DONE)
        assert made[-1]() is None and features() is None, gc.get_referrers(made[-1]())
        assert given_back == [0] * number, "when it is given back, nothing holds it any more"
    take_down([node])
