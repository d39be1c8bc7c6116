"use strict";
// Two of the page's pictures, chosen by their ids, in one place, and a button that shows them in turn; without JavaScript
// they stand side by side.
for (const place of document.querySelectorAll(".blink")) {
  const [first, second] = place.querySelectorAll("select"), [below, above] = place.querySelectorAll("img");
  const button = place.querySelector("button"), name = place.querySelector("figcaption");
  let timer = null;
  const show = (isSecond) => {
    above.style.visibility = isSecond ? "visible" : "hidden";
    name.textContent = (isSecond ? second : first).selectedOptions[0].text;
  };
  const source = (select) => document.getElementById(select.value).src;
  const choose = () => { below.src = source(first); above.src = source(second); show(false); };
  const stop = () => { clearInterval(timer); timer = null; button.textContent = "Blink"; show(false); };
  for (const select of [first, second]) select.addEventListener("change", choose);
  button.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(() => show(above.style.visibility === "hidden"), 700);
    button.textContent = "Stop";
  });
  below.addEventListener("click", () => show(true));
  above.addEventListener("click", () => show(false));
  second.selectedIndex = 1;
  choose();
  place.hidden = false;
}
