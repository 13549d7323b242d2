import { announce } from "./announce";

/**
 * Pieces of page that the server draws again when something happened:
 *
 *   <section id="deployment" data-channel="private-…" data-fragment-url="…" data-active="true">
 *
 * An event on the channel says only *that* something changed; the fragment's address gives the
 * same element anew, so there is one template and no second copy of the logic here. In the element:
 *   data-active    "true" while work goes on: only then it is polled
 *   data-announce  a sentence for screen readers, said when it differs from the one before
 *   data-next      an address to go to, given once the work has led somewhere
 *   data-keep      on an element with an id: scripts fill it, so it stays as it is
 */
const POLL_MS = 3_000;
const SAFETY_POLL_MS = 20_000;

function restore(before: HTMLElement, after: HTMLElement, focusedId: string): void {
  for (const kept of before.querySelectorAll("[data-keep][id]")) {
    after.querySelector(`#${CSS.escape(kept.id)}`)?.replaceWith(kept);
  }
  for (const details of before.querySelectorAll<HTMLDetailsElement>("details[id]")) {
    const same = after.querySelector<HTMLDetailsElement>(`#${CSS.escape(details.id)}`);
    if (same) same.open = details.open;
  }
  if (focusedId) after.querySelector<HTMLElement>(`#${CSS.escape(focusedId)}`)?.focus({ preventScroll: true });
}

/** Alike but for the CSRF tokens, which Django masks anew each time, and what scripts have written. */
function isSame(before: HTMLElement, after: HTMLElement): boolean {
  return fingerprint(before) === fingerprint(after);
}

function fingerprint(element: HTMLElement): string {
  const copy = element.cloneNode(true) as HTMLElement;
  for (const kept of copy.querySelectorAll("[data-keep]")) kept.replaceChildren();
  return copy.outerHTML.replaceAll(/(name="csrfmiddlewaretoken" value=)"[^"]*"/g, "$1").replaceAll(/<time[^>]*>[^<]*/g, "");
}

/** Puts the new drawing in the place of the old one; focus and opened details stay. */
export function swap(before: HTMLElement, html: string): HTMLElement | null {
  const template = document.createElement("template");
  template.innerHTML = html;
  const after = template.content.querySelector<HTMLElement>(`#${CSS.escape(before.id)}`);
  if (!after) return null;
  if (isSame(before, after)) return before;
  const focused = document.activeElement;
  const focusedId = focused && before.contains(focused) ? focused.id : "";
  before.replaceWith(after);
  restore(before, after, focusedId);
  const sentence = after.dataset["announce"];
  if (sentence && sentence !== before.dataset["announce"]) announce(sentence);
  after.dispatchEvent(new CustomEvent("fragment:swapped", { bubbles: true }));
  return after;
}

class Fragment {
  private loading = false;
  private again = false;

  constructor(private element: HTMLElement) {}

  get channel(): string {
    return this.element.dataset["channel"] ?? "";
  }

  get active(): boolean {
    return this.element.dataset["active"] === "true";
  }

  /** Events that arrive while an answer is on its way lead to one more request, not to one each. */
  async refresh(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    do {
      this.again = false;
      await this.load();
    } while (this.again);
    this.loading = false;
  }

  private async load(): Promise<void> {
    const url = this.element.dataset["fragmentUrl"];
    if (!url) return;
    try {
      const response = await fetch(url, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      const elsewhere = response.headers.get("HX-Redirect"); // signed out meanwhile
      if (elsewhere) location.assign(elsewhere);
      else if (response.ok && !response.redirected) this.show(await response.text());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: no network; the next poll asks again
    }
  }

  private show(html: string): void {
    const dialog = this.element.querySelector("dialog[open]");
    if (dialog) {
      dialog.addEventListener("close", () => void this.refresh(), { once: true });
      return;
    }
    const before = this.element;
    this.element = swap(before, html) ?? before;
    const next = this.element.dataset["next"];
    if (next && this.element !== before) location.assign(next);
  }
}

export class LiveFragments {
  private readonly fragments: readonly Fragment[];
  private readonly refused = new Set<string>();
  private live = false;
  private refreshedAt = Date.now();

  constructor(root: ParentNode) {
    const elements = root.querySelectorAll<HTMLElement>("[data-channel][data-fragment-url]");
    this.fragments = [...elements].map((element) => new Fragment(element));
    if (this.fragments.length > 0) setInterval(() => this.poll(), POLL_MS);
  }

  channels(): Set<string> {
    return new Set(this.fragments.map((fragment) => fragment.channel).filter(Boolean));
  }

  /** On a new connection all is drawn again, unless somebody else finds out what was missed. */
  setLive(live: boolean, redraw = true): void {
    if (redraw && live && !this.live) this.refreshAll();
    this.live = live;
  }

  /** No events will come on this channel: what stands on it is polled although the connection is live. */
  setRefused(channel: string): void {
    this.refused.add(channel);
  }

  refresh(channel: string): void {
    for (const fragment of this.fragments) if (fragment.channel === channel) void fragment.refresh();
  }

  refreshAll(): void {
    this.refreshedAt = Date.now();
    for (const fragment of this.fragments) void fragment.refresh();
  }

  private poll(): void {
    if (document.hidden || !this.fragments.some((fragment) => fragment.active)) return;
    if (!this.live || Date.now() - this.refreshedAt >= SAFETY_POLL_MS) this.refreshAll();
    else this.refused.forEach((channel) => this.refresh(channel));
  }
}
