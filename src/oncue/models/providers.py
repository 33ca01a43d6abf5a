"""How each provider is spoken to: its address, its key, and what of the library's own ideas is turned off.

The libraries retry, and put invisible characters into chat-template tokens, unless they are told not to.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from oncue.core.modelport import ModelSpec, Provider

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model
    from pydantic_ai.profiles.openai import OpenAIModelProfile

_ADDRESSES = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.ANTHROPIC: "https://api.anthropic.com",
    Provider.OLLAMA: "http://127.0.0.1:11434/v1",
}
_KEYS = {Provider.OPENAI: "OPENAI_API_KEY", Provider.ANTHROPIC: "ANTHROPIC_API_KEY", Provider.OLLAMA: "OLLAMA_API_KEY"}
_LIBRARIES = {Provider.OPENAI: "openai", Provider.ANTHROPIC: "anthropic", Provider.OLLAMA: "openai"}
_NO_KEY = "none"
"""What is sent in place of a key: the libraries insist on one, servers of one's own often need none."""
_NEW_WORD = re.compile(r"(?:.*/)?(?:gpt-(?!oss)|chatgpt|o\d)")
"""Models that take ``max_completion_tokens`` alone; other servers know the older ``max_tokens``."""


def explain_missing(spec: ModelSpec, environment: Mapping[str, str]) -> str:
    """What is missing before a provider can be spoken to, its library or its key; empty where nothing is. Imports nothing."""
    library = _LIBRARIES[spec.provider]
    missing = [name for name in ("pydantic_ai", library, "httpx2") if find_spec(name) is None]
    if missing:
        return f"{spec.provider.value} models need the extra llm: pip install 'oncue[llm]'"
    needs_key = spec.provider is not Provider.OLLAMA and not spec.url
    if needs_key and not environment.get(_KEYS[spec.provider]):
        return f"{_KEYS[spec.provider]} is not set in the environment"
    return ""


def is_remote(spec: ModelSpec) -> bool:
    """Whether a model answers over HTTP."""
    return spec.provider in _ADDRESSES


def address_of(spec: ModelSpec) -> str:
    """The base address of a model's server. Ollama's chat API is below ``/v1``, whether or not that was written."""
    if spec.provider is Provider.OLLAMA and spec.url and not spec.url.endswith("/v1"):
        return f"{spec.url}/v1"
    return spec.url or _ADDRESSES[spec.provider]


def open_model(spec: ModelSpec, environment: Mapping[str, str], http: httpx2.AsyncClient) -> Model:
    """The library's model, which sends through ``http``, once for each request."""
    # What it says is that a setting is not sent to a model that takes none; the payload on record shows what is.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydantic_ai\.")
    key = environment.get(_KEYS[spec.provider]) or _NO_KEY
    if spec.provider is Provider.ANTHROPIC:
        return _open_anthropic(spec, key, http)
    return _open_chat(spec, key, http)


def _open_anthropic(spec: ModelSpec, key: str, http: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.profiles.anthropic import AnthropicModelProfile
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(api_key=key, base_url=address_of(spec), max_retries=0, timeout=http.timeout, http_client=http)
    profile = AnthropicModelProfile(may_tokenize_special_tokens_in_content=False)
    return AnthropicModel(spec.name, provider=AnthropicProvider(anthropic_client=client), profile=profile)


def _open_chat(spec: ModelSpec, key: str, http: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = AsyncOpenAI(api_key=key, base_url=address_of(spec), max_retries=0, timeout=http.timeout, http_client=http)
    if spec.provider is Provider.OLLAMA:
        return OllamaModel(spec.name, provider=OllamaProvider(openai_client=client), profile=_chat_profile(spec))
    own = OpenAICompatibleProvider("server", openai_client=client) if spec.url else OpenAIProvider(openai_client=client)
    return OpenAIChatModel(spec.name, provider=own, profile=_chat_profile(spec))


def _chat_profile(spec: ModelSpec) -> OpenAIModelProfile:
    from pydantic_ai.profiles.openai import OpenAIModelProfile

    takes_new_word = spec.provider is Provider.OPENAI and (not spec.url or _NEW_WORD.match(spec.name) is not None)
    return OpenAIModelProfile(
        may_tokenize_special_tokens_in_content=False,
        openai_chat_supports_max_completion_tokens=takes_new_word,
    )
