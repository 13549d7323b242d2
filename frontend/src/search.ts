/**
 * Searching by keyboard: "/" goes to the page's search box, arrow keys move through what it
 * found, Escape goes back to the box. All of it works without, by Tab and Enter.
 */
const BOX = "[data-search] input[type='search']";

export function watchSearch(): void {
  document.addEventListener("keydown", (event) => {
    const box = document.querySelector<HTMLInputElement>(BOX);
    if (!box || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !isWriting(event.target)) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      step(event, box, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && results().includes(event.target as HTMLElement)) {
      box.focus();
    }
  });
}

function step(event: KeyboardEvent, box: HTMLInputElement, by: 1 | -1): void {
  const found = results();
  const here = event.target === box ? -1 : found.indexOf(event.target as HTMLElement);
  if (!found.length || (here === -1 && event.target !== box)) return;
  event.preventDefault();
  (found[here + by] ?? (by === 1 ? found[here] : box))?.focus();
}

function results(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-result]")];
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
