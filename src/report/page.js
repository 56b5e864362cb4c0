// The search above the rows. Without it the page is whole, and the browser's
// own search finds everything.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const blocks = Array.from(document.querySelectorAll(".block"), (block) => ({
    block,
    rows: Array.from(block.querySelectorAll("tbody tr")),
  }));
  if (blocks.length === 0) return;
  const total = blocks.reduce((sum, { rows }) => sum + rows.length, 0);

  const place = document.createElement("div");
  place.id = "search";
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "search";
  box.autocomplete = "off";
  box.placeholder = "address, role, status, words";
  const found = document.createElement("output");
  label.append("Search", box);
  place.append(label, found);
  blocks[0].block.before(place);

  // A row is found when every word is in it.
  function match(one, words) {
    one.texts ??= one.rows.map((row) => row.textContent.toLowerCase());
    one.isHit = one.texts.map((text) =>
      words.every((word) => text.includes(word)),
    );
    one.hits = one.isHit.filter(Boolean).length;
    return one.hits;
  }

  // What is in a hidden block stays as it is: half a million rows take time.
  function show({ block, rows, isHit, hits }) {
    block.hidden = hits === 0;
    if (hits === 0) return;
    rows.forEach((row, i) => {
      if (row.hidden === isHit[i]) row.hidden = !isHit[i];
    });
    // How high a block is that was not laid out yet.
    block.style.containIntrinsicHeight = `auto ${hits * 42}px`;
  }

  let newest = 0;

  async function search() {
    newest += 1;
    const mine = newest;
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    let pause = performance.now() + 50;
    for (const one of blocks) {
      count += match(one, words);
      if (performance.now() < pause) continue;
      await new Promise((resume) => setTimeout(resume));
      if (mine !== newest) return; // somebody types on
      pause = performance.now() + 50;
    }
    // At once: between two changes a browser would lay out what is to go.
    blocks.forEach(show);
    found.value =
      words.length === 0
        ? ""
        : `${count.toLocaleString("en")} of ${total.toLocaleString("en")} rows`;
  }

  box.addEventListener("input", search);
});
