(() => {
  const find = document.querySelector(".find"), words = find.querySelector("input[type=search]");
  const rows = [...document.querySelectorAll(".first tbody tr, .rows tbody tr")];
  const moved = document.querySelector(".first") !== null;
  const shown = find.querySelector("output");
  const results = [...find.querySelectorAll("input[data-word]")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(results.filter((box) => !box.checked).map((box) => box.dataset.word));
    let count = 0, all = 0;
    rows.forEach((row, at) => {
      if (moved && row.className === "moved") return;
      const word = row.querySelector("td[data-word]");
      const fits = wanted.every((part) => texts[at].includes(part)) && !(word && off.has(word.textContent));
      row.hidden = !fits;
      all += 1;
      count += fits ? 1 : 0;
    });
    shown.value = count === all ? "" : `${count} ${shown.dataset.of} ${all} ${shown.dataset.rows}`;
  };
  find.hidden = false;
  find.addEventListener("input", filter);
  find.addEventListener("submit", (event) => event.preventDefault());
})();
