"""YAML 1.2: in goes text, out come plain values with the line of each, or the place where it can't
be read; and back. No anchors, no tags, nothing that makes objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_TEXT = 256 << 10
MAX_DEPTH = 40
TAG = "tag:yaml.org,2002:"

Path = tuple[str | int, ...]


class BadYaml(ValueError):
    """Text that is not taken; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class Text:
    """What a text says. `lines`: where each value begins, by its path."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Where a value begins, or the nearest that is there around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Text:
    """A YAML document; JSON is YAML, too. Raises `BadYaml`."""
    if len(text) > MAX_TEXT:
        raise BadYaml(1, f"{len(text)} characters: at most {MAX_TEXT} are taken")
    found = Text()
    try:
        node = YAML(typ="safe", pure=True).compose(StringIO(text))
        if node is not None:
            found.data = _value(node, (), found)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "can't be read"
        raise BadYaml(mark.line + 1 if mark else 1, " ".join(str(reason).split())) from error
    except RecursionError as error:
        raise BadYaml(1, f"nested deeper than {MAX_DEPTH}") from error
    except (YAMLError, ValueError) as error:
        if isinstance(error, BadYaml):
            raise
        raise BadYaml(1, " ".join(str(error).split())) from error
    return found


def _value(node: Node, path: Path, found: Text) -> object:
    line = node.start_mark.line + 1
    found.lines.setdefault(path, line)
    if len(path) > MAX_DEPTH:
        raise BadYaml(line, f"nested deeper than {MAX_DEPTH}")
    if node.anchor:
        # An alias makes a small text stand for a large one.
        raise BadYaml(line, "anchors and aliases are not taken")
    tag = str(node.tag).removeprefix(TAG)
    if not isinstance(node, ScalarNode) and tag not in {"map", "seq"}:
        raise BadYaml(line, f"the tag {tag[:60]} is not taken")
    if isinstance(node, SequenceNode):
        return [_value(one, (*path, place), found) for place, one in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, path, found)
    return _scalar(node, line)


def _mapping(node: MappingNode, path: Path, found: Text) -> dict[str, object]:
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise BadYaml(line, "a key is a word")
        key = str(key_node.value)
        if key in values:
            raise BadYaml(line, f"{key} stands here twice")
        found.lines[(*path, key)] = line
        values[key] = _value(value_node, (*path, key), found)
    return values


def _scalar(node: Node, line: int) -> object:
    text, tag = str(node.value), str(node.tag).removeprefix(TAG)
    if tag in {"str", "timestamp"}:
        return text
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        digits = text.replace("_", "").lower()
        if len(digits) > 18:
            raise BadYaml(line, f"{text[:30]} is too large a number")
        return int(digits, 0 if digits.lstrip("+-")[:2] in {"0x", "0o", "0b"} else 10)
    if tag == "float":
        number = float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(number):
            raise BadYaml(line, f"{text} is no number")
        return number
    raise BadYaml(line, f"the tag {tag[:60]} is not taken")


def write_yaml(data: object) -> str:
    """Plain values as YAML, keys in their order."""
    out = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(data, out)
    return out.getvalue()
