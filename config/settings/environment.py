"""The one `Env` all settings modules share."""

from urllib.parse import urlsplit

from config.env import BASE_DIR, load, local_dir

ENV = load()
LOCAL_DIR = local_dir()
PUBLIC = urlsplit(ENV.public_url)
PUBLIC_HOST = PUBLIC.hostname or "localhost"

__all__ = ["BASE_DIR", "ENV", "LOCAL_DIR", "PUBLIC", "PUBLIC_HOST"]
