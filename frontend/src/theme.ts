/**
 * Light, dark, or the system's. The choice is kept in a cookie, so that the server writes it on
 * <html> and the first paint already has it; no script has to run before the page is drawn.
 */
const YEAR_SECONDS = 31_536_000;

export type Theme = "light" | "dark" | "system";

export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function setTheme(theme: Theme): void {
  const root = document.documentElement;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (theme === "system") {
    delete root.dataset["theme"];
    document.cookie = `theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  } else {
    root.dataset["theme"] = theme;
    document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  }
  markPressed();
}

function markPressed(): void {
  const theme = currentTheme();
  for (const button of document.querySelectorAll<HTMLElement>("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset["setTheme"] === theme));
  }
}

export function watchTheme(): void {
  markPressed();
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-set-theme]");
    if (button) setTheme(button.dataset["setTheme"] as Theme);
  });
}
