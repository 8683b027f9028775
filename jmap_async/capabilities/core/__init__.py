"""What every server has (RFC 8620): the echo, blobs and push subscriptions, a file each."""
