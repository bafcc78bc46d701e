"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: "hover",
    plotlyServerURL: "",
    // An allow-list: Plotly's own bar has a button that uploads the chart.
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
  };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // ---- embedded data: JSON, compressed where it is long; read when it is looked at
  const chunks = (kind) =>
    new Map([...document.querySelectorAll(`script[data-${kind}]`)].map((el) => [el.dataset[kind], el]));
  const figures = chunks("figure"), planets = chunks("planet");
  const ids = [...planets.keys()];

  async function read(element) {
    if (element.type === "application/json") return JSON.parse(element.textContent);
    const bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  // ---- colours of the page, as a Plotly template
  function template() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const axis = {
      gridcolor: color("--grid"), linecolor: color("--line"), zeroline: false, showline: true,
      ticks: "outside", tickcolor: color("--line"), ticklen: 4, automargin: false,
      exponentformat: "none", separatethousands: true,
    };
    return {
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: style.fontFamily, size: 12, color: color("--ink") },
        hoverlabel: { bgcolor: color("--panel"), bordercolor: color("--line"), font: { color: color("--ink") } },
        modebar: { color: color("--soft"), activecolor: color("--ink"), bgcolor: "rgba(0,0,0,0)" },
        xaxis: axis, yaxis: axis,
        shapedefaults: { label: { font: { color: color("--ink") } } },
      },
    };
  }

  // Plotly is 5 MB of source: it is run after the first screen was painted.
  let running = null;
  function plotly() {
    running ??= new Promise((done) => {
      requestAnimationFrame(() => setTimeout(() => {
        const script = document.createElement("script");
        script.textContent = byId("plotly").textContent;
        document.head.append(script);
        done();
      }));
    });
    return running;
  }

  // ---- figures of the report: drawn when they come near the screen
  const drawn = new Set(), drawing = new Map();
  function draw(id, figure, data) {
    const place = byId(id), heading = place.closest("section")?.querySelector("h2, h3");
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", `figure: ${heading ? heading.textContent : id}`);
    Plotly.react(place, data, { ...figure.layout, template: template() }, config);
    if (!drawn.has(id)) place.on("plotly_click", opened);
    drawn.add(id);
    document.body.dataset.figures = String(drawn.size);
  }

  // A point that stands for a planet opens the planet's page.
  function opened(event) {
    const point = event.points.find((one) => one.data.meta === "planets");
    const id = point && [point.customdata ?? point.y].flat()[0]; // a heat map's rows are planets
    if (planets.has(id)) location.hash = link(id);
  }

  // A choice of what the points are coloured by: the figure's layout.meta holds the colours.
  document.addEventListener("change", async (event) => {
    const choice = event.target.closest("select.restyle");
    if (!choice) return;
    await drawOnce(choice.dataset.figure);
    const place = byId(choice.dataset.figure);
    const points = place.data.findIndex((trace) => trace.meta === "planets");
    Plotly.restyle(place, place.layout.meta.restyle[choice.selectedIndex], [points]);
  });

  function drawOnce(id) {
    if (!drawing.has(id)) {
      const found = Promise.all([read(figures.get(id)), plotly()]);
      drawing.set(id, found.then(([figure]) => draw(id, figure, figure.data)));
    }
    return drawing.get(id);
  }

  const main = byId("main"), page = byId("planet-page");
  const ofReport = [...figures.keys()].filter((id) => main.contains(byId(id)));
  const ofPlanet = [...figures.keys()].filter((id) => !main.contains(byId(id)));
  const near = new IntersectionObserver(
    (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => {
      near.unobserve(one.target);
      drawOnce(one.target.id);
    }),
    { rootMargin: "600px" },
  );
  for (const id of ofReport) near.observe(byId(id));
  const drawAll = () => Promise.all(ofReport.map(drawOnce));
  window.addEventListener("beforeprint", drawAll);

  // ---- a planet's page: series replace what traces of their name hold
  const shared = read(document.querySelector("script[data-shared]"));

  // A closed ring around each unbroken run of points: gaps stay gaps.
  function ring(at, centre, half) {
    const x = [], y = [];
    let run = [];
    const close = () => {
      if (run.length) {
        const back = [...run].reverse();
        x.push(...run.map((i) => at[i]), ...back.map((i) => at[i]), null);
        y.push(...run.map((i) => centre[i] + half[i]), ...back.map((i) => centre[i] - half[i]), null);
      }
      run = [];
    };
    at.forEach((_, i) => {
      if ((centre[i] ?? null) !== null && (half[i] ?? null) !== null) run.push(i);
      else close();
    });
    close();
    return { x, y };
  }

  function filled(trace, series, arrays) {
    // Plotly draws an axis at NaN when all its traces are empty: one gap keeps them alive.
    const empty = { x: [null], y: [null] };
    const own = series && series[trace.meta];
    if (!own) return trace.meta === undefined ? trace : { ...trace, ...empty };
    const { half, ...found } = { ...own };
    if (typeof found.x === "string") found.x = arrays[found.x];
    if (half) Object.assign(found, ring(found.x, found.y, half));
    if (found.y && !found.y.length) Object.assign(found, empty);
    const error = found.error_y ? { error_y: { ...trace.error_y, ...found.error_y } } : {};
    return { ...trace, ...found, ...error };
  }

  const link = (id) => `#planet=${encodeURIComponent(id)}`;
  const select = byId("planet");
  let latest = 0, top = 0;

  async function show(id) {
    const turn = ++latest;
    const [chunk, arrays] = await Promise.all([read(planets.get(id)), shared]);
    const templates = await Promise.all(ofPlanet.map((name) => read(figures.get(name))));
    await plotly();
    if (turn !== latest) return; // another planet was chosen meanwhile
    if (!main.hidden) top = window.scrollY;
    main.hidden = true;
    page.hidden = false;
    select.value = id;
    byId("planet-title").textContent = `Planet ${id}`;
    byId("planet-note").textContent = chunk.note || "";
    for (const slot of page.querySelectorAll(".slot")) slot.innerHTML = (chunk.html || {})[slot.id] || "";
    prepare(page);
    ofPlanet.forEach((name, i) => {
      const series = (chunk.series || {})[name];
      byId(name).classList.toggle("empty", !series);
      draw(name, templates[i], templates[i].data.map((trace) => filled(trace, series, arrays)));
    });
    window.scrollTo(0, 0);
    byId("planet-title").focus({ preventScroll: true });
    document.body.dataset.planet = id;
  }

  function route() {
    const wanted = /^#planet=(.*)$/.exec(location.hash);
    let id = null;
    try { id = wanted && decodeURIComponent(wanted[1]); } catch { id = null; }
    if (id !== null && planets.has(id)) { show(id); return; }
    if (!page || page.hidden) return;
    ++latest;
    page.hidden = true;
    main.hidden = false;
    delete document.body.dataset.planet;
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (target && target !== main) target.scrollIntoView();
    else window.scrollTo(0, top);
  }

  if (page) {
    for (const id of ids) {
      select.add(new Option(id, id));
      byId("planet-ids").append(new Option(id));
    }
    const step = (by) => { location.hash = link(ids[(ids.indexOf(select.value) + by + ids.length) % ids.length]); };
    select.addEventListener("change", () => { location.hash = link(select.value); });
    byId("previous").addEventListener("click", () => step(-1));
    byId("next").addEventListener("click", () => step(1));
    const input = byId("find").querySelector("input");
    const matches = () => ids.filter((id) => id.includes(input.value.trim()));
    input.addEventListener("input", () => {
      input.setCustomValidity("");
      if (planets.has(input.value)) location.hash = link(input.value);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const [first] = matches();
      if (first !== undefined && input.value.trim()) location.hash = link(first);
      else {
        input.setCustomValidity(`none of the ${ids.length} planets here has "${input.value}" in its id`);
        input.reportValidity();
      }
    });
  }
  window.addEventListener("hashchange", route);
  document.addEventListener("click", (event) => {
    const pick = event.target.closest("button[data-planet]");
    if (pick && planets.has(pick.dataset.planet)) location.hash = link(pick.dataset.planet);
  });
  for (const button of document.querySelectorAll("button.pick")) {
    if (!planets.has(button.dataset.planet)) button.disabled = true;
  }

  // ---- tables: named by their section, and a click on a column's head sorts by it
  const number = (text) => Number(text.replaceAll("−", "-").replaceAll(/[,%\s]/g, ""));
  function sort(table, column, descending) {
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, row.cells[column].textContent.trim()]));
    const order = (a, b) => {
      const [s, t] = [texts.get(a), texts.get(b)];
      const [m, n] = [number(s), number(t)];
      if (s === "–" || t === "–") return (s === "–") - (t === "–"); // what is not known comes last
      const by = Number.isFinite(m) && Number.isFinite(n) ? m - n : s.localeCompare(t);
      return descending ? -by : by;
    };
    table.tBodies[0].append(...rows.sort(order));
  }
  function prepare(root) {
    [...root.querySelectorAll(".scroll")].forEach((region, i) => {
      const heading = region.closest("section")?.querySelector("h2, h3");
      region.setAttribute("aria-label", `table ${i + 1}: ${heading ? heading.textContent : ""}`);
    });
    for (const table of root.querySelectorAll("table")) {
      if (table.tBodies[0].rows.length > 1 && !table.querySelector("button.sort")) sortable(table);
    }
  }
  function sortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }
  prepare(main);

  dark.addEventListener("change", () => {
    for (const id of drawn) Plotly.relayout(byId(id), { template: template() });
  });
  document.body.dataset.figures = "0";
  document.body.dataset.of = String(ofReport.length);
  window.report = { drawAll };
  route();
  document.body.dataset.readyMs = performance.now().toFixed(0);
})();
