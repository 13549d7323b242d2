"""SendGrid's v3 API and its event webhook on the loopback: mails go nowhere, and news of them comes
back signed.

https://www.twilio.com/docs/sendgrid/api-reference says what is answered here. What becomes of a
mail is chosen by its recipient's address (`outcomes`) or on the sandbox's page.
"""
