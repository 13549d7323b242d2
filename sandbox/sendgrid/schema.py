"""Tables of the stand-in for SendGrid."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS sendgrid_keys (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, prefix TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sendgrid_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sendgrid_mails (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  subject TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, headers TEXT NOT NULL,
  categories TEXT NOT NULL, custom_args TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sendgrid_events (
  id INTEGER PRIMARY KEY, mail_id INTEGER NOT NULL REFERENCES sendgrid_mails, kind TEXT NOT NULL,
  body TEXT NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  answer TEXT NOT NULL DEFAULT '', is_taken INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sendgrid_domains (
  id INTEGER PRIMARY KEY, domain TEXT NOT NULL, subdomain TEXT NOT NULL,
  is_default INTEGER NOT NULL, valid INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, UNIQUE (domain, subdomain));
CREATE TABLE IF NOT EXISTS sendgrid_suppressions (
  list TEXT NOT NULL, email TEXT NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL,
  created INTEGER NOT NULL, PRIMARY KEY (list, email));
"""

# What "Empty it" empties: keys and the webhook stay, as an account does when its mails are gone.
TABLES = ("sendgrid_mails", "sendgrid_events", "sendgrid_domains", "sendgrid_suppressions")
