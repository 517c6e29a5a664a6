"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figure-data");
  const tables = read("table-data");
  const templates = read("figure-templates");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  /* Theme: the system's until the reader chooses; the choice is kept where storage is allowed. */
  const kept = () => { try { return localStorage.getItem("clairo-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("clairo-theme", theme); } catch { /* a page from disk may have no storage */ } };
  const theme = () => root.dataset.theme || (system.matches ? "dark" : "light");
  const button = document.getElementById("theme");
  const nameButton = () => { button.textContent = theme() === "dark" ? "Light" : "Dark"; };

  const config = { responsive: true, displayModeBar: false, displaylogo: false };
  const recolor = (value, name) => {
    if (name !== "dark") return value;
    let text = JSON.stringify(value);
    for (const [from, to] of Object.entries(templates.dark_colors)) text = text.replaceAll(`"${from}"`, `"${to}"`);
    return JSON.parse(text);
  };
  const layoutOf = (figure, name) => ({ ...recolor(figure.layout, name), template: templates[name], autosize: true });
  const divs = [...document.querySelectorAll(".plot")];
  const draw = (div, name) => {
    const figure = figures[div.dataset.figure];
    return Plotly.react(div, recolor(figure.data, name), layoutOf(figure, name), config);
  };
  const drawAll = (name) => { if (window.Plotly) for (const div of divs) draw(div, name); };

  const choose = (name) => { root.dataset.theme = name; keep(name); nameButton(); drawAll(name); };
  if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
  nameButton();
  button.addEventListener("click", () => choose(theme() === "dark" ? "light" : "dark"));
  system.addEventListener("change", () => { nameButton(); drawAll(theme()); });
  /* Paper opens nothing: what is folded away is printed, and folded again afterwards. */
  const folded = new Set();
  addEventListener("beforeprint", () => {
    for (const box of document.querySelectorAll("details:not([open])")) { folded.add(box); box.open = true; }
    drawAll("light");
  });
  addEventListener("afterprint", () => {
    for (const box of folded) box.open = false;
    folded.clear();
    drawAll(theme());
  });

  /* Figures are drawn one at a time, so that the page answers while they come. */
  const drawNext = (place) => {
    if (place === divs.length) { root.dataset.figures = "drawn"; return; }
    draw(divs[place], theme()).then(() => setTimeout(drawNext, 0, place + 1));
  };
  addEventListener("DOMContentLoaded", () => setTimeout(drawNext, 0, 0));

  /* Downloads. */
  const kinds = { csv: "text/csv", md: "text/markdown", tex: "application/x-tex" };
  const save = (name, text) => {
    const link = document.createElement("a");
    const type = kinds[name.split(".").pop()];
    link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const field = (value) => {
    const text = value === undefined || value === null ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (rows) => rows.map((row) => row.map(field).join(",")).join("\n") + "\n";
  const at = (values, place) => (Array.isArray(values) ? values[place] : values);
  const figureRows = (figure) => {
    const rows = [["series", "x", "y", "text", "error_x"]];
    for (const trace of figure.data) {
      const count = Math.max((trace.x || []).length, (trace.y || []).length);
      for (let i = 0; i < count; i += 1) {
        const error = trace.error_x && at(trace.error_x.array, i);
        rows.push([trace.name, at(trace.x, i), at(trace.y, i), at(trace.text, i), error]);
      }
    }
    return rows;
  };
  const savePicture = (name, format) => {
    const figure = figures[name];
    const layout = { ...layoutOf(figure, "light"), autosize: false, width: 900,
      height: (figure.layout.height || 360) + 60, paper_bgcolor: "#fff",
      margin: { l: 16, r: 24, t: 60, b: 16 },
      title: { text: figure.title.replaceAll("<", "&lt;"), x: 0.02, font: { size: 15 } } };
    Plotly.downloadImage({ data: figure.data, layout }, { format, width: 900, height: layout.height, filename: name });
  };
  /* A table's CSV is the file beside the page, with the rows that are shown, in their order. */
  const records = (text) => text.match(/(?:"(?:[^"]|"")*"|[^"\n])*\n/g);
  for (const table of document.querySelectorAll(".table table")) [...table.querySelectorAll("tbody tr")].forEach((row, place) => { row.dataset.place = place; });
  const tableCsv = (block) => {
    const [head, ...lines] = records(tables[block.dataset.name].csv);
    const shown = [...block.querySelectorAll("tbody tr")].filter((row) => !row.hidden);
    return head + shown.map((row) => lines[row.dataset.place]).join("");
  };
  /* What a cell holds beyond what it prints is shown on hover, and to everybody by a button. */
  const printed = (cell) => cell.dataset.printed ?? cell.textContent.trim();
  const value = (cell) => cell.dataset.value ?? printed(cell);
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("tbody .number[data-value]:not([title])");
    if (cell) cell.title = cell.dataset.value;
  });
  const showExact = (button) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    for (const cell of button.closest(".table").querySelectorAll("tbody [data-value], tbody [title]")) {
      cell.dataset.printed = printed(cell);
      const more = cell.title && cell.title !== value(cell) ? `${value(cell)}; ${cell.title}` : value(cell);
      (cell.querySelector("strong") ?? cell).textContent = on ? more : cell.dataset.printed;
      cell.classList.toggle("words", (on ? more : cell.dataset.printed).length > 32);
    }
  };
  document.addEventListener("click", (event) => {
    const saver = event.target.closest("[data-save]");
    const copier = event.target.closest(".copy");
    if (saver && saver.closest(".figure")) {
      const name = saver.closest(".figure").querySelector(".plot").dataset.figure;
      if (saver.dataset.save === "csv") save(`${name}.csv`, csv(figureRows(figures[name])));
      else savePicture(name, saver.dataset.save);
    } else if (saver) {
      const block = saver.closest(".table");
      const { save: suffix } = saver.dataset;
      save(`${block.dataset.name}.${suffix}`, suffix === "csv" ? tableCsv(block) : tables[block.dataset.name][suffix]);
    } else if (event.target.closest("[data-exact]")) {
      showExact(event.target.closest("[data-exact]"));
    } else if (copier) {
      const pre = copier.closest(".code").querySelector("pre");
      const done = (text) => { copier.textContent = text; setTimeout(() => { copier.textContent = "Copy"; }, 1500); };
      const select = () => { getSelection().selectAllChildren(pre); done("Selected"); };
      if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(() => done("Copied"), select);
      else select();
    }
  });

  /* Tables: sort by any column, filter by text and by choice. */
  const key = (cell) => {
    const text = value(cell);
    if (text === "–" || text === "") return null;
    const number = Number(text.replaceAll(",", "").replace("−", "-"));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  const sort = (th) => {
    const body = th.closest("table").tBodies[0];
    const descending = th.getAttribute("aria-sort") === "ascending";
    for (const other of th.parentElement.cells) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...body.rows].sort((a, b) =>
      compare(key(a.cells[th.cellIndex]), key(b.cells[th.cellIndex]), descending ? -1 : 1));
    body.append(...rows);
  };
  const filter = (block) => {
    const wanted = block.querySelector("[data-filter]").value.trim().toLowerCase();
    const menus = [...block.querySelectorAll("select[data-column]")];
    const rows = [...block.querySelectorAll("tbody tr")];
    let shown = 0;
    for (const row of rows) {
      const chosen = menus.every((menu) => !menu.value || printed(row.cells[menu.dataset.column]) === menu.value);
      row.hidden = !(chosen && row.textContent.toLowerCase().includes(wanted));
      shown += !row.hidden;
    }
    block.querySelector("output").textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
  };
  for (const sorter of document.querySelectorAll("[data-sort]")) sorter.addEventListener("click", () => sort(sorter.closest("th")));
  for (const form of document.querySelectorAll(".table .tools")) {
    const block = form.closest(".table");
    form.addEventListener("input", () => filter(block));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter(block);
  }

  /* Cards: the same filter, over list entries. */
  const filterCards = (block) => {
    const wanted = block.querySelector("[data-filter]").value.trim().toLowerCase();
    const menus = [...block.querySelectorAll("select[data-field]")];
    const cards = [...block.querySelectorAll(".merge")];
    let shown = 0;
    for (const card of cards) {
      const chosen = menus.every((menu) => !menu.value || card.dataset[menu.dataset.field] === menu.value);
      card.hidden = !(chosen && card.textContent.toLowerCase().includes(wanted));
      shown += !card.hidden;
    }
    /* What was found must not stay folded away. */
    const rest = block.querySelector("details");
    if (rest && shown < cards.length) rest.open = true;
    block.querySelector("output").textContent = shown === cards.length ? `${cards.length} merges` : `${shown} of ${cards.length} merges`;
  };
  for (const form of document.querySelectorAll(".cards .tools")) {
    const block = form.closest(".cards");
    form.addEventListener("input", () => filterCards(block));
    form.addEventListener("submit", (event) => event.preventDefault());
    filterCards(block);
  }

  /* What is cut off at the right or below fades, until the reader has scrolled there. */
  for (const box of document.querySelectorAll(".scroll, .plot-scroll")) {
    const mark = () => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
    box.addEventListener("scroll", mark, { passive: true });
    new ResizeObserver(mark).observe(box);
  }

  for (const box of document.querySelectorAll("pre")) {
    const mark = () => box.classList.toggle("below", box.scrollTop + box.clientHeight < box.scrollHeight - 2);
    box.addEventListener("scroll", mark, { passive: true });
    new ResizeObserver(mark).observe(box);
  }

  /* The table of contents follows the reader. */
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.getAttribute("href").slice(1), a]));
  const sections = [...document.querySelectorAll("main > section[id]")];
  const follow = () => {
    const passed = sections.filter((section) => section.getBoundingClientRect().top < 160);
    const current = passed.length ? passed[passed.length - 1].id : "content";
    for (const [id, a] of links) { if (id === current) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current"); }
  };
  addEventListener("scroll", follow, { passive: true });
  follow();
})();
