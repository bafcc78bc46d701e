"""What the server refuses to answer, with the HTTP status that says so."""


class RefusalError(Exception):
    """An answer of one sentence: what, and what to do."""

    status = 503

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = " ".join(sentence.split())


class NotThereError(RefusalError):
    """What an address names is not there (404)."""

    status = 404


class NotUnderstoodError(RefusalError):
    """A parameter means nothing (422)."""

    status = 422
