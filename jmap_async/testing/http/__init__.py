"""HTTP: requests and blobs, the event source, and pushes to subscriptions."""
