/**
 * A link or button with data-dialog="<id>" opens that <dialog>. The opener may be a link to a page
 * that asks the same question: without JavaScript (or with a modifier key) that page is used.
 * What is to be filled in has the focus; in a mere question the browser gives it to its first button.
 */
function onOpen(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const opener = (event.target as Element).closest<HTMLElement>("[data-dialog]");
  if (!opener) return;
  const dialog = document.getElementById(opener.dataset["dialog"] ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  opener.closest("details")?.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea")?.focus();
}

function onClose(event: MouseEvent): void {
  const target = event.target as Element;
  const dialog = target.closest("dialog");
  if (!dialog?.open) return;
  const onBackdrop = target === dialog && !isInside(dialog, event);
  if (onBackdrop || target.closest("[data-dialog-close]")) {
    event.preventDefault();
    dialog.close();
  }
}

function isInside(element: Element, { clientX, clientY }: MouseEvent): boolean {
  const box = element.getBoundingClientRect();
  return clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
}

export function watchDialogs(): void {
  document.addEventListener("click", onOpen);
  document.addEventListener("click", onClose);
}
