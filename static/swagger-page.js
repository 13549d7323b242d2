// Swagger UI has a dark mode of its own, by a class. The theme that was chosen on the product's pages
// is in a cookie; without one the system's counts.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function show() {
  const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
  document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : prefersDark.matches);
}

prefersDark.addEventListener("change", show);
show();
