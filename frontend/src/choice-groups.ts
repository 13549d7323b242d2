/** Folded groups of boxes say how many are ticked, and can be ticked as a whole. */
const GROUP = "[data-choice-group]";
const ALL = "[data-choice-all]";

function refresh(group: Element): void {
  const boxes = boxesOf(group);
  const open = boxes.filter((box) => !box.disabled);
  const ticked = open.filter((box) => box.checked).length;
  const count = group.querySelector("[data-choice-count]");
  if (count) count.textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length}`;
  const all = group.querySelector<HTMLInputElement>(ALL);
  if (!all) return;
  all.checked = open.length > 0 && ticked === open.length;
  all.indeterminate = ticked > 0 && ticked < open.length;
  all.disabled = open.length === 0;
}

function boxesOf(group: Element): HTMLInputElement[] {
  return [...group.querySelectorAll<HTMLInputElement>(`input[type="checkbox"]:not(${ALL})`)];
}

export function watchChoiceGroups(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    const group = box.closest(GROUP);
    if (!group) return;
    if (box.matches(ALL)) for (const one of boxesOf(group)) one.checked = one.disabled ? one.checked : box.checked;
    refresh(group);
  });
  // Going back, the browser ticks again what was ticked.
  window.addEventListener("pageshow", () => document.querySelectorAll(GROUP).forEach(refresh));
}

export function countChoices(root: ParentNode): void {
  root.querySelectorAll(GROUP).forEach(refresh);
}
