/** Menus are <details data-menu>: they open without a script; this closes them on Escape or outside. */
function closeMenus(except: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

export function watchMenus(): void {
  document.addEventListener("click", (event) => {
    closeMenus((event.target as Element).closest("details[data-menu]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = (event.target as Element).closest<HTMLDetailsElement>("details[data-menu][open]");
    closeMenus(null);
    open?.querySelector("summary")?.focus();
  });
}
