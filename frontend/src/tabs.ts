/** Where tabs are wider than the screen, the current one is in sight. */
export function showCurrentTabs(root: ParentNode): void {
  for (const tab of root.querySelectorAll(".tabs > [aria-current]")) {
    const row = tab.parentElement!;
    const [inner, outer] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
}

/** Also after a phone was turned. */
export function watchTabs(): void {
  window.addEventListener("resize", () => showCurrentTabs(document));
}
