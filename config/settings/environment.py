"""The one `Env` all settings modules share."""

from urllib.parse import urlsplit

from config.env import BASE_DIR, BadEnvironment, load, local_dir

try:
    ENV = load()
except BadEnvironment as error:
    # Whatever is being started ends here, with the list and without a traceback around it.
    raise SystemExit(str(error)) from None
LOCAL_DIR = local_dir()
PUBLIC = urlsplit(ENV.public_url)
PUBLIC_HOST = PUBLIC.hostname or "localhost"

__all__ = ["BASE_DIR", "ENV", "LOCAL_DIR", "PUBLIC", "PUBLIC_HOST"]
