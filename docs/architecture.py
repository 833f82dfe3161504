"""Draws docs/architecture.svg from the imports: python docs/architecture.py (needs the test extra).

Rooms stand on the floors that tests/test_architecture.py holds them to. An arrow says that a room uses another; what
follows from other arrows is left out. A floor's rooms are put in the order in which the fewest arrows cross.

Source: K. Sugiyama, S. Tagawa, M. Toda (1981). Methods for visual understanding of hierarchical system structures.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from pathlib import Path
from statistics import mean
from textwrap import wrap
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from test_architecture import FILES, FLOORS, arrows_between, floor, name, part, room_of  # noqa: E402

WIDTH, MARGIN, GAP = 980, 20, 26
"""Pixels: of the picture, around it, and between boxes on a floor."""
BETWEEN = 40
"""Pixels between two floors, where arrows run."""
LETTER, LINE, TITLE = 6.75, 16, 30
"""Pixels: the width of a small letter, the height of a line of them, and of a room's name."""
MOST_LINES = 4
"""Lines of module names in a box."""
HUES = (28, 262)
"""The colours of the highest and of the lowest floor, in degrees."""
STYLE = """
  text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace }
  .page { fill: #ffffff }
  .floor { fill: #f6f7f9 }
  .box { stroke-width: 1.25; fill: hsl(var(--hue) 75% 97%); stroke: hsl(var(--hue) 45% 62%) }
  .room { font-size: 15px; font-weight: 700; fill: hsl(var(--hue) 60% 28%) }
  .module { font-size: 11px; fill: #4a5262 }
  .note { font-size: 12px; fill: #6a7283 }
  .arrow { fill: none; stroke: #8b94a5; stroke-width: 1.4 }
  .head { fill: #8b94a5 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0f1319 }
    .floor { fill: #161b23 }
    .box { fill: hsl(var(--hue) 28% 17%); stroke: hsl(var(--hue) 35% 45%) }
    .room { fill: hsl(var(--hue) 70% 82%) }
    .module { fill: #b4bccb }
    .note { fill: #8d97a8 }
    .arrow { stroke: #69748a }
    .head { fill: #69748a }
  }
"""


@dataclass(eq=False)
class Box:
    """A room on its floor; without a room the place where an arrow passes a floor that is none of its ends."""

    floor: int
    room: str = ""
    lines: Sequence[str] = ()
    above: list[Box] = field(default_factory=list)
    below: list[Box] = field(default_factory=list)
    x: float = 0.0

    @property
    def width(self) -> float:
        """Pixels from the left to the right."""
        if not self.room:
            return 2.0
        return max(len(self.room) * 9.2, *(len(line) * LETTER for line in (*self.lines, ""))) + 28

    @property
    def height(self) -> float:
        """Pixels from the top to the bottom."""
        return TITLE + len(self.lines) * LINE + (8 if self.lines else 2)


