import asyncio

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

done = []


async def events(request):
    async def parts():
        for n in range(3):
            yield {"data": str(n)}
            await asyncio.sleep(0.01)

    return EventSourceResponse(parts())


async def background(request):
    async def later():
        await asyncio.sleep(0.01)
        done.append("later")

    return JSONResponse(done, background=BackgroundTask(later))


async def file(request):
    return FileResponse(__file__)


app = Starlette(routes=[Route("/events", events), Route("/background", background), Route("/file", file)])
