"""The built-in endpoint, and the Pusher application the product publishes to."""

from urllib.parse import urlsplit

from .environment import ENV

_pusher = urlsplit(ENV.pusher_url)
PUSHER_APP_ID = ENV.pusher_app_id
PUSHER_KEY = ENV.pusher_key
PUSHER_SECRET = ENV.pusher_secret.get_secret_value()
PUSHER_URL = ENV.pusher_url
PUSHER_HOST = _pusher.hostname
PUSHER_PORT = _pusher.port or (443 if _pusher.scheme == "https" else 80)
PUSHER_TLS = _pusher.scheme == "https"
PUSHER_CLUSTER = ENV.pusher_cluster

# A socket silent for this long is asked with a ping, and closed when it stays silent.
REALTIME_ACTIVITY_SECONDS = 120.0
REALTIME_PONG_SECONDS = 30.0
# A web process says this often that it lives; one silent for the lease is taken for dead.
REALTIME_HEARTBEAT_SECONDS = 5.0
REALTIME_LEASE_SECONDS = 15.0
# Sockets one web process takes before it sends new ones elsewhere (close code 4100).
REALTIME_MAX_CONNECTIONS = 10_000
# Whether the product's own channels hear how many subscriptions they have; its pages do not ask.
REALTIME_TELLS_COUNTS = False

# Carries frames between processes and holds who is subscribed to what.
REALTIME_REDIS_URL = ENV.redis_url.get_secret_value()
# Events go out in a thread of each process; otherwise in the request itself, after its commit.
REALTIME_IN_THREAD = True
