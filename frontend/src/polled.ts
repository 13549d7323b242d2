import { swap } from "./live-fragments";

/**
 * Pieces of page that are drawn again from time to time:
 *
 *   <section id="board" data-poll="5" data-fragment-url="…">
 *
 * `data-poll` is in seconds, and may be another one each time. Nothing is asked for while nobody
 * looks, and what is asked says that no person did, so that a page left open does not keep its
 * session alive. Who was signed out meanwhile is led to where they sign in.
 */
const UNATTENDED = { "X-Unattended": "1" };

class PolledPiece {
  private due = 0;
  private loading = false;

  constructor(private element: HTMLElement) {
    this.postpone();
  }

  async look(): Promise<void> {
    if (this.loading || document.hidden || Date.now() < this.due) return;
    this.loading = true;
    try {
      const response = await fetch(this.element.dataset["fragmentUrl"] ?? "", { headers: UNATTENDED });
      if (response.redirected) location.reload();
      else if (response.ok) this.element = swap(this.element, await response.text()) ?? this.element;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: no network; the next look asks again
    } finally {
      this.loading = false;
      this.postpone();
    }
  }

  private postpone(): void {
    this.due = Date.now() + 1000 * Number(this.element.dataset["poll"]);
  }
}

export function watchPolledPieces(root: ParentNode): void {
  const found = root.querySelectorAll<HTMLElement>("[data-poll][data-fragment-url]");
  const pieces = [...found].map((element) => new PolledPiece(element));
  if (pieces.length > 0) setInterval(() => pieces.forEach((piece) => void piece.look()), 1000);
}
