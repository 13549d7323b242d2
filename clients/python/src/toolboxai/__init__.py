"""The ToolBoxAI API in Python.

```python
with Client("https://lincoln.example.com", api_key=os.environ["TOOLBOXAI_KEY"]) as api:
    for release in api.releases_iterate(state="ready"):
        print(release["version"])
```
"""

from toolboxai.errors import Problem, Unreachable
from toolboxai.operations import Operations

__all__ = ["Client", "Problem", "Unreachable"]


class Client(Operations):
    """One workspace, reached with an API key or an access token."""
