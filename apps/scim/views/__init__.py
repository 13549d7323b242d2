"""The SCIM endpoint and the page that sets it up."""
