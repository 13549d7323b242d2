from __future__ import annotations

from apps.core.errors import Conflict, Invalid, NotAllowed


class ClassNameTaken(Conflict):
    code = "class_name_taken"
    title = "There is a class of this name already"


class ClassArchived(Conflict):
    code = "class_archived"
    title = "This class is archived"


class CodeUnknown(Invalid):
    """Unknown, renewed, paused or archived: a stranger learns no more than that."""

    code = "class_code_unknown"
    title = "This code opens no class"

    def __init__(self) -> None:
        super().__init__(
            "This code opens no class right now. Look at it again, or ask your teacher."
        )


class PicturesWrong(NotAllowed):
    code = "pictures_wrong"
    title = "These are not your pictures"


class PupilLocked(NotAllowed):
    """Too many wrong pictures. The badge still works, and the teacher can lift it."""

    code = "pupil_locked"
    title = "Time for a little break"


class BadgeRefused(NotAllowed):
    code = "badge_refused"
    title = "This badge does not open anything"

    def __init__(self) -> None:
        super().__init__("It is an old one, or its class is closed now. Ask your teacher.")


class PicturesSettled(Conflict):
    code = "pictures_settled"
    title = "The pictures are chosen already"
