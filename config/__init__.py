import atexit
import gc

# Every process imports half a million objects that stay. Searched for garbage every 700 new ones,
# as is usual, they take a sixth of its start, and a twelfth of all its time afterwards.
gc.set_threshold(50_000, 20, 20)
# Searched once more at the end, they take as long as half of the start. The system frees them.
atexit.register(gc.freeze)

from config.celery import app as celery  # noqa: E402 -- the threshold comes first

__all__ = ["celery"]
