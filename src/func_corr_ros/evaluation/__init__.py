# SPDX-License-Identifier: Apache-2.0
"""What a transfer is worth: pictures, reports, replays of recordings, and metrics of predictions."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bag_reader": ["ReadingSettings", "Recording", "read_frames"],
        "bag_replay": ["replay", "summarise"],
        "case_pictures": ["write_case_pictures"],
        "drawing": ["Picture", "flow_picture", "matches_picture", "position_colors", "with_caption"],
        "frame_folder": ["read_color", "read_frame", "read_mask"],
        "image_pair": ["match_images", "returning", "write_image_pair"],
        "outcome": ["Outcome", "outcome_of"],
        "pipeline_settings": ["PipelineSettings"],
        "replay_scores": ["score_run"],
        "report": ["CaseReport", "Report", "ReportPicture", "ReportedPose", "write_report"],
        "shown": ["Shown", "show_matches", "show_transfer"],
        "tool_drawing": ["draw_axes", "draw_gripper", "draw_pour"],
    },
)
