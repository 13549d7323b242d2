"""Channels over Redis, and the Pusher application the product publishes to."""

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

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            # redis-py's default pool and timeout break the layer at 200 sockets.
            "hosts": [
                {
                    "address": ENV.redis_url.get_secret_value(),
                    "max_connections": 5000,
                    "socket_timeout": None,
                }
            ],
            "prefix": "realtime",
        },
    }
}
