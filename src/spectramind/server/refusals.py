"""What the server refuses to answer, with the HTTP status that says so."""


class Refusal(Exception):
    """An answer of one sentence: what, and what to do."""

    status = 503

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = " ".join(sentence.split())


class NotThere(Refusal):
    """What an address names is not there (404)."""

    status = 404


class NotUnderstood(Refusal):
    """A parameter means nothing (422)."""

    status = 422
