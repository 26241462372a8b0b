"""A FastAPI application with PostgreSQL, and a switch for each flaw: ``fastapi_app.py [FLAW]``."""

import contextlib
import os
import sys
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI, Response

VERSION = Path("version.json").read_text()
FLAW = sys.argv[1] if len(sys.argv) > 1 else ""
URL = os.environ["DATABASE_URL"]


@contextlib.asynccontextmanager
async def lifespan(app):
    if FLAW == "never reconnects":
        app.state.connection = await psycopg.AsyncConnection.connect(URL, autocommit=True)
    yield


app = FastAPI(lifespan=lifespan)


async def look():
    """Ask the database something, as the flaw does it."""
    if FLAW == "blind":
        return
    if FLAW == "never reconnects":
        await app.state.connection.execute("SELECT 1")
    elif FLAW == "blocks the event loop":
        with psycopg.connect(URL, connect_timeout=4) as connection:
            connection.execute("SELECT 1")
    else:
        # libpq has no timeout by default
        timeout = {} if FLAW == "no timeout" else {"connect_timeout": 2}
        async with await psycopg.AsyncConnection.connect(URL, **timeout) as connection:
            await connection.execute("SELECT 1")


async def answer(response):
    try:
        await look()
    except psycopg.Error:
        if FLAW == "dies":
            os._exit(3)
        response.status_code = 503
        return {"status": "error"}
    return {"status": "ok"}


@app.get("/__heartbeat__")
async def heartbeat(response: Response):
    return await answer(response)


@app.get("/__lbheartbeat__")
async def lbheartbeat(response: Response):
    if FLAW == "needs it for the load balancer":
        return await answer(response)
    return Response()


@app.get("/__version__")
async def version():
    return Response(VERSION, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]))
