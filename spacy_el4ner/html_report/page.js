"use strict";
// Texts of documents come onto the page by textContent alone, so that nothing in them is markup.
(() => {
  const PAGE = 20;
  const WRONG = {
    type: "wrong type", boundary: "wrong boundary", both: "wrong boundary and type",
    spurious: "no entity there",
  };
  const at = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(at(id).textContent);
  const { documents, gold } = read("data");
  const hues = read("hues");
  const list = at("list"), tip = at("tip");
  if (!list) return;

  const every = (doc) => [...doc.found, ...doc.considered, ...doc.missed];
  const isWrong = (e) => e.outcome !== undefined && e.outcome !== "" && e.outcome !== "right";
  const filters = {
    all: { name: "All", of: every },
    wrong: { name: "Wrong", of: (doc) => doc.found.filter(isWrong) },
    missed: { name: "Missed", of: (doc) => doc.missed },
    disputed: { name: "Disputed", of: (doc) => [...doc.found, ...doc.considered].filter((e) => e.disputed) },
  };
  const offered = gold ? ["all", "wrong", "missed", "disputed"] : ["all", "disputed"];
  const showing = new WeakMap();
  let filter = "all", page = 0, shown = [], pinned = null, current = null;

  // Small builders of elements.
  const make = (tag, text, options = {}) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    const { hue, ...rest } = options;
    for (const [name, value] of Object.entries(rest)) element.setAttribute(name, value);
    if (hue !== undefined) element.style.setProperty("--hue", hues[hue] ?? 210);
    return element;
  };
  const named = (label) => label || "none";
  const number = (value) => (value === null ? "?" : value.toFixed(2));

  // Choosing documents.
  const hits = (doc, type) =>
    filters[filter].of(doc).filter((e) => !type || e.label === type || (e.gold ?? []).some((g) => g.label === type));
  function choose() {
    const type = at("type").value, words = at("search").value.toLowerCase();
    shown = documents
      .map((doc) => ({ doc, hits: new Set(hits(doc, type)) }))
      .filter(({ doc, hits }) => (filter === "all" && !type) || hits.size)
      .filter(({ doc }) => !words || doc.text.toLowerCase().includes(words));
    at("count").textContent = `${shown.length} of ${documents.length} documents`;
    turn(0);
  }
  function turn(to) {
    close();
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(Math.max(to, 0), pages - 1);
    const dim = filter !== "all" || at("type").value !== "";
    list.replaceChildren(
      ...shown.slice(page * PAGE, (page + 1) * PAGE).map(({ doc, hits }) => card(doc, hits, dim)),
    );
    at("where").textContent = `${page + 1} of ${pages}`;
    at("before").disabled = page === 0;
    at("after").disabled = page === pages - 1;
  }

  // One document.
  function card(doc, hits, dim) {
    const item = make("li");
    item.append(make("h3", doc.id));
    const text = make("p", undefined, { class: "text" });
    const inline = [...doc.found, ...doc.missed.filter((e) => e.inline)];
    let reached = 0;
    for (const e of inline.sort((a, b) => a.start - b.start)) {
      text.append(doc.text.slice(reached, e.start), mark(doc, e, dim && !hits.has(e)));
      reached = e.end;
    }
    text.append(doc.text.slice(reached));
    item.append(text);
    if (doc.error) item.append(make("p", `failed: ${doc.error}`, { class: "bad" }));
    const covered = doc.missed.filter((e) => !e.inline);
    for (const [said, spans] of [["Missed there", covered], ["Considered, not taken", doc.considered]]) {
      if (!spans.length) continue;
      const line = make("p", `${said}: `, { class: "considered" });
      for (const e of spans) line.append(mark(doc, e, dim && !hits.has(e)), " ");
      item.append(line);
    }
    return item;
  }
  function mark(doc, e, aside) {
    const surface = doc.text.slice(e.start, e.end);
    const missed = e.outcome === undefined, wrong = isWrong(e) && doc.found.includes(e);
    const says = [surface, e.label];
    if (missed) says.push("missed");
    if (wrong) says.push(WRONG[e.outcome]);
    if (e.disputed) says.push("disputed");
    const kinds = ["entity", missed && "missed", wrong && "wrong", e.disputed && "disputed", aside && "aside"];
    const element = make("mark", surface, {
      class: kinds.filter(Boolean).join(" "), tabindex: "0", role: "button",
      "aria-label": says.join(", "), "aria-haspopup": "dialog", "aria-expanded": "false", hue: e.label,
    });
    element.append(make("small", e.label));
    const sign = missed ? "missed" : wrong ? "✘" : e.disputed ? "?" : "";
    if (sign) element.append(make("span", sign, { class: wrong || missed ? "sign" : "sign mild" }));
    const show = () => { if (pinned === null || pinned === element) open(element, surface, e); };
    element.addEventListener("mouseenter", show);
    // What has the focus is shown again when the mouse has passed over another one.
    element.addEventListener("mouseleave", () => {
      if (pinned === null) (showing.get(document.activeElement) ?? close)();
    });
    showing.set(element, show);
    element.addEventListener("focus", () => { if (pinned !== element) pinned = null; open(element, surface, e); });
    element.addEventListener("blur", (event) => { if (pinned === null && !tip.contains(event.relatedTarget)) close(); });
    element.addEventListener("click", () => { open(element, surface, e); pinned = element; });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(element, surface, e);
      pinned = element;
    });
    return element;
  }

  // What the models say of an entity.
  function open(element, surface, e) {
    release();
    current = element;
    element.setAttribute("aria-expanded", "true");
    element.setAttribute("aria-describedby", "tip");
    const shut = make("button", "×", { type: "button", class: "close", "aria-label": "Close" });
    shut.addEventListener("click", () => { close(); element.focus(); close(); });
    const title = make("h4", `${surface} `);
    title.append(make("span", e.label, { class: "type", hue: e.label }));
    tip.replaceChildren(shut, title, ...verdicts(e));
    if (e.opinions?.length) tip.append(votes(e));
    for (const note of e.notes ?? []) tip.append(make("p", note, { class: "faint" }));
    tip.hidden = false;
    place(element);
  }
  function verdicts(e) {
    if (e.outcome === undefined) return [make("p", "gold entity that was not found", { class: "bad" })];
    const lines = [];
    if (e.outcome) {
      const right = e.outcome === "right";
      const there = e.gold.map((g) => `“${g.text}” ${g.label}`).join(", ");
      const said = right ? "✔ right" : `✘ ${WRONG[e.outcome]}${there && `; gold: ${there}`}`;
      lines.push(make("p", said, { class: right ? "good" : "bad" }));
    }
    if (e.confidence !== null) lines.push(make("p", `confidence ${number(e.confidence)}`));
    if (!e.opinions.length) lines.push(make("p", "no record of votes in this document", { class: "faint" }));
    return lines;
  }
  function votes(e) {
    const table = make("table");
    for (const { by, label, probability, text, others } of e.opinions) {
      const row = make("tr"), what = make("td"), p = make("td", undefined, { class: "p" });
      what.append(make("span", named(label), { class: "type", hue: label }));
      if (text) what.append(` “${text}”`);
      if (probability !== null) {
        const meter = make("span", undefined, { class: "meter" });
        meter.style.width = `${(probability * 3).toFixed(2)}em`;
        p.append(meter);
      }
      p.append(number(probability));
      const near = others.map(([other, q]) => `${named(other)} ${number(q)}`).join(", ");
      row.append(make("th", by, { scope: "row" }), what, p, make("td", near, { class: "faint" }));
      table.append(row);
    }
    return table;
  }
  function place(element) {
    const box = element.getClientRects()[0], own = tip.getBoundingClientRect();
    if (getComputedStyle(tip).position === "fixed") {
      const hidden = element.getBoundingClientRect().bottom + 12 - own.top;
      if (hidden > 0) scrollBy(0, hidden);
      return;
    }
    const left = Math.min(box.left, document.documentElement.clientWidth - own.width - 12);
    const below = box.bottom + own.height + 12 < innerHeight || box.top < own.height + 12;
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${(below ? box.bottom + 6 : box.top - own.height - 6) + scrollY}px`;
  }
  function release() {
    current?.setAttribute("aria-expanded", "false");
    current?.removeAttribute("aria-describedby");
  }
  function close() {
    release();
    tip.hidden = true;
    pinned = current = null;
  }

  for (const key of offered) {
    const count = documents.filter((doc) => key === "all" || filters[key].of(doc).length).length;
    const button = make("button", `${filters[key].name} (${count})`, {
      type: "button", "data-filter": key, "aria-pressed": String(key === filter),
    });
    button.addEventListener("click", () => {
      filter = key;
      for (const other of at("filters").children) other.setAttribute("aria-pressed", String(other === button));
      choose();
    });
    at("filters").append(button);
  }
  at("type").addEventListener("change", choose);
  at("search").addEventListener("input", choose);
  for (const [id, step] of [["before", -1], ["after", 1]]) {
    at(id).addEventListener("click", () => {
      turn(page + step);
      at("documents").scrollIntoView();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || tip.hidden) return;
    const element = current;
    close();
    if (tip.contains(document.activeElement)) element.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (pinned !== null && !tip.contains(event.target) && !event.target.closest(".entity")) close();
  });
  choose();
})();
