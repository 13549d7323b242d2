"""The life of a workspace: its grace time, its addresses, its domains."""

from .environment import ENV

# Days between an owner's wish to delete a workspace and its removal.
TENANT_DELETE_GRACE_DAYS = 30
# Days for which a former address redirects, and stays out of others' hands.
TENANT_FORMER_ADDRESS_DAYS = 90
# Where custom domains' records are asked for: host:port, or empty for the system's resolver.
DNS_RESOLVER = ENV.dns_resolver
# Networks that are no part of the open internet, and that addresses of customers' choice may lead
# into all the same; always empty in production.
OUTGOING_NETWORKS_ALLOWED = ENV.outgoing_networks_allowed
# How long an operator can be in as somebody else, and whether the owners get a mail of it.
IMPERSONATION_MINUTES = ENV.impersonation_minutes
IMPERSONATION_TELLS_OWNERS = ENV.impersonation_tells_owners
# Questions of TLS proxies for new certificates that are answered a minute, by all of them.
TLS_ASKS_A_MINUTE = 300
