"""Just enough of a Phoenix on python3-websockets, whose permessage-deflate is not ours.

    websockets_phoenix.py TERMS…

Listens once for each TERMS, and prints the ports, each in a line. TERMS is JSON: null for a server without the
extension, or an object of what ServerPerMessageDeflateFactory takes. Prints how each connection ended.
"""

import asyncio
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

MAX_MESSAGE_BYTES = 4 << 20


def terms_of(socket):
    """What was agreed on, as the server sees it."""
    for extension in socket.extensions:
        return {
            "server_no_context_takeover": extension.local_no_context_takeover,
            "client_no_context_takeover": extension.remote_no_context_takeover,
            "server_max_window_bits": extension.local_max_window_bits,
            "client_max_window_bits": extension.remote_max_window_bits,
        }


def respond(socket, event, payload):
    """Everything is accepted; what is not in here is echoed."""
    if event == "terms":
        return {"terms": terms_of(socket)}
    if event == "big":
        return {"data": "x" * payload["n"]}
    return payload


async def answer(socket, text):
    join_ref, ref, topic, event, payload = json.loads(text)
    if event == "close":
        return await socket.close(payload["code"], payload["reason"])
    reply = {"status": "ok", "response": respond(socket, event, payload)}
    message = json.dumps([join_ref, ref, topic, "phx_reply", reply])
    # a list is sent in as many fragments
    await socket.send([message[:10], message[10:]] if event == "in_fragments" else message)


async def talk(socket):
    try:
        async for text in socket:
            await answer(socket, text)
    except websockets.ConnectionClosed:  # with another code than 1000 and 1001
        pass
    print("closed", socket.close_code, socket.close_reason, flush=True)


async def serve(terms):
    extensions = [] if terms is None else [ServerPerMessageDeflateFactory(**terms)]
    server = await websockets.serve(
        talk, "127.0.0.1", 0, compression=None, extensions=extensions, max_size=MAX_MESSAGE_BYTES
    )
    print("port", server.sockets[0].getsockname()[1], flush=True)


async def main():
    for argument in sys.argv[1:]:
        await serve(json.loads(argument))
    await asyncio.Future()


asyncio.run(main())
