"""The sixteen pictures a pupil chooses from, and what is kept of the choice.

Three of sixteen in their order are 4,096 possibilities: little against a machine, so guesses are
few (`services.sign_in`) and what is stored is a keyed hash, which nobody can try out who has the
database alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.conf import settings

from apps.core.database import connection

# By name, as screen readers say it; the drawings are in static/pictures.svg.
PICTURES: Final = (
    "sun", "moon", "star", "heart", "tree", "flower", "apple", "cake",
    "fish", "cat", "bird", "rocket", "house", "car", "boat", "ball",
)  # fmt: skip
LENGTH: Final = 3


def digest(*, user_id: UUID, chosen: Sequence[str]) -> str:
    """HMAC-SHA-256 of the pictures in order, bound to the person and the workspace."""
    text = f"pictures:{connection.schema_name}:{user_id}:{','.join(chosen)}"
    return hmac.new(settings.BLIND_INDEX_KEY, text.encode(), "sha256").hexdigest()


def are_valid(chosen: Sequence[str]) -> bool:
    return len(chosen) == LENGTH and all(name in PICTURES for name in chosen)
