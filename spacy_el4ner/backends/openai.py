"""The backend for models on an OpenAI-compatible server: vLLM, llama.cpp, `transformers serve` …"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from spacy_el4ner.backends.counting import TURN, TokenCounter
from spacy_el4ner.backends.dialects.base import Dialect, Question
from spacy_el4ner.backends.dialects.plain import Plain
from spacy_el4ner.backends.grammars import accepts, simplest
from spacy_el4ner.backends.http import Post, Server
from spacy_el4ner.backends.named_option import named_option
from spacy_el4ner.backends.replies import cut_off, read_answer
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Answer, DecodeRequest, Grammar, Prompt, ScoreRequest

MARGIN = 16
"""Tokens that an answer may have in addition to the expected ones."""
ASK_AGAIN = (
    "That was not in the form I asked for. Answer again, in exactly that form and with nothing else."
)
CHOOSE_AGAIN = "Answer with exactly one of these and nothing else: {options}"
OWN_FIELDS = ("model", "messages", "stream")
"""Fields of a request that parameters cannot replace."""
ASKING = 5
"""Version of the requests and of the reading of replies, raised when these change, so that a store does
not reuse outdated answers.
"""


class OpenAIBackend:
    """A model on an OpenAI-compatible server. If an answer is not in the language of its format, the
    backend asks once more and then keeps the answer: the format reads what it can and counts the rest.
    The same holds for an answer that the server cut off, but its `error` is set if the second one is
    cut off, too, because the rest is unknown.

    model (str): The model's name on the server.
    base_url (str): The address before "/chat/completions", such as "http://localhost:8000/v1".
    api_key_env (str | None): Name of the environment variable that holds the key, not the key itself.
    dialect (Dialect | None): The server's extensions of the common protocol: a block of Plain.v1,
        VLLM.v1 or LlamaCpp.v1. None for Plain.v1, free text without probabilities.
    tokenizer (str | None): The model's tokenizer, on the hub or in a directory, to count tokens with.
        None counts the bytes of UTF-8 instead, an upper bound, so that fewer demonstrations fit into a
        prompt.
    context (int): Tokens of the context on the server.
    system_role (bool): Whether the model accepts system turns. If not (Gemma), the system text is put
        at the beginning of the user's turn.
    parameters (dict | None): Fields added to every request, such as {"reasoning_effort": "none"}, which
        replace those of the backend; plain data, saved as plain text. None for no such fields.
    max_concurrency (int): Maximum number of requests at a time.
    timeout (float): Seconds that one attempt at a request may take.
    deadline (float): Seconds that a request may take with all of its attempts.
    retries (int): Attempts after the first, for statuses 408, 409, 429 and from 500, failed connections
        and unusable answers.
    """

    remote = True

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        api_key_env: str | None = None,
        dialect: Dialect | None = None,
        tokenizer: str | None = None,
        context: int = 8192,
        system_role: bool = True,
        parameters: dict[str, Any] | None = None,
        max_concurrency: int = 8,
        timeout: float = 120.0,
        deadline: float = 600.0,
        retries: int = 5,
    ):
        _check_address(base_url)
        if taken := [field for field in parameters or {} if field in OWN_FIELDS]:
            raise EL4NERValueError(Errors.EL133.format(name=model, fields=", ".join(taken)))
        self.model = model
        self.base_url = base_url.rstrip("/")
        self.dialect: Dialect = Plain() if dialect is None else dialect
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
        """RETURNS (bool): Whether the dialect gives the model's own probabilities. If not, the option
        that the model names gets all of the probability.
        """
        return self.dialect.exact

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Requests sent, retries included."""
        return self._server.sent

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Everything that the answers depend on, apart from the request. This
        includes the address, because some servers accept any model name.
        """
        return {
            "backend": "openai",
            "model": self.model,
            "base_url": self.base_url,
            "dialect": self.dialect.identity,
            "tokenizer": self.tokenizer,
            "context": self.context,
            "system_role": self.system_role,
            "parameters": self.parameters,
            "asking": ASKING,
        }

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Number of its tokens, or an upper bound.
        """
        return self._counter.count(text)

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Number of its tokens, chat template included, or an upper bound.
        """
        return self._counter.count_prompt(prompt)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[Answer]): An answer for each request, in order; free text if the dialect does not
            constrain it.
        RAISES (ValueError): EL021, a prompt leaves no room for an answer.
        RAISES (RequestFailed): The server did not answer one of the requests.
        RAISES (BackendUnavailable): The server answers no request, or refuses every request.
        """
        items = [(r, self._room(r.prompt, self.count(simplest(r.grammar)))) for r in requests]
        return self._server.run(self._decode, items)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): Prompts with the options of their answers.
        RETURNS (list[list[float]]): Log-probability of each option of each request, in nats. If the
            dialect is not exact, 0 for the option that the model names and -inf for the others; -inf
            for all options if the model names none of them, even in a second answer.
        RAISES (ValueError): EL021, a prompt leaves no room for an answer.
        RAISES (RequestFailed): The server did not answer one of the requests.
        RAISES (BackendUnavailable): The server answers no request, or refuses every request.
        """
        rooms = [self._room(r.prompt, max(map(self.count, r.options))) for r in requests]
        if not self.dialect.exact:
            return self._server.run(self._choose, list(zip(requests, rooms, strict=True)))
        return self._server.run(self._score, list(zip(requests, rooms, strict=True)))

    def forget(self) -> None:
        """Do nothing: prompts are cached by the server, if at all."""

    def unload(self) -> None:
        """End the requests under way and close the connections; the model stays on its server."""
        self._server.close()

    def _room(self, prompt: Prompt, answer: int) -> int:
        """Tokens left for the answer to a prompt.

        RAISES (ValueError): EL021, the `answer` needs more tokens.
        """
        tokens = self.count_prompt(prompt)
        if tokens + answer > self.context:
            raise EL4NERValueError(
                Errors.EL021.format(name=self.model, tokens=tokens, answer=answer, context=self.context)
            )
        return self.context - tokens

    def _decode(self, item: tuple[DecodeRequest, int], post: Post) -> Answer:
        """The answer to a request, given the tokens left for it."""
        request, room = item
        prompt, grammar = request.prompt, request.grammar
        # At least the length of the question, for answers with words around the wanted ones.
        question = self.count(prompt.texts[-1])
        longest = max(grammar.longest(self.count), question) + MARGIN
        return self._converse(
            post,
            prompt,
            grammar,
            min(room, longest),
            lambda answer: not answer.error and accepts(grammar, answer.text),
            ASK_AGAIN,
        )

    def _choose(self, item: tuple[ScoreRequest, int], post: Post) -> list[float]:
        """Log-probabilities that give the option that the model names all of the probability."""
        request, room = item
        options = request.options
        answer = self._converse(
            post,
            request.prompt,
            Choice(options),
            min(room, self._longest(options)),
            lambda answer: named_option(options, answer.text) is not None,
            CHOOSE_AGAIN.format(options=", ".join(options)),
        )
        chosen = named_option(options, answer.text)
        return [0.0 if option == chosen else -math.inf for option in options]

    def _score(self, item: tuple[ScoreRequest, int], post: Post) -> list[float]:
        """Log-probabilities of the options, by the dialect. All requests about a prompt come from here,
        one after another, so that the server still has the prompt in its cache.
        """
        request, room = item

        def ask(question: Question) -> Any:
            turns = self._turns(request.prompt)
            if question.answer is not None:
                turns.append({"role": "assistant", "content": question.answer})
            body = self._body(turns, min(room, self._longest(request.options)), question.fields)
            limit = {} if question.max_tokens is None else {"max_tokens": question.max_tokens}
            return post(body | limit, question.read)

        return self.dialect.score(request.options, ask)

    def _longest(self, options: Sequence[str]) -> int:
        """Tokens that an answer with one of the options may have."""
        return max(map(self.count, options)) + MARGIN

    def _converse(
        self,
        post: Post,
        prompt: Prompt,
        grammar: Grammar,
        longest: int,
        good: Callable[[Answer], bool],
        again: str,
    ) -> Answer:
        """The answer to a prompt. If it is not good, and there is room, `again` asks for another
        answer, which is taken if it is better.
        """
        fields = self.dialect.fields(grammar)
        turns = self._turns(prompt)

        def read(reply: dict[str, Any]) -> Answer:
            answer = read_answer(reply)
            cut = Errors.EL125.format(name=self.model, tokens=longest) if cut_off(reply) else ""
            return replace(answer, error=cut)

        answer = post(self._body(turns, longest, fields), read)
        text = answer.text or "…"
        more = self.count(text) + self.count(again) + 2 * TURN
        left = self.context - self.count_prompt(prompt) - more
        if good(answer) or left < self.count(simplest(grammar)):
            return answer
        turns += [{"role": "assistant", "content": text}, {"role": "user", "content": again}]
        longest = min(longest, left)
        repaired = post(self._body(turns, longest, fields), read)
        whole = answer.error and not repaired.error
        return repaired if good(repaired) or whole else answer

    def _body(
        self, turns: Sequence[dict[str, str]], longest: int, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """The fields of a request; the backend's parameters replace the others."""
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
        """The turns of a prompt's conversation.

        RAISES (ValueError): EL285, the prompt is a text to be continued.
        """
        if prompt.stop:
            raise EL4NERValueError(Errors.EL285.format(name=self.model))
        system, *texts = prompt.texts
        if system and not self.system_role:
            texts[0] = f"{system}\n\n{texts[0]}"
        turns = [
            {"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(texts)
        ]
        opening = {"role": "system", "content": system}
        return [opening, *turns] if system and self.system_role else turns


def _check_address(base_url: str) -> None:
    """RAISES (ValueError): EL010, the address is not a usable HTTP address; EL232, it holds
    credentials.
    """
    shown = re.sub(r"//[^/]*@", "//", base_url)
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and parts.port != 0
        usable = usable and bool(re.fullmatch(r"[\w.:%-]+", parts.hostname or ""))
        usable = usable and not (parts.query or parts.fragment) and base_url.isprintable()
    except ValueError:
        usable = False
    if usable and "@" in parts.netloc:
        raise EL4NERValueError(Errors.EL232.format(url=shown))
    if not usable:
        known = "http://…, https://…"
        raise EL4NERValueError(Errors.EL010.format(value=shown, setting="base_url", known=known))
