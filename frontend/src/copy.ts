import { announce } from "./announce";

const SHOWN_MS = 1600;

function textFor(button: HTMLElement): string {
  const { copyText, copyTarget } = button.dataset;
  if (copyText !== undefined) return copyText;
  return document.getElementById(copyTarget ?? "")?.textContent?.trim() ?? "";
}

async function copy(button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(textFor(button));
  } catch {
    announce("Copying was refused by the browser. Select the text instead.");
    return;
  }
  button.classList.add("is-copied");
  announce("Copied");
  setTimeout(() => button.classList.remove("is-copied"), SHOWN_MS);
}

/** A button copies data-copy-text, or the text of the element named by data-copy-target. */
export function watchCopyButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy-text], [data-copy-target]");
    if (button) void copy(button);
  });
}
