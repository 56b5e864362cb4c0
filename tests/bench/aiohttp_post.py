"""usage: aiohttp_post.py URL ROWS.csv IN_FLIGHT"""

import asyncio
import csv
import sys

import aiohttp


async def worker(session, url, rows):
    for row in rows:
        async with session.post(url, json=row) as reply:
            answer = await reply.json()
            if reply.status != 200 or answer["email"] != row["email"]:
                sys.exit(1)


async def main(url, path, flight):
    with open(path, encoding="utf-8") as file:
        rows = csv.DictReader(file)  # shared: each row goes to one worker
        connector = aiohttp.TCPConnector(limit=flight)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(worker(session, url, rows)
                                   for _ in range(flight)))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