def reduced(arrows: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows that do not follow from others; one that points up is a fault, which tests find."""
    arrows = {room: {other for other in arrows[room] if floor(other) <= floor(room)} for room in arrows}

    def reached(start: str) -> set[str]:
        return arrows.get(start, set()).union(*(reached(other) for other in arrows.get(start, ())))

    return [
        (room, other)
        for room in sorted(arrows)
        for other in sorted(arrows[room])
        if not any(other in reached(between) for between in arrows[room] - {other})
    ]


def lines_of(room: str) -> list[str]:
    """The names of a room's modules, in a few lines of about equal length."""
    modules = [name(path).partition(".")[2] for path in FILES if part(path) == room]
    text = "  ".join(module for module in sorted(modules) if module)
    return next(
        lines
        for letters in range(24, len(text) + 25)
        if len(lines := wrap(text, letters, break_long_words=False)) <= MOST_LINES
    )


def stacked(arrows: Sequence[tuple[str, str]]) -> tuple[list[list[Box]], dict[str, Box]]:
    """The floors, highest first, with rooms and the places where arrows pass; and the rooms by name.

    Arrows along a floor join no boxes here.
    """
    floors: list[list[Box]] = []
    for number, rooms in enumerate(reversed(FLOORS)):
        floors.append([Box(number, room, lines_of(room)) for room in sorted(rooms)])
    rooms_by_name = {box.room: box for boxes in floors for box in boxes}
    for start, end in arrows:
        upper, lower = rooms_by_name[start], rooms_by_name[end]
        for number in range(upper.floor + 1, lower.floor + 1):
            step = lower if number == lower.floor else Box(number)
            if step is not lower:
                floors[number].append(step)
            upper.below.append(step)
            step.above.append(upper)
            upper = step
    return floors, rooms_by_name


def crossings(upper: Sequence[Box], lower: Sequence[Box]) -> int:
    """How many arrows between two floors in these orders cross."""
    place = {box: number for number, box in enumerate(lower)}
    ends = [(number, place[end]) for number, box in enumerate(upper) for end in box.below]
    return sum((a - c) * (b - d) < 0 for a, b in ends for c, d in ends) // 2


def put_in_order(floors: list[list[Box]]) -> None:
    """Orders each floor so that few arrows cross those next to it; sweeps up and down until nothing gets better."""

    def total() -> int:
        return sum(crossings(upper, lower) for upper, lower in pairwise(floors))

    def cost(number: int, order: Sequence[Box]) -> int:
        upper = crossings(floors[number - 1], order) if number else 0
        return upper + (crossings(order, floors[number + 1]) if number + 1 < len(floors) else 0)

    best = total() + 1
    while total() < best:
        best = total()
        for number in (*range(len(floors)), *reversed(range(len(floors)))):
            boxes = floors[number]
            if len(boxes) <= 6:
                boxes[:] = min(map(list, permutations(boxes)), key=lambda order: cost(number, order))
                continue
            for _ in boxes:
                for left in range(len(boxes) - 1):
                    swapped = [*boxes[:left], boxes[left + 1], boxes[left], *boxes[left + 2 :]]
                    if cost(number, swapped) < cost(number, boxes):
                        boxes[:] = swapped


def put_in_place(floors: Sequence[Sequence[Box]]) -> None:
    """Moves boxes to where what they are joined with stands, as far as those beside them leave room."""
    for boxes in floors:
        spare = WIDTH - 2 * MARGIN - 2 * GAP - sum(box.width for box in boxes)
        step = spare / (len(boxes) + 1)
        left = MARGIN + GAP + step
        for box in boxes:
            box.x = left + box.width / 2
            left += box.width + step
    for sweep in range(60):
        for boxes in floors if sweep % 2 else reversed(floors):
            wanted = [mean([WIDTH / 2, box.x, *(other.x for other in (*box.above, *box.below))]) for box in boxes]
            _spread(boxes, wanted)


def _spread(boxes: Sequence[Box], wanted: Sequence[float]) -> None:
    """Puts boxes as near to where they are wanted as they have room beside each other."""
    mirrored = _pushed(list(reversed(boxes)), [WIDTH - place for place in reversed(wanted)])
    both = zip(boxes, _pushed(boxes, wanted), reversed(mirrored), strict=True)
    for box, from_left, from_right in both:
        box.x = (from_left + WIDTH - from_right) / 2


def _pushed(boxes: Sequence[Box], wanted: Sequence[float]) -> list[float]:
    """Places without overlaps: each box pushed to the right by those before it, then back by the edge."""
    places = list(wanted)
    edge = float(MARGIN + GAP)
    for number, box in enumerate(boxes):
        places[number] = max(places[number], edge + box.width / 2)
        edge = places[number] + box.width / 2 + GAP
    edge = WIDTH - MARGIN - GAP
    for number, box in reversed(list(enumerate(boxes))):
        places[number] = min(places[number], edge - box.width / 2)
        edge = places[number] - box.width / 2 - GAP
    return places


def ports(box: Box, others: Sequence[Box]) -> dict[Box, float]:
    """Where on a box the arrows from or to others end, from left to right as these stand."""
    ordered = sorted(others, key=lambda other: other.x)
    inner = min(box.width - 24, 30 * (len(ordered) - 1)) if box.room else 0
    step = inner / (len(ordered) - 1) if len(ordered) > 1 else 0
    return {other: box.x - inner / 2 + number * step for number, other in enumerate(ordered)}


def arrow(points: Sequence[tuple[float, float]]) -> str:
    """A smooth line downwards through points."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (next_x, next_y) in pairwise(points):
        bend = (next_y - y) / 2
        path += f" C{x:.1f} {y + bend:.1f} {next_x:.1f} {next_y - bend:.1f} {next_x:.1f} {next_y:.1f}"
    return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'


def arrows_down(floors: Sequence[Sequence[Box]], tops: Sequence[float], heights: Sequence[float]) -> list[str]:
    """The arrows from floor to floor."""
    drawn = []
    for box in (box for boxes in floors for box in boxes if box.room):
        for first in box.below:
            x = ports(box, box.below)[first]
            points = [(x, tops[box.floor] + (heights[box.floor] + box.height) / 2)]
            before, step = box, first
            while not step.room:
                points += [(step.x, tops[step.floor]), (step.x, tops[step.floor] + heights[step.floor])]
                before, step = step, step.below[0]
            end = tops[step.floor] + (heights[step.floor] - step.height) / 2
            points.append((ports(step, step.above)[before], end - 7))
            drawn.append(arrow(points))
    return drawn


def arrow_along(start: Box, end: Box, middle: float) -> str:
    """An arrow between neighbours on a floor."""
    side = 1 if end.x > start.x else -1
    left, right = start.x + side * start.width / 2, end.x - side * (end.width / 2 + 7)
    return f'<path class="arrow" d="M{left:.1f} {middle:.1f} H{right:.1f}" marker-end="url(#head)"/>'


def drawn(box: Box, top: float) -> str:
    """A room with its modules."""
    hue = HUES[0] + (HUES[1] - HUES[0]) * box.floor / (len(FLOORS) - 1)
    left = box.x - box.width / 2
    texts = [f'<text class="room" text-anchor="middle" x="{box.x:.1f}" y="{top + 21:.1f}">{escape(box.room)}</text>']
    texts += [
        f'<text class="module" text-anchor="middle" x="{box.x:.1f}" y="{top + TITLE + 9 + number * LINE:.1f}"'
        f' xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(box.lines)
    ]
    shape = f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="8"/>'
    return f'<g style="--hue: {hue:.0f}">\n    ' + "\n    ".join([shape, *texts]) + "\n  </g>"


def picture() -> str:
    """The picture as SVG."""
    arrows = reduced(arrows_between(part, room_of))
    floors, rooms = stacked(arrows)
    put_in_order(floors)
    put_in_place(floors)
    heights = [max(box.height for box in boxes) for boxes in floors]
    tops = [MARGIN + sum(heights[:number]) + BETWEEN * number for number in range(len(floors))]
    bottom = tops[-1] + heights[-1]
    body = [
        f'<rect class="floor" x="{MARGIN}" y="{top - 10:.1f}" width="{WIDTH - 2 * MARGIN}" height="{height + 20:.1f}"'
        ' rx="12"/>'
        for top, height in zip(tops, heights, strict=True)
    ]
    body += arrows_down(floors, tops, heights)
    body += [
        arrow_along(rooms[start], rooms[end], tops[rooms[start].floor] + heights[rooms[start].floor] / 2)
        for start, end in arrows
        if rooms[start].floor == rooms[end].floor
    ]
    for box in (box for boxes in floors for box in boxes if box.room):
        body.append(drawn(box, tops[box.floor] + (heights[box.floor] - box.height) / 2))
    note = "An arrow says: uses. What follows from other arrows is left out."
    body.append(f'<text class="note" x="{MARGIN + 6}" y="{bottom + 34:.0f}">{note}</text>')
    height = bottom + 50
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img"
  aria-labelledby="title">
  <title id="title">The rooms of kgcompare on their floors, and which uses which</title>
  <style>{STYLE}  </style>
  <defs>
    <marker id="head" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" orient="auto">
      <path class="head" d="M0 0 L8 4 L0 8 z"/>
    </marker>
  </defs>
  <rect class="page" width="{WIDTH}" height="{height:.0f}"/>
  {chr(10).join(body).replace(chr(10), chr(10) + "  ").replace("  " * 3, "    ")}
</svg>
"""


if __name__ == "__main__":
    (HERE / "architecture.svg").write_text(picture(), encoding="utf-8")
