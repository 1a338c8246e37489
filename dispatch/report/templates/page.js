// The page around the map: switches languages, folds the contents on small screens, unfolds figures' numbers for printing.
"use strict";
(() => {
  const parts = [...document.querySelectorAll("main")];
  const buttons = [...document.querySelectorAll(".languages button")];

  /** Show one language and hide the others; the map moves along. */
  function show(lang) {
    for (const part of parts) part.hidden = part.id !== lang;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
    document.documentElement.lang = document.getElementById(lang).lang;
    window.dispatchReport?.setLanguage?.(lang);
  }

  /** Show the language of the place that the address names: #zh, or #zh-performance. */
  function follow() {
    const place = document.getElementById(location.hash.slice(1));
    const part = place?.closest("main");
    if (!part) return;
    if (part.hidden) show(part.id);
    if (place !== part) place.scrollIntoView();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const here = parts.find((part) => !part.hidden);
      const above = (section) => section.getBoundingClientRect().top < innerHeight / 3;
      const seen = window.scrollY > 0 && [...here.querySelectorAll(".told > section")].filter(above).pop();
      show(button.dataset.lang);
      // The reader stays in the chapter that was being read.
      const twin = seen && document.getElementById(seen.id.replace(here.id, button.dataset.lang));
      if (twin) twin.scrollIntoView({ behavior: "instant" });
    });
  }
  window.addEventListener("hashchange", follow);
  follow();

  if (matchMedia("(max-width: 62rem)").matches) {
    for (const contents of document.querySelectorAll(".contents")) contents.open = false;
  }

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open]):not(.detail)")];
    for (const fold of closed) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
    closed = [];
  });
})();
