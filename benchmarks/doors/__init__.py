"""The same list three times: a bare Django view, plain Django REST framework, and ours."""
