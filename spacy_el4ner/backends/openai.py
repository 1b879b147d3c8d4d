"""Backend for models behind an OpenAI-compatible address: vLLM, llama.cpp, `transformers serve` …"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from spacy_el4ner.backends.alternatives import LISTED, option_logprobs
from spacy_el4ner.backends.counting import TURN, TokenCounter
from spacy_el4ner.backends.dialects import (
    DIALECTS,
    compare,
    cut_off,
    extras,
    pick,
    read_answer,
    read_prompt,
)
from spacy_el4ner.backends.grammars import accepts, fullest, simplest
from spacy_el4ner.backends.http import Post, Server
from spacy_el4ner.errors import Errors
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Answer, DecodeRequest, Grammar, Prompt, ScoreRequest

MARGIN = 16
"""Tokens that an answer may have beside what it is expected to be."""
ASK_AGAIN = (
    "That was not in the form I asked for. Answer again, in exactly that form and with nothing else."
)
CHOOSE_AGAIN = "Answer with exactly one of these and nothing else: {options}"
OWN_FIELDS = ("model", "messages", "stream")
"""Fields of a request that no parameter can replace."""
ASKING = 3
"""Raised when what is asked for changes, or how it is read, so that a store does not take old answers
for new ones.
"""


class OpenAIBackend:
    """Asks a model on a server. An answer that is not in its format's language is asked for once more,
    and then taken as it is: the format reads what it can of it and counts the rest. One that the server
    cut off is asked for once more, too, and then has its `error` set: nobody knows what it lacks.

    model (str): What the server calls it.
    base_url (str): The address before "/chat/completions", such as "http://localhost:8000/v1".
    api_key_env (str | None): Name of the environment variable that holds the key; never the key.
    dialect (str): What the server understands beyond the common protocol: "plain" (nothing), "vllm" or
        "llama.cpp".
    tokenizer (str | None): The model's tokenizer, on the hub or in a directory, to count tokens with.
        None over-estimates them by the bytes of UTF-8, so that less fits into a prompt than could.
    context (int): Tokens of the context as the server has it.
    system_role (bool): Whether the model knows system turns. Where it does not (Gemma), what would be
        said in one is said at the head of the user's turn.
    parameters (dict | None): Fields sent with every request, over those that are sent anyway, such as
        {"reasoning_effort": "none"}; plain data, saved in clear. None for no others.
    max_concurrency (int): The most requests at a time.
    timeout (float): Seconds that one attempt at a request may take.
    deadline (float): Seconds that a request may take with all of its attempts.
    retries (int): Attempts after the first, for statuses 408, 409, 429 and from 500, connections that
        fail, and answers that cannot be used.
    """

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        api_key_env: str | None = None,
        dialect: str = "plain",
        tokenizer: str | None = None,
        context: int = 8192,
        system_role: bool = True,
        parameters: dict[str, Any] | None = None,
        max_concurrency: int = 8,
        timeout: float = 120.0,
        deadline: float = 600.0,
        retries: int = 5,
    ):
        if dialect not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise ValueError(Errors.EL010.format(value=dialect, setting="dialect", known=known))
        if not base_url.startswith(("http://", "https://")):
            known = "http://…, https://…"
            raise ValueError(Errors.EL010.format(value=base_url, setting="base_url", known=known))
        if taken := [field for field in parameters or {} if field in OWN_FIELDS]:
            raise ValueError(Errors.EL133.format(name=model, fields=", ".join(taken)))
        self.model = model
        self.base_url = base_url.rstrip("/")
        self.dialect = dialect
        self.tokenizer = tokenizer
        self.context = context
        self.system_role = system_role
        self.parameters = dict(parameters or {})
        self._counter = TokenCounter(tokenizer)
        self._server = Server(
            f"{self.base_url}/chat/completions",
            model,
            key_env=api_key_env,
            concurrency=max_concurrency,
            timeout=timeout,
            deadline=deadline,
            retries=retries,
        )

    @property
    def exact(self) -> bool:
        """RETURNS (bool): True for vLLM, which scores the options, and for llama.cpp, which lists the
        alternatives. Elsewhere the option that the model names gets all of the probability.
        """
        return self.dialect != "plain"

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Requests sent, repeated ones included."""
        return self._server.sent

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All that the answers depend on, beside the request. The address is
        part of it: some servers answer for any name of a model.
        """
        return {
            "backend": "openai",
            "model": self.model,
            "base_url": self.base_url,
            "dialect": self.dialect,
            "tokenizer": self.tokenizer,
            "context": self.context,
            "system_role": self.system_role,
            "parameters": self.parameters,
            "asking": ASKING,
        }

    def count(self, text: str) -> int:
        return self._counter.count(text)

    def count_prompt(self, prompt: Prompt) -> int:
        return self._counter.count_prompt(prompt)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        asked = [(r, self._room(r.prompt, self.count(simplest(r.grammar)))) for r in requests]
        return self._server.run(self._decode, asked)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """Without exact scores: 0 for the option that the model names and -inf for the others; for all
        of them where none can be read, also after asking again.
        """
        asked = [(r, self._room(r.prompt, max(map(self.count, r.options)))) for r in requests]
        if self.dialect == "plain":
            return self._server.run(self._choose, asked)
        if self.dialect == "llama.cpp":
            return self._server.run(self._listen, asked)
        pairs = [(request.prompt, option) for request in requests for option in request.options]
        prompts = iter(self._server.run(self._weigh, pairs))
        return [compare([next(prompts) for _ in request.options]) for request in requests]

    def forget(self) -> None:
        """Nothing is kept here of the prompts; servers keep what they like."""

    def unload(self) -> None:
        """Close the connections; the model stays where it is."""
        self._server.close()

    def _room(self, prompt: Prompt, answer: int) -> int:
        """Tokens left for the answer to a prompt.

        RAISES (ValueError): Fewer than the `answer` needs.
        """
        tokens = self.count_prompt(prompt)
        if tokens + answer > self.context:
            raise ValueError(
                Errors.EL021.format(name=self.model, tokens=tokens, answer=answer, context=self.context)
            )
        return self.context - tokens

    def _decode(self, asked: tuple[DecodeRequest, int], post: Post) -> Answer:
        request, room = asked
        prompt, grammar = request.prompt, request.grammar
        # Not less than all that stands in the prompt, for answers with words beside the wanted ones.
        asked_about = self.count(prompt.context) + self.count(prompt.question)
        longest = max(fullest(grammar, self.count), asked_about) + MARGIN
        return self._converse(
            post,
            prompt,
            grammar,
            min(room, longest),
            lambda answer: not answer.error and accepts(grammar, answer.text),
            ASK_AGAIN,
        )

    def _choose(self, asked: tuple[ScoreRequest, int], post: Post) -> list[float]:
        request, room = asked
        options = request.options
        longest = max(map(self.count, options)) + MARGIN
        answer = self._converse(
            post,
            request.prompt,
            Choice(options),
            min(room, longest),
            lambda answer: pick(options, answer.text) is not None,
            CHOOSE_AGAIN.format(options=", ".join(options)),
        )
        chosen = pick(options, answer.text)
        return [0.0 if option == chosen else -math.inf for option in options]

    def _listen(self, asked: tuple[ScoreRequest, int], post: Post) -> list[float]:
        request, room = asked
        options = request.options
        longest = min(room, max(map(self.count, options)) + MARGIN)
        fields = extras(self.dialect, Choice(options)) | {"top_logprobs": LISTED}
        body = self._body(self._turns(request.prompt), longest, fields)
        return post(body, lambda reply: option_logprobs(reply, options))

    def _weigh(self, pair: tuple[Prompt, str], post: Post) -> list[tuple[str, float]]:
        prompt, option = pair
        fields = {
            "continue_final_message": True,
            "add_generation_prompt": False,
            "prompt_logprobs": 0,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        turns = [*self._turns(prompt), {"role": "assistant", "content": option}]
        return post(self._body(turns, 1, fields) | {"max_tokens": 1}, read_prompt)

    def _converse(
        self,
        post: Post,
        prompt: Prompt,
        grammar: Grammar,
        longest: int,
        good: Callable[[Answer], bool],
        again: str,
    ) -> Answer:
        """The answer to a prompt; where it is not good, the one to the question `again`, if there is
        room for that and it is better.
        """
        fields = extras(self.dialect, grammar)
        turns = self._turns(prompt)

        def read(reply: dict[str, Any]) -> Answer:
            answer = read_answer(reply)
            cut = Errors.EL125.format(name=self.model, tokens=longest) if cut_off(reply) else ""
            return replace(answer, error=cut)

        answer = post(self._body(turns, longest, fields), read)
        said = answer.text or "…"
        more = self.count(said) + self.count(again) + 2 * TURN
        left = self.context - self.count_prompt(prompt) - more
        if good(answer) or left < self.count(simplest(grammar)):
            return answer
        turns += [{"role": "assistant", "content": said}, {"role": "user", "content": again}]
        longest = min(longest, left)
        repaired = post(self._body(turns, longest, fields), read)
        whole = answer.error and not repaired.error
        return repaired if good(repaired) or whole else answer

    def _body(
        self, turns: Sequence[dict[str, str]], longest: int, fields: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": list(turns),
            "temperature": 0,
            "max_tokens": longest,
            "stream": False,
            **fields,
            **self.parameters,
        }

    def _turns(self, prompt: Prompt) -> list[dict[str, str]]:
        user = prompt.context + prompt.question
        if not prompt.system:
            return [{"role": "user", "content": user}]
        if not self.system_role:
            return [{"role": "user", "content": f"{prompt.system}\n\n{user}"}]
        return [{"role": "system", "content": prompt.system}, {"role": "user", "content": user}]
