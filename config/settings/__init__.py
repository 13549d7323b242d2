"""Django's settings, one module a concern; values from outside come through `config.env`."""

from .accounts import *
from .api import *
from .base import *
from .console import *
from .database import *
from .files import *
from .fleet import *
from .jobs import *
from .logs import *
from .mail import *
from .payments import *
from .realtime import *
from .security import *
from .semantic_cache import *
from .sessions import *
from .social import *
from .workspaces import *
