"""Questions as people put them: the same one in other words, and others that look like it."""

from __future__ import annotations

# Each line asks for one thing, twice.
SAME = [
    ("How do I roll back a release?", "How can I rollback releases?"),
    ("How do I invite a teacher?", "inviting teachers"),
    ("Where can I see my API keys?", "See the API keys"),
    ("How do I change my password?", "I want to change the password"),
    ("How do I add a custom domain?", "Adding a custom domain"),
    ("How do I export our workspace?", "exporting the workspace"),
    ("What is the limit of members?", "member limits"),
    ("How do I delete my workspace?", "Deleting workspaces"),
    ("Who can promote a release to production?", "promoting releases to production"),
    ("How do I revoke an API key?", "revoke API keys"),
    ("How do I upload a place file?", "uploading place files"),
    ("Why was my release blocked by the scan?", "release blocked by the scan, why?"),
    ("How do I verify my e-mail?", "how can I verify my e-mail"),
    ("How do I rename an experience?", "renaming experiences"),
    ("How do I invite a new colleague?", "How do I invite new colleagues to join?"),
    ("My upload was refused", "Why was the upload refused?"),
    ("How do I turn on two-step sign-in?", "turn two-step sign-in on"),
    # Nothing but the meaning in common: a wording alone cannot know it.
    ("How do I get yesterday's version back?", "How do I roll back?"),
]
# Each line asks for two things, though the words are much the same.
OTHER = [
    ("How do I invite a member?", "How do I remove a member?"),
    ("How do I create an API key?", "How do I revoke an API key?"),
    ("How do I roll back a release?", "How do I upload a release?"),
    ("How do I promote to production?", "How do I deploy to staging?"),
    ("How do I change my password?", "How do I change my e-mail?"),
    ("How do I rename my workspace?", "How do I delete my workspace?"),
    ("How do I add a domain?", "How do I remove a domain?"),
    ("What does an admin do?", "What does a student do?"),
    ("How do I switch two-step sign-in on?", "How do I switch two-step sign-in off?"),
    ("What is a release?", "What is a deployment?"),
    ("How do I export our workspace?", "How do I rename our workspace?"),
    ("Which roles are there?", "Which limits are there?"),
    ("Can I release without staging?", "Can I release with staging?"),
    ("How do I withdraw a release?", "How do I promote a release?"),
]
