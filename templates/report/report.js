// Filters of the tables, and the chart. Without this script everything is there, unfiltered.
"use strict";

function words(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function filterTable(form) {
  const rows = [...document.getElementById(form.dataset.filters).querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const shown = form.querySelector("output");

  function apply() {
    const wanted = words(form.elements.words.value);
    const choices = [...form.querySelectorAll("select")].filter((select) => select.value);
    let count = 0;
    rows.forEach((row, place) => {
      const fits = choices.every((select) => (row.dataset[select.name] || "").split("|").includes(select.value))
        && wanted.every((word) => texts[place].includes(word));
      row.hidden = !fits;
      count += fits;
    });
    shown.textContent = `${count} of ${rows.length}`;
  }

  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
  return { rows, clear: () => { form.reset(); apply(); } };
}

function drawChart(form) {
  const { data, layout, teams } = JSON.parse(document.getElementById("chart-data").textContent);
  const chart = document.getElementById("chart");
  const all = { x: data.map((trace) => trace.x), y: data.map((trace) => trace.y) };
  const settings = { displayModeBar: false, responsive: true };
  Plotly.newPlot(chart, data, layout, settings);

  function apply() {
    const { x, y } = teams[form.elements.team.value] || all;
    Plotly.restyle(chart, { x, y });
    const sums = y.map((counts) => counts.reduce((sum, count) => sum + count, 0).toLocaleString("en"));
    form.querySelector("output").textContent = `${sums[0]} allowed, ${sums[1]} held, ${sums[2]} denied`;
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
  // Paper is narrower than most windows, and tells nobody how wide it is.
  window.addEventListener("beforeprint", () => Plotly.relayout(chart, { width: 660, autosize: false }));
  window.addEventListener("afterprint", () => Plotly.relayout(chart, { width: null, autosize: true }));
}

const filtered = [...document.querySelectorAll("form[data-filters]")].map(filterTable);

// A link to a row that is filtered away shows it.
function reveal() {
  const row = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!row || !row.hidden) return;
  filtered.find(({ rows }) => rows.includes(row))?.clear();
  row.scrollIntoView();
}
window.addEventListener("hashchange", reveal);

const chartForm = document.querySelector("form[data-chart]");
if (chartForm) drawChart(chartForm);
