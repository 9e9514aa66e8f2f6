# SPDX-License-Identifier: Apache-2.0
# Source this in bash or zsh (`. tools/env.sh`): the environment that `make setup` made, the built interfaces, the live sources.
# A ROS 2 of your own is sourced before it.
if [ -n "${ZSH_VERSION:-}" ]; then func_corr_file="${(%):-%x}"; func_corr_shell=zsh; else func_corr_file="${BASH_SOURCE[0]}"; func_corr_shell=bash; fi
FUNC_CORR_ROOT="$(cd "$(dirname "$func_corr_file")/.." && pwd)"

. "$FUNC_CORR_ROOT/.venv/bin/activate"
# The wheels set their library path when Python starts, once; a value inherited from another environment would stop them.
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE
if [ -d "$FUNC_CORR_ROOT/.venv/share/rclpy" ]; then
  export AMENT_PREFIX_PATH="$FUNC_CORR_ROOT/.venv" ROS_DISTRO=kilted ROS_VERSION=2
fi
if [ -f "$FUNC_CORR_ROOT/install/setup.$func_corr_shell" ]; then
  . "$FUNC_CORR_ROOT/install/setup.$func_corr_shell"
fi
# Before the installed links: a file added since the last build is seen too.
export PYTHONPATH="$FUNC_CORR_ROOT/src${PYTHONPATH:+:$PYTHONPATH}"
# An empty entry would mean the current folder.
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH%:}"
unset func_corr_file func_corr_shell
