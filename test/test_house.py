# SPDX-License-Identifier: Apache-2.0
"""The rules of the house (docs/architecture.md): who may import what, what an import may cost, names that must exist, sizes."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import func_corr_ros
from func_corr_ros.cli.examination import CORE
from func_corr_ros.cli.main import VERBS
from func_corr_ros.optional import EXTRA_OF

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "func_corr_ros"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in FILES}
OURS = [
    path
    for folder in ("src", "test", "tools", "examples", "benchmarks", "launch")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

# Room -> the rooms it may import besides itself; files at the top of the package may be imported by all.
MAY_IMPORT = {
    "geometry": set(),
    "streams": set(),
    "grounding": {"geometry"},
    "correspondence": {"geometry", "grounding"},
    "segmentation": {"geometry", "grounding"},
    "transfer": {"geometry", "correspondence", "segmentation"},
    "data": {"geometry", "grounding", "correspondence", "segmentation", "transfer"},
    "training": {"geometry", "correspondence", "data"},
    "evaluation": {"geometry", "correspondence", "segmentation", "transfer", "data"},
    "replay": {"geometry", "streams", "correspondence", "segmentation", "transfer", "data", "evaluation"},
    "simulation": {"geometry", "correspondence", "segmentation", "transfer", "data", "evaluation"},
    "nodes": {"geometry", "streams", "grounding", "correspondence", "segmentation", "transfer", "data", "evaluation", "replay"},
    "cli": {"geometry", "streams", "grounding", "correspondence", "segmentation", "transfer", "data", "training", "evaluation",
            "replay", "simulation"},
}
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
ROS = re.compile(
    r"(rclpy|rcl_interfaces|.*_msgs|.*_srvs|.*_interfaces|tf2_\w+|cv_bridge|launch|launch_\w+|ament_\w+|rosbag2_py|rosidl_\w+"
    r"|message_filters)"
)
LONGEST_FILE, LONGEST_FUNCTION = 300, 60


def imports(tree: ast.AST) -> set[str]:
    """Every dotted name that an import statement anywhere in the file can load."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def owner(node: ast.AST) -> str:
    """The first name of an expression such as ``AXES.setflags(write=False)``."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def short(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE).parts
    return inside[0] if len(inside) > 1 else ""


def test_the_code_under_test_is_the_source_tree() -> None:
    print("func_corr_ros is", func_corr_ros.__file__)
    assert Path(func_corr_ros.__file__).resolve().parent == PACKAGE, "an installed copy comes first on the path"


def test_imports_point_one_way() -> None:
    wrong = {}
    for path, tree in TREES.items():
        parts = [name.split(".") for name in imports(tree)]
        reached = {part[1] for part in parts if part[0] == "func_corr_ros" and len(part) > 1 and part[1] in ROOMS}
        room = room_of(path)
        wrong[short(path)] = reached - (MAY_IMPORT[room] | {room} if room else set())
    assert {name: rooms for name, rooms in wrong.items() if rooms} == {}


def test_ros_is_imported_in_nodes_only() -> None:
    interfaces = re.compile(r"func_corr_ros\.(msg|srv)\b")
    found = {
        short(path): {name for name in imports(tree) if ROS.fullmatch(name.split(".")[0]) or interfaces.match(name)}
        for path, tree in TREES.items()
        if room_of(path) != "nodes"
    }
    assert {name: modules for name, modules in found.items() if modules} == {}


# Readers that run the code which lies in what they read.
RUN_CODE = re.compile(r"(pickle|dill|joblib|marshal|shelve)\.(load|loads|open|Unpickler)|os\.(system|popen)|eval|exec|"
                      r"yaml\.(load|unsafe_load|full_load)(_all)?")


def unsafe(call: ast.Call) -> bool:
    """Whether a call may run what it reads."""
    name, words = ast.unparse(call.func), {word.arg: ast.unparse(word.value) for word in call.keywords}
    return bool(
        RUN_CODE.fullmatch(name)
        or (name == "torch.load" and words.get("weights_only") != "True")
        or words.get("allow_pickle", "False") != "False"
        or words.get("shell", "False") != "False"
    )


def test_nothing_that_is_read_can_run_code() -> None:
    """Weights, recordings, demonstrations and parameters come from others: pickles and YAML tags in them stay what they are."""
    for code, found in (("torch.load(p)", True), ("torch.load(p, weights_only=True)", False), ("np.load(p)", False),
                        ("np.load(p, allow_pickle=True)", True), ("yaml.safe_load(t)", False), ("yaml.load(t, Loader)", True),
                        ("pickle.loads(b)", True), ("model.eval()", False), ("run(c, shell=True)", True)):
        assert unsafe(ast.parse(code, mode="eval").body) is found, code
    calls = {short(path): [node for node in ast.walk(tree) if isinstance(node, ast.Call)] for path, tree in TREES.items()}
    assert [f"{name}:{node.lineno}: {ast.unparse(node)}" for name, nodes in calls.items() for node in nodes if unsafe(node)] == []


def test_every_room_is_in_the_plan() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in FILES if path.parent != PACKAGE}
    assert folders == set(ROOMS), "a folder without __init__.py is no room"
    assert set(ROOMS) <= set(MAY_IMPORT)


def test_no_file_is_a_drawer() -> None:
    drawers = {"util", "utils", "misc", "common", "helper", "helpers", "types"}
    assert [path for path in OURS if path.stem in drawers or drawers & set(path.relative_to(ROOT).parts)] == []


def effects(tree: ast.Module) -> list[int]:
    """Lines at the top of a file that do more than define: a bare call, an assignment into an object of somebody else's."""
    definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.Try)
    own: set[str] = set()
    found = []
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one for each in targets for one in (each.elts if isinstance(each, ast.Tuple) else [each])]
            found += [node.lineno for one in names if not isinstance(one, ast.Name) and owner(one) not in own]
            own |= {owner(one) for one in names}
        elif isinstance(node, ast.Expr):
            found += [] if isinstance(node.value, ast.Constant) or owner(node.value) in own else [node.lineno]
        elif not isinstance(node, definitions):
            found.append(node.lineno)
    return found


