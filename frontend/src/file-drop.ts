const UNITS = ["bytes", "KB", "MB", "GB"] as const;

/** 12345678 → "11.8 MB": in the steps of 1024 that Django's filesizeformat counts on the same pages. */
export function formatSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  const digits = power > 0 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[power]}`;
}

function accepts(input: HTMLInputElement, file: File): boolean {
  const kinds = input.accept.split(",").map((kind) => kind.trim().toLowerCase()).filter(Boolean);
  const extensions = kinds.filter((kind) => kind.startsWith("."));
  if (extensions.length === 0) return true;
  return extensions.some((extension) => file.name.toLowerCase().endsWith(extension));
}

/** What is wrong with the chosen file, said before it is sent; the server judges again. */
export function problemWith(input: HTMLInputElement, file: File): string {
  const limit = Number(input.dataset["maxBytes"] ?? 0);
  if (!accepts(input, file)) return `${file.name} is not one of ${input.accept}.`;
  if (limit > 0 && file.size > limit) {
    return `${file.name} is ${formatSize(file.size)}; the limit is ${formatSize(limit)}.`;
  }
  return file.size === 0 ? `${file.name} is empty.` : "";
}

function show(zone: HTMLElement, input: HTMLInputElement): void {
  const file = input.files?.[0];
  const problem = file ? problemWith(input, file) : "";
  input.setCustomValidity(problem);
  zone.classList.toggle("is-invalid", problem !== "");
  const line = zone.querySelector("[data-drop-file]");
  if (line && file) line.textContent = problem || `${file.name} · ${formatSize(file.size)}`;
}

function enhanceFileDrop(zone: HTMLElement): void {
  const input = zone.querySelector<HTMLInputElement>("input[type=file]");
  if (!input) return;
  input.addEventListener("change", () => show(zone, input));
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("is-over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
}

/** The input covers its zone, so dropping and choosing are the browser's own doing. */
export function enhanceFileDrops(root: ParentNode): void {
  for (const zone of root.querySelectorAll<HTMLElement>("[data-drop]:not([data-ready])")) {
    zone.dataset["ready"] = "";
    enhanceFileDrop(zone);
  }
}
