"""The same small API view three times: without workspaces, by stock django-tenants, and by ours."""
