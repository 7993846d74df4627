// Where tiles and labels go, and how numbers and rows compare. Nothing here touches the page.
const HEAD = 19, LEAST_WIDTH = 70, LEAST_HEIGHT = 52, LEVELS = 4, COLUMN = 6.4, STRONG = 7.1, LEAST_AREA = 24;
const TITLE = 0, START = 1, LATER = 2, BITS = 3, WHEN = 4, WHY = 5, PATH = 6, FOUND = 7, CHILDREN = 8;

// Rectangles for descending sizes: the same rows as squarify() of treemap.py makes.
function squarify(sizes, box) {
  const boxes = [];
  let rest = sizes.reduce((sum, size) => sum + size, 0);
  let { x, y, width, height } = box;
  let at = 0;
  while (at < sizes.length) {
    const side = Math.min(width, height), scale = (width * height) / rest;
    let end = at + 1, row = sizes[at];
    while (
      end < sizes.length &&
      worst(row + sizes[end], sizes[at], sizes[end], side, scale) <= worst(row, sizes[at], sizes[end - 1], side, scale)
    ) {
      row += sizes[end];
      end += 1;
    }
    rest -= row;
    const upright = width >= height;
    const depth = !rest ? (upright ? width : height) : side ? (row * scale) / side : 0;
    let along = upright ? y : x;
    for (let i = at; i < end; i += 1) {
      const length = (side * sizes[i]) / row;
      boxes.push(upright ? { x, y: along, width: depth, height: length } : { x: along, y, width: length, height: depth });
      along += length;
    }
    if (upright) {
      x += depth;
      width = Math.max(0, width - depth);
    } else {
      y += depth;
      height = Math.max(0, height - depth);
    }
    at = end;
  }
  return boxes;
}

function worst(row, largest, smallest, side, scale) {
  const square = side * side, area = row * scale;
  if (!square) return 1;
  return Math.max((square * largest * scale) / (area * area), (area * area) / (square * smallest * scale));
}

// What is drawn of a node in a box: each tile before those inside it.
function tiles(node, box, measure, level = 1, category = -1, trail = []) {
  const made = [];
  const there = node[CHILDREN].map((child, at) => ({ child, at })).filter(({ child }) => child[measure]);
  there.sort((a, b) => b.child[measure] - a.child[measure]);
  const boxes = squarify(there.map(({ child }) => child[measure]), box);
  there.forEach(({ child, at }, i) => {
    const its = boxes[i], name = category < 0 ? child[TITLE] : category, path = [...trail, at];
    if (its.width * its.height < LEAST_AREA) return;
    const parted =
      level < LEVELS && its.width >= LEAST_WIDTH && its.height >= LEAST_HEIGHT && child[CHILDREN].some((c) => c[measure]);
    made.push({ node: child, box: its, level, category: name, parted, path });
    if (parted) {
      const inside = { x: its.x, y: its.y + HEAD, width: its.width, height: its.height - HEAD };
      made.push(...tiles(child, inside, measure, level + 1, name, path));
    }
  });
  return made;
}

// The nearest box from the one at `from` in a direction, by its centre; -1 where there is none.
function neighbour(boxes, from, key) {
  const centre = (box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = centre(boxes[from]);
  let found = -1, best = Infinity;
  boxes.forEach((box, at) => {
    const [bx, by] = centre(box), dx = bx - x, dy = by - y;
    const ahead = { ArrowLeft: -dx, ArrowRight: dx, ArrowUp: -dy, ArrowDown: dy }[key];
    const aside = key === "ArrowLeft" || key === "ArrowRight" ? Math.abs(dy) : Math.abs(dx);
    if (at !== from && ahead > 0.5 && ahead + 2 * aside < best) [found, best] = [at, ahead + 2 * aside];
  });
  return found;
}

// Numbers by value, else texts as people sort them.
function compare(a, b) {
  const m = Number(a), n = Number(b);
  if (a !== "" && b !== "" && !Number.isNaN(m) && !Number.isNaN(n)) return m - n;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

// Does a text hold every word that was asked for?
function matches(text, asked) {
  const small = text.toLowerCase();
  return asked.toLowerCase().split(/\s+/).every((word) => small.includes(word));
}

const share = (part, whole) => {
  const of = whole ? part / whole : 0;
  return of > 0 && of < 0.0005 ? "<0.1 %" : `${(of * 100).toFixed(1)} %`;
};
const digits = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

const fitted = (text, width, column) => {
  const room = Math.floor(width / column), letters = [...text];
  if (letters.length <= room) return text;
  if (room < 4) return "";
  const name = text.replace(/\/+$/, "").split("/").pop();
  if (name === text || text.includes(" ")) return `${letters.slice(0, room - 1).join("")}…`;
  return name.length < room - 1 ? `…${text.slice(1 - room)}` : fitted(name, width, column);
};

if (typeof module !== "undefined") module.exports = { squarify, tiles, neighbour, compare, matches, share, digits, fitted };
