// The search of every page. The index is a script beside it, so it works from a folder without a server.
"use strict";

(() => {
  const MOST_SHOWN = 12;
  const root = document.documentElement.dataset.root;
  const index = window.corralSearchIndex;
  const form = document.querySelector(".search");
  const query = document.getElementById("query");
  const results = document.getElementById("results");
  const found = document.getElementById("found");

  const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];

  // Every word of the query begins a word of the entry; one that begins a word of its title counts most.
  function score(entry, wanted) {
    const title = wordsOf(entry.title);
    const all = entry.words.split(" ");
    let total = 0;
    for (const word of wanted) {
      if (title.includes(word)) total += 4;
      else if (title.some((part) => part.startsWith(word))) total += 3;
      else if (all.includes(word)) total += 2;
      else if (all.some((part) => part.startsWith(word))) total += 1;
      else return 0;
    }
    return total;
  }

  function search(text) {
    const wanted = wordsOf(text);
    if (!wanted.length) return [];
    return index
      .map((entry, place) => ({ entry, place, score: score(entry, wanted) }))
      .filter((hit) => hit.score > 0)
      .sort((a, b) => b.score - a.score || a.place - b.place)
      .map((hit) => hit.entry);
  }

  function element(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  function show() {
    const hits = search(query.value);
    const asked = wordsOf(query.value).length > 0;
    results.replaceChildren();
    results.hidden = !asked;
    found.textContent = asked ? `${hits.length} found` : "";
    for (const entry of hits.slice(0, MOST_SHOWN)) {
      const link = element("a", "", element("li", "", results));
      link.href = root + entry.url;
      element("strong", entry.title, link);
      link.append(` ${entry.kind}`);
      element("small", entry.summary, link);
    }
    if (asked && !hits.length) element("li", "Nothing has all of these words.", results).className = "nothing";
    if (hits.length > MOST_SHOWN) {
      element("li", `and ${hits.length - MOST_SHOWN} more: add a word`, results).className = "nothing";
    }
  }

  function close() {
    results.hidden = true;
    found.textContent = "";
  }

  function move(step) {
    const links = [...results.querySelectorAll("a")];
    const place = links.indexOf(document.activeElement) + step;
    if (place < 0) query.focus();
    else if (links[place]) links[place].focus();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    results.querySelector("a")?.click();
  });
  query.addEventListener("input", show);
  query.addEventListener("focus", show);
  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      query.value = "";
      query.focus();
      close();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
    }
  });
})();
