"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
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

  const drawn = new Set();
  function draw(id, data) {
    const layout = structuredClone(report.figures[id].layout);
    Plotly.react(byId(id), data, { ...layout, template: template() }, config);
    drawn.add(id);
  }

  // ---- the chosen planet: series named by the traces' meta
  const airs = (values) => (values ? values.slice(1) : []);
  const bins = airs(report.wavelength);
  const at = (values) => (values ? [values[0]] : []);
  const combine = (a, b, f) =>
    a && b ? a.map((v, i) => (v === null || b[i] === null ? null : f(v, b[i]))) : null;

  // A closed ring around each unbroken run of bins: gaps stay gaps.
  function ring(centre, half) {
    const x = [], y = [];
    let run = [];
    const close = () => {
      if (run.length) {
        const back = [...run].reverse();
        x.push(...run.map((i) => bins[i]), ...back.map((i) => bins[i]), null);
        y.push(...run.map((i) => centre[i] + half[i]), ...back.map((i) => centre[i] - half[i]), null);
      }
      run = [];
    };
    bins.forEach((_, i) => {
      if (half.length && centre[i] !== null && half[i] !== null) run.push(i);
      else close();
    });
    close();
    return { x, y };
  }

  function spectrumSeries(planet) {
    const error = combine(planet.mu, planet.truth, (m, t) => m - t);
    const zero = bins.map((_, i) => (error && error[i + 1] !== null ? 0 : null));
    const first = at(report.wavelength);
    const bar = { array: at(planet.sigma) };
    const wide = { array: at(planet.half) };
    return {
      interval: ring(airs(planet.mu), airs(planet.half)),
      sigma: ring(airs(planet.mu), airs(planet.sigma)),
      mu: { x: bins, y: airs(planet.mu) },
      truth: { x: bins, y: airs(planet.truth) },
      error: { x: bins, y: airs(error) },
      "error.interval": ring(zero, airs(planet.half)),
      "error.sigma": ring(zero, airs(planet.sigma)),
      "fgs1.mu": { x: first, y: at(planet.mu), error_y: bar },
      "fgs1.interval": { x: first, y: at(planet.mu), error_y: wide },
      "fgs1.error.interval": { x: first, y: at(error), error_y: wide },
      "fgs1.truth": { x: first, y: at(planet.truth) },
      "fgs1.error": { x: first, y: at(error), error_y: bar },
    };
  }

  function curveSeries(found) {
    const curve = found || {};
    const flux = (values) => (values ? values.map((v) => (v === null ? null : 1 + v * 1e-6)) : []);
    const series = {};
    for (const detector of ["fgs1", "airs"]) {
      const data = curve[detector], model = curve[`${detector}_model`];
      series[detector] = { x: curve.time, y: flux(data) };
      series[`${detector}.model`] = { x: curve.time, y: flux(model) };
      series[`${detector}.residual`] = { x: curve.time, y: combine(data, model, (d, m) => d - m) || [] };
    }
    return series;
  }

  function fill(id, series) {
    const data = report.figures[id].data.map((trace) => {
      const found = series[trace.meta];
      // Plotly draws an axis at NaN when all its traces are empty: one gap keeps them alive.
      const values = found.y.length ? found : { x: [null], y: [null] };
      const error = trace.error_y ? { error_y: { ...trace.error_y, ...found.error_y } } : {};
      return { ...trace, ...values, ...error };
    });
    draw(id, data);
  }

  const select = byId("planet");
  function show(index) {
    const planet = report.planets[index];
    select.selectedIndex = index;
    byId("planet-note").textContent = planet.note;
    fill("spectrum", spectrumSeries(planet));
    if (report.figures["light-curves"]) {
      const curve = report.curves[index];
      fill("light-curves", curveSeries(curve));
      byId("light-curves").classList.toggle("empty", !curve);
    }
  }

  function connect() {
    for (const planet of report.planets) select.add(new Option(planet.id, planet.id));
    const step = (by) => show((select.selectedIndex + by + select.length) % select.length);
    select.addEventListener("change", () => show(select.selectedIndex));
    byId("previous").addEventListener("click", () => step(-1));
    byId("next").addEventListener("click", () => step(1));
    for (const button of document.querySelectorAll("button.pick")) {
      button.addEventListener("click", () => {
        const index = report.planets.findIndex((planet) => planet.id === button.dataset.planet);
        show(index);
        byId("spectra").scrollIntoView({ behavior: "smooth" });
      });
    }
    show(0);
  }

  if (select) connect();
  for (const id of Object.keys(report.figures)) {
    if (!drawn.has(id)) draw(id, report.figures[id].data);
  }
  dark.addEventListener("change", () => {
    for (const id of drawn) Plotly.relayout(byId(id), { template: template() });
  });
  document.body.dataset.figures = String(drawn.size);
  document.body.dataset.drawnMs = performance.now().toFixed(0);
})();
