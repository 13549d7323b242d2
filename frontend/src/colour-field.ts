const COLOUR = /^#[0-9a-f]{6}$/i;

function fieldOf(picker: HTMLInputElement): HTMLInputElement | null {
  return document.getElementById(picker.dataset["colourFor"] ?? "") as HTMLInputElement | null;
}

/** The picker writes into its field; the field's own listeners hear of it as if it had been typed. */
function onPick(picker: HTMLInputElement): void {
  const field = fieldOf(picker);
  if (!field) return;
  field.value = picker.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function onType(field: HTMLInputElement): void {
  if (!COLOUR.test(field.value.trim())) return;
  const picker = document.querySelector<HTMLInputElement>(`[data-colour-for="${field.id}"]`);
  if (picker) picker.value = field.value.trim().toLowerCase();
}

/** <input type="color" data-colour-for="id"> and the text field of that id follow each other. */
export function watchColourFields(): void {
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement)) return;
    if (input.dataset["colourFor"] !== undefined) onPick(input);
    else if (input.id) onType(input);
  });
}