def test_import_has_no_effect() -> None:
    assert effects(ast.parse("import os\nos.environ['A'] = 'b'\nprint()\nA = [1]\nA.append(2)\nfor a in A: pass")) == [2, 3, 6]
    found = {short(path): effects(tree) for path, tree in TREES.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def loaded_after(program: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``program``."""
    done = subprocess.run(
        [sys.executable, "-c", program + "\nimport sys; print('\\nLOADED', *sys.modules)"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stdout.rpartition("LOADED")[2].split()}


def test_importing_rooms_loads_nothing_heavy() -> None:
    loaded = loaded_after("import func_corr_ros\n" + "\n".join(f"import func_corr_ros.{room}" for room in ROOMS))
    heavy = {"torch", "transformers", "scipy", "cv2", "rich", "yaml", *EXTRA_OF}
    assert loaded & heavy == set()
    assert [name for name in loaded if ROS.fullmatch(name)] == []


def test_verbs_load_nothing_heavy_until_they_run() -> None:
    there = [verb for verb in VERBS if (PACKAGE / "cli" / f"{verb}.py").exists()]
    loaded = loaded_after("import func_corr_ros.cli.main\n" + "\n".join(f"import func_corr_ros.cli.{verb}" for verb in there))
    assert loaded & {"torch", "transformers", "scipy", "cv2", *EXTRA_OF} == set()


RESOLVE = """
import importlib
for name in {rooms}:
    room = importlib.import_module("func_corr_ros." + name)
    assert room.__all__, name
    for public in room.__all__:
        getattr(room, public)
"""


def test_public_names_exist_and_need_neither_ros_nor_extras() -> None:
    loaded = loaded_after(RESOLVE.format(rooms=[room for room in ROOMS if room != "nodes"]))
    assert loaded & set(EXTRA_OF) == set()
    assert [name for name in loaded if ROS.fullmatch(name)] == []


@pytest.mark.ros
def test_public_names_of_the_ros_room_exist() -> None:
    pytest.importorskip("rclpy", reason="ROS 2 is not here")
    pytest.importorskip("func_corr_ros.msg", reason="the interfaces are not built")
    assert "rclpy" in loaded_after(RESOLVE.format(rooms=["nodes"]))


def test_registries_name_what_exists() -> None:
    checked = 0
    for room in ROOMS:
        for table in [table for name, table in list(vars(import_module(f"func_corr_ros.{room}")).items()) if name.isupper()]:
            if isinstance(table, dict):
                assert all(callable(resolve_name(target)) for target in table.values()), room
                checked += len(table)
    assert checked


def test_what_is_public_says_its_contract() -> None:
    silent = []
    for path, tree in TREES.items():
        public = [
            node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        ]
        silent += [short(path)] if not ast.get_docstring(tree) else []
        silent += [f"{short(path)}:{node.name}" for node in public if not ast.get_docstring(node)]
    assert silent == []


def test_every_file_says_its_licence() -> None:
    first = {path: path.read_text().splitlines()[:2] for path in OURS}
    assert [
        path for path, lines in first.items() if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines)
    ] == []


def test_files_and_functions_can_be_read_at_once() -> None:
    files = {short(path): len(path.read_text().splitlines()) for path in FILES}
    functions = {
        f"{short(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for what, sizes in (("files", files), ("functions", functions)):
        longest = sorted(sizes, key=lambda name: -sizes[name])[:5]
        print(
            f"{len(sizes)} {what}, median {statistics.median(sizes.values()):.0f}, longest",
            {name: sizes[name] for name in longest},
        )
    assert {name: size for name, size in files.items() if size > LONGEST_FILE} == {}
    assert {name: size for name, size in functions.items() if size > LONGEST_FUNCTION} == {}


def setup_literals() -> tuple[dict[str, list[str]], list[str]]:
    """EXTRAS and install_requires of setup.py, read without running it."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    extras = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "EXTRAS")
    call = next(node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    required = next(word.value for word in call.keywords if word.arg == "install_requires")
    return ast.literal_eval(extras), ast.literal_eval(required)


def distribution(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_what_is_imported_is_declared() -> None:
    extras, required = setup_literals()
    assert {distribution(line) for line in required} - {"tomli"} == set(CORE.values())
    assert set(EXTRA_OF.values()) <= set(extras)
    brought_along = {"huggingface_hub", "torchvision"}  # by transformers and by the extra "sam"
    known = {"func_corr_ros", "tomli", *brought_along, *sys.stdlib_module_names, *CORE, *EXTRA_OF}
    for path, tree in TREES.items():
        unknown = {name.split(".")[0] for name in imports(tree)} - known
        if room_of(path) == "nodes":
            unknown = {name for name in unknown if not ROS.fullmatch(name)}
        assert not unknown, f"{short(path)}: {sorted(unknown)} are in no list of setup.py or optional.py"


def test_what_is_declared_is_locked() -> None:
    extras, required = setup_literals()
    locked = {
        distribution(line) for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")
    }
    asked = {distribution(line) for line in [*required, *(line for extra in extras.values() for line in extra)]} - {"tomli"}
    assert asked <= locked, sorted(asked - locked)


def test_ros_packages_are_declared() -> None:
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    declared = {element.text for element in package if element.tag in ("depend", "exec_depend")}
    used = {name.split(".")[0] for path, tree in TREES.items() if room_of(path) == "nodes" for name in imports(tree)}
    used |= {
        line.split("/")[0]
        for path in [*ROOT.glob("msg/*"), *ROOT.glob("srv/*")]
        for line in re.findall(r"^\w+/\w+", path.read_text(), re.M)
    }
    needed = {"tf2_ros": "tf2_ros_py"}
    missing = {needed.get(name, name) for name in used if ROS.fullmatch(name)} - declared
    assert missing == set()


def test_every_executable_has_a_main() -> None:
    names = re.search(r"foreach\(node IN ITEMS ([\w ]+)\)", (ROOT / "CMakeLists.txt").read_text())[1].split()
    for name in names:
        tree = TREES[PACKAGE / "nodes" / f"{name}.py"]
        assert "main" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_every_verb_has_its_file() -> None:
    for verb in VERBS:
        names = {node.name for node in TREES[PACKAGE / "cli" / f"{verb}.py"].body if isinstance(node, ast.FunctionDef)}
        assert {"add_arguments", "run"} <= names, verb


def test_error_codes_are_those_of_the_message() -> None:
    from func_corr_ros.errors import ErrorCode

    text = (ROOT / "msg" / "ErrorCode.msg").read_text()
    assert {name: int(value) for name, value in re.findall(r"^uint16 (\w+)=(\d+)", text, re.M)} == {
        code.name: int(code) for code in ErrorCode
    }
