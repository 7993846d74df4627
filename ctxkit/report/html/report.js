// What the page does besides its treemaps: colours, sorting, filters, one agent at a time, print.
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
    const severities = off("severity"), rules = off("rule"), agents = off("agent");
    // What no agent pays for concerns them all.
    const nobodys = (names) => names !== "" && names.split(" ").every((name) => agents.has(name));
    let shown = 0;
    articles.forEach((article, at) => {
      const { severity, rule, agents: whose } = article.dataset;
      article.hidden = severities.has(severity) || rules.has(rule) || nobodys(whose) || !matches(texts[at], asked);
      shown += !article.hidden;
    });
    said.textContent = shown < articles.length ? `${digits(shown)} of ${digits(articles.length)} shown` : "";
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  // A link to a finding leads to it whatever the filters say, and opens its evidence.
  const open = () => {
    const wanted = articles.find((article) => `#${article.id}` === location.hash);
    if (!wanted) return;
    if (wanted.hidden) {
      form.reset();
      show();
    }
    wanted.querySelectorAll(":scope > details").forEach((details) => (details.open = true));
    wanted.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
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
  const inside = "#findings details:not([open])";
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
    for (const [name, measure] of [["start", START], ["later", LATER]]) {
      const figure = document.getElementById(`map-${name}-${agent.id}`);
      if (figure) new Treemap(figure, measure, agent, data.texts, tip);
    }
  }
  document.querySelectorAll("table.sortable").forEach(sorting);
  document.querySelectorAll("[data-filter]").forEach(filtering);
  document.querySelectorAll("form[data-for]").forEach(findings);
  document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
  printing();
});
