import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from simulator.wire.asyncapi import asyncapi
from simulator.wire.requests import REQUEST_TYPES
from support import FIXTURES

SPECIFICATION = "@asyncapi/specs@6.11.1"


def validator(message: str) -> Draft202012Validator:
    """Return what validates the payload of a message of the document."""
    document = asyncapi()
    payload = document["components"]["messages"][message]["payload"]
    return Draft202012Validator({**payload, "components": document["components"]})


def fits(message: Any, name: str) -> bool:
    """Tell whether a message is one that the document describes."""
    return validator(name).is_valid(message)


def said(path: Path, way: str) -> list[Any]:
    """Return the messages of a golden file that went one way, as far as they are JSON objects."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line[2:]) for line in lines if line.startswith(f"{way} {{")]


def test_every_request_has_its_operation() -> None:
    """Each request of the gateway is an operation of the document, with its own reply."""
    document = asyncapi()
    assert list(document["operations"]) == list(REQUEST_TYPES)
    assert list(document["components"]["messages"]) == [
        name for kind in REQUEST_TYPES for name in (kind, f"{kind}Reply")
    ]


@pytest.mark.parametrize("kind", REQUEST_TYPES)
def test_what_is_said_is_as_the_document_says(kind: str) -> None:
    """Of the golden conversations, each request that is answered with Ok and each reply fits its schema."""
    path = FIXTURES / "wire" / f"{kind}.txt"
    sent = [one for one in said(path, ">") if one.get("type") in REQUEST_TYPES and isinstance(one.get("id"), int)]
    kinds: dict[int, set[str]] = {}
    for request in sent:
        kinds.setdefault(request["id"], set()).add(request["type"])
    answers = [answer for answer in said(path, "<") if answer.get("id") in kinds]
    taken = {answer["id"] for answer in answers if "Ok" in answer["response"]}
    requests = [request | {"dir": request["dir"].title()} if "dir" in request else request for request in sent]
    assert [one for one in requests if one["id"] in taken and not fits(one, one["type"])] == []
    assert [one for one in answers if not any(fits(one, f"{kind}Reply") for kind in kinds[one["id"]])] == []
    assert answers


def test_the_document_is_one_of_asyncapi(tmp_path: Path) -> None:
    """The schema that AsyncAPI publishes takes the document."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), SPECIFICATION]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"{SPECIFICATION} could not be fetched: {done.stderr.strip()[:200]}")
    path = tmp_path / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
    validator = Draft7Validator(json.loads(path.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(asyncapi())] == []
