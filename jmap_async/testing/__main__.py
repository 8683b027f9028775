"""Run a MemoryServer alone: `python -m jmap_async.testing --port 8080`."""

import argparse
import asyncio
import sys

from jmap_async.testing.server import MemoryServer


def main() -> None:
    """Read the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m jmap_async.testing", description="Run a JMAP server in memory."
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--token", default="memory-token", help="the bearer token to accept")
    parser.add_argument("--latency", type=float, default=0.0, help="delay of answers, in ms")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.token, options.latency / 1000))
    except KeyboardInterrupt:
        sys.exit(0)


async def serve(port: int, token: str, latency: float) -> None:
    """Serve until cancelled; the URL and the token are printed."""
    async with MemoryServer(port=port, token=token, latency=latency) as server:
        server.add_email(subject="Welcome", text="This server forgets everything when it stops.")
        sys.stdout.write(f"session: {server.session_url}\ntoken:   {server.token}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
