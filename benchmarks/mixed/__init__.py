"""Mixed requests in many workspaces at once, which count every row of another's they are given.

Rows of all workspaces share their keys and differ in their mark, the workspace's schema name: a
query that lands next door finds what it looks for, and gives itself away.
"""
