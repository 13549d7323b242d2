"""Stored files over S3, as Supabase speaks it, behind the circuit breaker of all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from storages.backends.s3 import S3File, S3Storage
from storages.utils import clean_name

from apps.core.breaker import declare, guard

VENDOR = "storage"
declare(VENDOR, "File storage (S3)")
T = TypeVar("T")


def guarded(call: Callable[[], T]) -> T:
    """Raises `BreakerOpen` while the storage is left alone, else what the SDK raises."""
    return guard(VENDOR, call, is_failure=is_outage)


def is_outage(error: BaseException) -> bool:
    """No answer, or one of 5xx; what is not there or not allowed is an answer."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return bool(status >= 500)  # noqa: PLR2004
    return isinstance(error, HTTPClientError | NotConnected)


class GuardedFile(S3File):  # type: ignore[misc]
    """Fetched when it is first read."""

    def _get_file(self) -> Any:
        return guarded(super()._get_file)

    file = property(_get_file, S3File._set_file)  # noqa: SLF001 -- as the class itself does


class GuardedS3Storage(S3Storage):  # type: ignore[misc]
    """Everything that goes over the network. Links are signed here, without a question."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        key = self._normalize_name(clean_name(name))
        try:
            return guarded(lambda: GuardedFile(key, mode, self))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:  # noqa: PLR2004
                raise FileNotFoundError(f"File does not exist: {key}") from error
            raise

    def _save(self, name: str, content: Any) -> Any:
        save = super()._save
        return guarded(lambda: save(name, content))

    def delete(self, name: str) -> None:
        guarded(lambda: S3Storage.delete(self, name))

    def exists(self, name: str) -> bool:
        return bool(guarded(lambda: S3Storage.exists(self, name)))

    def size(self, name: str) -> int:
        return int(guarded(lambda: S3Storage.size(self, name)))

    def listdir(self, path: str) -> Any:
        return guarded(lambda: S3Storage.listdir(self, path))
