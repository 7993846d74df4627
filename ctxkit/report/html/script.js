"use strict";
(() => {
  const HEAD = 19, LEAST_WIDTH = 70, LEAST_HEIGHT = 52, LEVELS = 3, COLUMN = 6.4, LEAST_AREA = 24;
  const TITLE = 0, START = 1, USED = 2, BITS = 3, WHEN = 4, WHY = 5, PATH = 6, FOUND = 7, CHILDREN = 8;
  const SVG = "http://www.w3.org/2000/svg";

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

  if (typeof document === "undefined") {
    module.exports = { squarify, tiles, neighbour, compare, matches, share, digits };
    return;
  }

  const page = document.documentElement;
  page.classList.add("js");
  // A page opened from a file may have no storage; then the theme lasts as long as the page.
  const stored = (write) => {
    try {
      if (write === undefined) return localStorage.getItem("ctxkit-theme");
      if (write) localStorage.setItem("ctxkit-theme", write);
      else localStorage.removeItem("ctxkit-theme");
    } catch {
      return null;
    }
    return write;
  };
  const set = (theme) => (theme === "light" || theme === "dark" ? (page.dataset.theme = theme) : delete page.dataset.theme);
  set(stored());

  function made(tag, attributes = {}, ...content) {
    const element = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    element.append(...content);
    return element;
  }

  function themes() {
    const names = { "": "Auto", light: "Light", dark: "Dark" };
    const group = made("fieldset", {}, made("legend", { class: "unseen" }, "Colours"));
    for (const [theme, name] of Object.entries(names)) {
      const box = made("input", { type: "radio", name: "theme", value: theme });
      box.checked = (page.dataset.theme || "") === theme;
      box.addEventListener("change", () => set(stored(theme)));
      group.append(made("label", {}, box, made("span", {}, name)));
    }
    document.getElementById("theme").append(group);
  }

  function sorting(table) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    const value = (row, at) => {
      const cell = row.cells[at];
      return cell.dataset.v === undefined ? cell.textContent : cell.dataset.v;
    };
    heads.forEach((head, at) => {
      const button = made("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const other = first === "descending" ? "ascending" : "descending";
        const now = was === first ? other : first, sign = now === "ascending" ? 1 : -1;
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", now);
        const rows = [...body.rows].map((row) => [value(row, at), row]);
        rows.sort((a, b) => sign * compare(a[0], b[0]));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  function filtering(input) {
    const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows];
    const texts = rows.map((row) => row.textContent);
    const said = input.form.querySelector("[role=status]");
    input.addEventListener("input", () => {
      let shown = 0;
      rows.forEach((row, at) => {
        row.hidden = !matches(texts[at], input.value.trim());
        shown += !row.hidden;
      });
      said.textContent = input.value.trim() ? `${digits(shown)} of ${digits(rows.length)}` : "";
    });
  }

  function findings(form) {
    const articles = [...document.getElementById(form.dataset.for).children];
    const texts = articles.map((article) => article.textContent);
    const said = form.querySelector("[role=status]");
    const show = () => {
      const asked = form.querySelector("[type=search]").value.trim();
      const off = (name) => new Set([...form.querySelectorAll(`[name=${name}]:not(:checked)`)].map((box) => box.value));
      const severities = off("severity"), rules = off("rule");
      let shown = 0;
      articles.forEach((article, at) => {
        const { severity, rule } = article.dataset;
        article.hidden = severities.has(severity) || rules.has(rule) || !matches(texts[at], asked);
        shown += !article.hidden;
      });
      said.textContent = shown < articles.length ? `${digits(shown)} of ${digits(articles.length)} shown` : "";
    };
    form.addEventListener("input", show);
    form.addEventListener("change", show);
  }

  const fitted = (text, width) => {
    const room = Math.floor(width / COLUMN), letters = [...text];
    if (letters.length <= room) return text;
    return room < 4 ? "" : `${letters.slice(0, room - 1).join("")}…`;
  };

  class Map {
    constructor(figure, agent, texts, tip) {
      Object.assign(this, { figure, agent, texts, tip, trail: [], measure: START, width: 0 });
      this.box = figure.querySelector(".map-box");
      this.svg = figure.querySelector("svg");
      this.crumbs = made("nav", { "aria-label": `Where in the window of ${agent.name}`, class: "crumbs" });
      this.kind = made("fieldset", { class: "measure" }, made("legend", { class: "unseen" }, "What the areas show"));
      for (const [name, measure] of [["First request", START], ["If all is used", USED]]) {
        const radio = made("input", { type: "radio", name: `measure-${agent.id}`, value: measure });
        radio.checked = measure === START;
        radio.addEventListener("change", () => {
          this.measure = measure;
          this.trail = [];
          this.draw();
        });
        this.kind.append(made("label", {}, radio, made("span", {}, name)));
      }
      figure.querySelector(".map-bar").append(this.crumbs, this.kind);
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
      const height = Math.round(Math.max(320, Math.min(500, width * 0.46)));
      const root = this.node(this.trail), top = this.trail.length;
      const category = top ? this.agent.tree[CHILDREN][this.trail[0]][TITLE] : -1;
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
      for (const tile of this.all) layer.append(this.tile(tile, top));
      this.svg.replaceChildren(layer);
      this.crumb();
      if (from && matchMedia("(prefers-reduced-motion: no-preference)").matches) {
        const start = `translate(${from.x}px, ${from.y}px) scale(${from.width / width}, ${from.height / height})`;
        layer.animate([{ transform: start, opacity: 0.3 }, { transform: "none", opacity: 1 }], { duration: 190, easing: "ease-out" });
      }
    }

    tile(tile, top) {
      const { node, box, level, parted } = tile, { x, y, width, height } = box;
      const kind = `c-${this.texts[tile.category]} l${Math.min(3, level + (top > 0))}${node[FOUND] ? " found" : ""}`;
      const group = made("svg:g", { class: "tile" }, made("svg:rect", { x, y, width, height, class: kind }));
      if (node[FOUND] && !parted) group.append(made("svg:rect", { x, y, width, height, fill: "url(#hatch)" }));
      const label = height >= 15 ? fitted(this.texts[node[TITLE]], width - 10) : "", tokens = this.count(node);
      if (label) {
        group.append(made("svg:text", { x: x + 5, y: y + 13.5, class: parted ? "strong" : null }, label));
        const free = width - 16 - label.length * COLUMN;
        if (parted && tokens.length * COLUMN <= free) {
          group.append(made("svg:text", { x: x + width - 5, y: y + 13.5, class: "end" }, tokens));
        } else if (!parted && height >= 30 && tokens.length * COLUMN <= width - 10) {
          group.append(made("svg:text", { x: x + 5, y: y + 28, class: "quiet" }, tokens));
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
      return `${this.texts[node[TITLE]]}, ${this.count(node)} tokens, ${share(node[this.measure], whole)}`;
    }

    facts(node) {
      const { texts, agent, measure } = this, whole = agent.tree[measure];
      const whose = measure === START ? "of the first request" : "of everything";
      const lines = [
        ["b", texts[node[TITLE]]],
        texts[node[PATH]] && texts[node[PATH]] !== texts[node[TITLE]] ? ["code", texts[node[PATH]]] : null,
        ["span", `${this.count(node)} tokens, ${share(node[measure], whole)} ${whose}`],
        agent.window ? ["span", `${share(node[measure], agent.window)} of the window`] : null,
        node[USED] !== node[START] ? ["span", `${digits(node[START])} at the start, ${digits(node[USED])} once it is used`] : null,
        texts[node[WHEN]] ? ["span", `loaded: ${texts[node[WHEN]]}`] : null,
        texts[node[WHY]] ? ["span", texts[node[WHY]]] : null,
        node[FOUND] ? ["span", `${node[FOUND]} finding${node[FOUND] > 1 ? "s" : ""}: part of it is not needed`] : null,
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

  const MANY = 8;

  function agents(list) {
    const sections = list.map(({ id }) => document.getElementById(`agent-${id}`));
    const place = document.getElementById("switch");
    const show = (at) => {
      sections.forEach((section, i) => (section.hidden = i !== at));
      place.querySelectorAll("a").forEach((link, i) => (i === at ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
      const select = place.querySelector("select");
      if (select) select.selectedIndex = at;
    };
    const asked = () => list.findIndex(({ id }) => `#agent-${id}` === decodeURIComponent(location.hash));
    if (list.length > MANY) {
      const select = made("select", {}, ...list.map(({ name }) => made("option", {}, name)));
      select.addEventListener("change", () => {
        history.replaceState(null, "", `#agent-${list[select.selectedIndex].id}`);
        show(select.selectedIndex);
      });
      place.append(made("label", {}, "Agent ", select));
    } else if (list.length > 1) {
      place.append(...list.map(({ id, name }) => made("a", { href: `#agent-${id}` }, name)));
    }
    addEventListener("hashchange", () => {
      const at = asked();
      if (at < 0) return;
      show(at);
      document.getElementById("window").scrollIntoView();
    });
    show(Math.max(0, asked()));
  }

  function printing() {
    let opened = [];
    const inside = "main details:not([open])";
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll(inside)];
      opened.forEach((details) => (details.open = true));
    });
    addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
  }

  document.addEventListener("DOMContentLoaded", () => {
    const data = JSON.parse(document.getElementById("data").textContent), tip = new Tip();
    themes();
    agents(data.agents);
    for (const agent of data.agents) {
      const figure = document.getElementById(`agent-${agent.id}`).querySelector(".treemap");
      if (figure) new Map(figure, agent, data.texts, tip);
    }
    document.querySelectorAll("table.sortable").forEach(sorting);
    document.querySelectorAll("[data-filter]").forEach(filtering);
    document.querySelectorAll("form[data-for]").forEach(findings);
    document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
    printing();
  });
})();
