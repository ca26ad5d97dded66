"""The contract with the marketplace's API as an OpenAPI document, made of its models."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ivr_fsm.directory import contract

_MODELS: tuple[type[BaseModel], ...] = (
    contract.Customer,
    contract.Partner,
    contract.Unknown,
    contract.Person,
    contract.EndedCall,
)

_REF = "#/components/schemas/"

_ERRORS: dict[str, Any] = {
    "401": {"description": "The token is missing or wrong."},
    "429": {"description": "Too many requests; Retry-After says in how many seconds to try again."},
    "5XX": {"description": "The API is out of order; Retry-After may say for how many seconds."},
}


def document() -> dict[str, Any]:
    """Return the document as plain data."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REF + "{model}"
    )
    caller = {
        "oneOf": [_ref(name) for name in ("Customer", "Partner", "Unknown")],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {name.lower(): f"{_REF}{name}" for name in ("Customer", "Partner", "Unknown")},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Marketplace API for ivr-fsm",
            "version": "1",
            "description": "What a marketplace answers and is told about telephone calls.",
        },
        "security": [{"token": []}],
        "paths": {
            contract.CALLER: {"get": _question("identify", "Who calls", caller)},
            contract.ANSWERER: {"get": _question("whoAnswers", "Who is at this number", _ref("Person"))},
            contract.CALLS: {"post": _record()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _tidy(schemas["$defs"]),
        },
    }


def text() -> str:
    """Return the document as YAML."""
    return yaml.dump(document(), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=110)


class _Plain(yaml.SafeDumper):
    """Writes what stands in several places in each of them."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _tidy(value: Any) -> Any:
    """Leave out the titles that pydantic makes of the names, and the line breaks of our descriptions."""
    if isinstance(value, dict):
        return {key: _tidy(each) for key, each in value.items() if key != "title" or isinstance(each, dict)}
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF + name}


def _question(name: str, summary: str, answer: dict[str, Any]) -> dict[str, Any]:
    phone = {
        "name": "phone",
        "in": "query",
        "required": True,
        "description": "E.164 (+79161234567, the plus sent as %2B), or an internal number of 2 to 6 digits.",
        "schema": {"type": "string", "pattern": r"^\+[0-9]{2,15}$|^[0-9]{2,6}$"},
    }
    found = {"description": summary, "content": {"application/json": {"schema": answer}}}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [phone],
        "responses": {"200": found, **_ERRORS},
    }


def _record() -> dict[str, Any]:
    key = {
        "name": contract.KEY_HEADER,
        "in": "header",
        "required": True,
        "description": "The id of the record. One that is kept already: 2xx, and it is not kept twice.",
        "schema": {"type": "string", "format": "uuid"},
    }
    return {
        "operationId": "callEnded",
        "summary": "A call has ended",
        "parameters": [key],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("EndedCall")}},
        },
        "responses": {
            "2XX": {"description": "The record is kept, now or before. What the body says does not matter."},
            "400": {"description": "The record cannot be kept (also 409, 410, 413, 415, 422): not repeated."},
            **_ERRORS,
        },
    }
