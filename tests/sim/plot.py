#!/usr/bin/env python3
"""Draws docs/pacing.svg: requests over time for three simulated runs.

usage: plot.py PATH-TO-SIM OUTPUT.svg
"""

import subprocess
import sys

# title, then what `sim --trace` takes: kind, count, per_s, burst, latency_s,
# rows, hint
RUNS = [
    ("50 a second in a bucket, Retry-After", "0 50 1 50 0.05 1500 1"),
    ("600 a minute in fixed windows, Retry-After", "1 600 60 0 0.05 2000 1"),
    ("50 an hour in fixed windows, RateLimit headers", "1 50 3600 0 0.3 150 2"),
]
WIDTH, HEIGHT, LEFT, GAP = 720, 150, 60, 60


def trace(sim, words):
    out = subprocess.run([sim, "--trace", *words.split()], check=True,
                         capture_output=True, text=True).stdout
    points = [line.split() for line in out.splitlines()]
    return sorted((float(at), answer == "ok") for at, answer in points)


def seconds(value):
    if value >= 5400:
        return f"{value / 3600:.1f} h"
    if value >= 120:
        return f"{value / 60:.0f} min"
    return f"{value:.0f} s"


def panel(top, title, points):
    end = points[-1][0] or 1
    total = sum(ok for _, ok in points)
    x = lambda at: LEFT + at / end * (WIDTH - LEFT - 20)
    y = lambda count: top + HEIGHT - count / total * HEIGHT
    accepted, path, refused = 0, [], []
    for at, ok in points:
        accepted += ok
        path.append(f"{x(at):.1f},{y(accepted):.1f}")
        if not ok:
            refused.append(f'<circle cx="{x(at):.1f}" cy="{y(accepted):.1f}" '
                           'r="3.5" fill="#c62828"/>')
    ideal = (f'<line x1="{LEFT}" y1="{top + HEIGHT}" x2="{WIDTH - 20}" '
             f'y2="{top}" stroke="#bbb" stroke-dasharray="4 4"/>')
    return "\n".join([
        f'<text x="{LEFT}" y="{top - 10}" font-weight="bold">{title}: '
        f'{total} rows, {len(refused)} answers of 429</text>',
        f'<path d="M{LEFT} {top}V{top + HEIGHT}H{WIDTH - 20}" fill="none" '
        'stroke="#666"/>',
        ideal,
        f'<polyline points="{" ".join(path)}" fill="none" stroke="#1565c0" '
        'stroke-width="2"/>',
        *refused,
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{total}</text>',
        f'<text x="{WIDTH - 20}" y="{top + HEIGHT + 18}" text-anchor="end">'
        f'{seconds(end)}</text>',
    ])


def main():
    sim, output = sys.argv[1:]
    panels = [panel(40 + i * (HEIGHT + GAP), title, trace(sim, words))
              for i, (title, words) in enumerate(RUNS)]
    height = 20 + len(RUNS) * (HEIGHT + GAP)
    with open(output, "w", encoding="utf-8") as svg:
        svg.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
                  f'height="{height}" font-family="sans-serif" '
                  'font-size="12">\n<title>Accepted requests over time; dots '
                  'are refusals</title>\n'
                  f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n')
        svg.write("\n".join(panels))
        svg.write("\n</svg>\n")


main()
