"""The mail capability (RFC 8621, 1.3.1): mailboxes, threads and Emails, a file each."""
