"""Where vectors come from, and where answers are kept to be given again."""

from .environment import ENV

# An OpenAI-compatible endpoint, as the base URL of its clients; without one the wording decides.
EMBEDDINGS_API_URL = ENV.embeddings_api_url
EMBEDDINGS_API_KEY = ENV.embeddings_api_key.get_secret_value()
EMBEDDINGS_MODEL = ENV.embeddings_model
EMBEDDINGS_DIMENSIONS = ENV.embeddings_dimensions
# Redis LangCache keeps the answers instead of the workspace's own schema.
LANGCACHE_API_URL = ENV.langcache_api_url
LANGCACHE_CACHE_ID = ENV.langcache_cache_id
LANGCACHE_API_KEY = ENV.langcache_api_key.get_secret_value()
# From which cosine a question counts as asked before; 0 for what suits the model.
SEMANTIC_CACHE_THRESHOLD = ENV.semantic_cache_threshold
# Answers a workspace keeps; the ones not asked for longest make room.
SEMANTIC_CACHE_ENTRIES = 2_000
