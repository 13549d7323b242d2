const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const REFRESH_MS = 30_000;

/** "3 minutes ago" for a moment, both in milliseconds since the epoch. */
export function relative(moment: number, now: number, language: string): string {
  const seconds = Math.round((moment - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? format.format(0, "second") : format.format(seconds, "second");
}

function show(element: HTMLTimeElement): void {
  const moment = Date.parse(element.dateTime);
  if (Number.isNaN(moment)) return;
  const language = document.documentElement.lang || "en";
  element.textContent = relative(moment, Date.now(), language);
  if (!element.title) {
    const timeZone = document.documentElement.dataset["timeZone"]; // the workspace's; else the browser's
    const style = { dateStyle: "full", timeStyle: "long", ...(timeZone ? { timeZone } : {}) } as const;
    element.title = new Intl.DateTimeFormat(language, style).format(moment);
  }
}

/** <time data-relative datetime="…"> reads relative; the full moment stands in its title. */
export function enhanceTimes(root: ParentNode): void {
  root.querySelectorAll<HTMLTimeElement>("time[data-relative]").forEach(show);
}

setInterval(() => enhanceTimes(document), REFRESH_MS);
