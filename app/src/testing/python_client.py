"""The official Python client as its users write it: `python_client.py BASE_URL` does each `CASE KEY` that it reads, a line each,
and prints what it saw as a line of JSON."""

import json
import sys
import time

import openai
from pydantic import BaseModel

question = {"model": "all", "messages": [{"role": "user", "content": "Grüße, Jo 🦉"}]}
weather = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class City(BaseModel):
    city: str


def chat(client):
    answer = client.chat.completions.create(**question)
    return [answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage.total_tokens]


def stream(client):
    parts = list(client.chat.completions.create(**question, stream=True, stream_options={"include_usage": True}))
    texts = [choice.delta.content or "" for part in parts for choice in part.choices]
    return [len(texts) > 3, "".join(texts), parts[-2].choices[0].finish_reason, parts[-1].usage.total_tokens]


def tools(client):
    (call,) = client.chat.completions.create(**question, tools=[weather]).choices[0].message.tool_calls
    return [call.id, call.function.name, json.loads(call.function.arguments)]


def tool_stream(client):
    with client.chat.completions.stream(**question, tools=[weather]) as events:
        done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    return [[event.name, json.loads(event.arguments)] for event in done]


def parse(client):
    asked = [{"role": "user", "content": '{"city": "Bern"}'}]
    answer = client.chat.completions.parse(model="all", messages=asked, response_format=City)
    return answer.choices[0].message.parsed.city


def completions(client):
    return client.completions.create(model="all", prompt="Say").choices[0].text


def embeddings(client):
    return client.embeddings.create(model="all", input=["a"]).data[0].embedding


def models(client):
    return [[model.id for model in client.models.list()], client.models.retrieve("all").id]


def responses(client):
    whole = client.responses.create(model="all", input="Hello")
    events = list(client.responses.create(model="all", input="Hello", stream=True))
    return [whole.output_text, whole.usage.total_tokens, events[-1].type, events[-1].response.output_text]


def error(client):
    """The class, status and code of what a plain question raises."""
    try:
        client.chat.completions.create(**question)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.response.headers.get("retry-after")]
    return "nothing was raised"


def retried(client):
    """One more attempt after the pause that Retry-After asks for."""
    started = time.monotonic()
    answer = client.with_options(max_retries=1).chat.completions.create(**question)
    return [answer.choices[0].message.content, time.monotonic() - started]


def broken_stream(client):
    """The pieces before a stream breaks off, and what is raised then."""
    texts = []
    try:
        for part in client.chat.completions.create(**question, stream=True):
            texts.append(part.choices[0].delta.content)
    except openai.APIError as error:
        return [texts, type(error).__name__, error.code, error.message]
    return [texts, "nothing was raised"]


def cancel(client):
    """Leaves after the first piece; the program lives on."""
    events = client.chat.completions.create(**question, stream=True)
    first = next(iter(events)).choices[0].delta.content
    events.close()
    return first


for line in sys.stdin:
    case, key = line.split()
    with openai.OpenAI(api_key=key, base_url=sys.argv[1], max_retries=0) as client:
        print(json.dumps(globals()[case](client)), flush=True)
