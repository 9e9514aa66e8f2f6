# SPDX-License-Identifier: Apache-2.0
"""What correspondences and transfers are worth: the benchmark, metrics of predictions, pictures and reports."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "case_pictures": ["write_case_pictures"],
        "drawing": ["Picture", "flow_picture", "matches_picture", "position_colors", "with_caption"],
        "frame_folder": ["read_color", "read_frame", "read_mask"],
        "image_pair": ["match_images", "returning", "write_image_pair"],
        "outcome": ["Outcome", "outcome_of"],
        "pipeline_settings": ["PipelineSettings"],
        "report": ["CaseReport", "Report", "ReportPicture", "ReportedPose", "write_report"],
        "shown": ["Shown", "show_matches", "show_transfer"],
        "tool_drawing": ["draw_axes", "draw_gripper", "draw_pour"],
    },
)
