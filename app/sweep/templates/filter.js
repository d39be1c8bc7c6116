// Shows the jobs whose rows have all the words that are written, and their pictures.
const filter = document.querySelector(".filter"), [words, told] = filter.children;
const rows = [...document.querySelectorAll("tr[data-job]")], pictures = document.querySelectorAll("figure[data-job]");
const text = (row) => `${row.dataset.job} ${row.textContent}`.toLowerCase();
words.addEventListener("input", () => {
  const wanted = words.value.toLowerCase().split(/\s+/);
  const shown = rows.filter((row) => wanted.every((word) => text(row).includes(word)));
  const names = new Set(shown.map((row) => row.dataset.job));
  for (const item of [...rows, ...pictures]) item.hidden = !names.has(item.dataset.job);
  told.textContent = `${shown.length} of ${rows.length} jobs`;
});
filter.hidden = false;
