import json

import jsonschema

from apps.realtime import catalogue, events


def test_every_event_and_every_reference_of_the_document_leads_somewhere():
    document = catalogue.asyncapi(url="https://toolboxai.example")
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == {event.name for event in events.ALL}
    for operation in document["operations"].values():
        channel = _at(document, operation["channel"]["$ref"])
        assert channel["parameters"].keys() == {
            part.partition("}")[0] for part in channel["address"].split("{")[1:]
        }
        for message in channel["messages"].values():
            assert _at(document, message["$ref"])["name"]


def test_a_payload_is_what_its_schema_says():
    event = events.Notice(schema_name="w_alpha", level="info", text="Hello")
    document = catalogue.asyncapi(url="http://localhost:8000")
    schema = document["components"]["messages"]["notice"]["payload"]
    jsonschema.validate({**event.payload, "sequence": 4}, schema)
    whole, _ = schema["oneOf"]
    assert set(whole["required"]) == set(event.payload)


def test_the_front_end_has_these_types():
    assert catalogue.TYPES.read_text() == catalogue.typescript()


def test_the_document_is_json():
    assert json.loads(json.dumps(catalogue.asyncapi(url="http://localhost")))


def _at(document, reference):
    found = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found
