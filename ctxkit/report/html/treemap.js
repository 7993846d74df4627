// The treemap: drawn anew at each step inside or out, by mouse and by keyboard.
const SVG = "http://www.w3.org/2000/svg";

function made(tag, attributes = {}, ...content) {
  const element = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

// The blank keeps label and tokens two words where a name is told from what is to be seen.
const text = (attributes, content) => made("svg:text", attributes, `${content} `);

class Treemap {
  constructor(figure, measure, agent, texts, tip) {
    Object.assign(this, { figure, measure, agent, texts, tip, trail: [], width: 0 });
    this.box = figure.querySelector(".map-box");
    this.svg = figure.querySelector("svg");
    const [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number);
    this.high = height;
    this.ratio = height / width;
    this.crumbs = made("nav", { "aria-label": `${figure.querySelector("h3").firstChild.data}, ${agent.name}`, class: "crumbs" });
    figure.querySelector(".map-bar").append(this.crumbs);
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("pointerleave", () => this.tip.hide());
    new ResizeObserver(() => {
      if (this.box.clientWidth && this.box.clientWidth !== this.width) this.draw();
    }).observe(this.box);
  }

  node(trail) {
    return trail.reduce((node, at) => node[CHILDREN][at], this.agent.tree);
  }

  draw(from = null) {
    const width = (this.width = this.box.clientWidth);
    if (!width) return;
    const height = Math.round(Math.max(this.high * 0.7, Math.min(this.high, width * this.ratio)));
    const root = this.node(this.trail);
    const category = this.trail.length ? this.agent.tree[CHILDREN][this.trail[0]][TITLE] : -1;
    this.tip.hide();
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("role", "group");
    this.svg.removeAttribute("aria-labelledby");
    this.svg.setAttribute("aria-label", `${this.say(root)}. Arrow keys move, Enter goes in, Escape goes out.`);
    this.all = tiles(root, { x: 0, y: 0, width, height }, this.measure, 1, category, this.trail);
    const layer = made("svg:g");
    this.stops = [];
    for (const tile of this.all) layer.append(this.tile(tile));
    this.svg.replaceChildren(layer);
    this.crumb();
    if (from && matchMedia("(prefers-reduced-motion: no-preference)").matches) {
      const start = `translate(${from.x}px, ${from.y}px) scale(${from.width / width}, ${from.height / height})`;
      layer.animate([{ transform: start, opacity: 0.3 }, { transform: "none", opacity: 1 }], { duration: 190, easing: "ease-out" });
    }
  }

  tile(tile) {
    const { node, box, level, parted } = tile, { x, y, width, height } = box;
    const kind = `c-${this.texts[tile.category]} l${level}${node[FOUND] ? " found" : ""}`;
    const group = made("svg:g", { class: "tile" }, made("svg:rect", { x, y, width, height, class: kind }));
    if (node[FOUND] && !parted) group.append(made("svg:rect", { x, y, width, height, fill: "url(#hatch)" }));
    const column = parted ? STRONG : COLUMN, tokens = this.count(node);
    const label = height >= 15 ? fitted(this.texts[node[TITLE]], width - 10, column) : "";
    if (label) {
      group.append(text({ x: x + 5, y: y + 13.5, class: parted ? "strong" : null }, label));
      const free = width - 20 - label.length * column;
      if (parted && tokens.length * COLUMN <= free) {
        group.append(text({ x: x + width - 5, y: y + 13.5, class: "end" }, tokens));
      } else if (!parted && height >= 30 && tokens.length * COLUMN <= width - 10) {
        group.append(text({ x: x + 5, y: y + 28, class: "quiet" }, tokens));
      }
    }
    if (level === 1) {
      group.setAttribute("tabindex", this.stops.length ? "-1" : "0");
      group.setAttribute("role", node[CHILDREN].length ? "button" : "img");
      group.setAttribute("aria-label", this.say(node));
      group.addEventListener("focus", () => this.tip.show(this, node, group.getBoundingClientRect()));
      group.addEventListener("blur", () => this.tip.hide());
      this.stops.push({ tile, group });
    } else group.setAttribute("aria-hidden", "true");
    group.addEventListener("pointermove", (event) => this.tip.follow(this, node, event));
    group.addEventListener("click", () => this.enter(node[CHILDREN].length ? tile : { ...tile, path: tile.path.slice(0, -1) }));
    return group;
  }

  enter(tile) {
    if (tile.path.join() === this.trail.join()) return;
    const inside = document.activeElement && this.svg.contains(document.activeElement);
    this.trail = tile.path;
    this.draw(tile.box);
    if (inside) this.stops[0]?.group.focus({ preventScroll: true });
  }

  leave() {
    const last = this.trail.at(-1);
    this.trail = this.trail.slice(0, -1);
    this.draw();
    const stop = this.stops.find(({ tile }) => tile.path.at(-1) === last) || this.stops[0];
    stop?.group.focus({ preventScroll: true });
  }

  key(event) {
    const at = this.stops.findIndex(({ group }) => group === document.activeElement);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { tile } = this.stops[at];
    if (event.key.startsWith("Arrow")) {
      const to = neighbour(this.stops.map((stop) => stop.tile.box), at, event.key);
      if (to >= 0) this.focus(to);
    } else if (event.key === "Home") this.focus(0);
    else if (event.key === "End") this.focus(this.stops.length - 1);
    else if (event.key === "Enter" || event.key === " ") {
      if (tile.node[CHILDREN].length) this.enter(tile);
    } else if (event.key === "Escape" || event.key === "Backspace") {
      if (!this.trail.length) {
        this.tip.hide();
        return;
      }
      this.leave();
    } else return;
    event.preventDefault();
  }

  focus(to) {
    this.stops.forEach(({ group }, at) => group.setAttribute("tabindex", at === to ? "0" : "-1"));
    this.stops[to].group.focus({ preventScroll: true });
  }

  crumb() {
    const list = made("ol");
    if (!this.trail.length) {
      this.crumbs.replaceChildren();
      return;
    }
    for (let depth = 0; depth <= this.trail.length; depth += 1) {
      const trail = this.trail.slice(0, depth), name = this.texts[this.node(trail)[TITLE]];
      const here = depth === this.trail.length;
      const step = here ? made("span", { "aria-current": "true" }, name) : made("button", { type: "button" }, name);
      if (!here) {
        step.addEventListener("click", () => {
          this.trail = trail;
          this.draw();
          this.stops[0]?.group.focus({ preventScroll: true });
        });
      }
      list.append(made("li", {}, step));
    }
    list.append(made("li", { class: "quiet" }, `${this.count(this.node(this.trail))} tokens`));
    this.crumbs.replaceChildren(list);
  }

  count(node) {
    return `${node[BITS] & this.measure ? "~" : ""}${digits(node[this.measure])}`;
  }

  say(node) {
    const whole = this.agent.tree[this.measure];
    return `${this.texts[node[TITLE]]} ${this.count(node)} tokens, ${share(node[this.measure], whole)}`;
  }

  facts(node) {
    const { texts, agent, measure } = this, whole = agent.tree[measure];
    const lines = [
      ["b", texts[node[TITLE]]],
      texts[node[PATH]] && texts[node[PATH]] !== texts[node[TITLE]] ? ["code", texts[node[PATH]]] : null,
      ["span", `${this.count(node)} tokens, ${share(node[measure], whole)} of ${measure === START ? "the first request" : "what may come"}`],
      agent.window ? ["span", `${share(node[measure], agent.window)} of the window`] : null,
      measure === START && node[LATER] ? ["span", `${digits(node[LATER])} more may come later`] : null,
      measure === LATER && node[START] ? ["span", `${digits(node[START])} are there from the start`] : null,
      texts[node[WHEN]] ? ["span", `loaded: ${texts[node[WHEN]]}`] : null,
      texts[node[WHY]] ? ["span", texts[node[WHY]]] : null,
      node[FOUND] ? ["span", "a finding says that part of it is not needed"] : null,
    ];
    return lines.filter(Boolean);
  }
}

class Tip {
  constructor() {
    this.element = made("div", { class: "tip-box", hidden: "", "aria-hidden": "true" });
    document.body.append(this.element);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
  }

  fill(map, node) {
    if (this.node !== node) this.element.replaceChildren(...map.facts(node).map(([tag, text]) => made(tag, {}, text)));
    this.node = node;
    this.element.hidden = false;
  }

  place(x, y) {
    const { offsetWidth: width, offsetHeight: height } = this.element;
    this.element.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    this.element.style.top = `${y + height > innerHeight - 8 ? Math.max(8, y - height - 28) : y}px`;
  }

  follow(map, node, event) {
    this.fill(map, node);
    this.place(event.clientX + 14, event.clientY + 16);
  }

  show(map, node, box) {
    this.fill(map, node);
    this.place(box.left + 8, Math.min(box.bottom, innerHeight - 40) + 6);
  }

  hide() {
    this.element.hidden = true;
    this.node = null;
  }
}
