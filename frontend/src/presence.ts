import type { PresenceChannel } from "pusher-js";
import type Pusher from "pusher-js";

/**
 * Who else has this page open: `<div data-presence="presence-…">`, drawn by `<c-presence>`.
 *
 * A person counts once, however many tabs they have. Somebody who loads the page anew, or whose
 * connection is mended at once, is not taken for gone; a tab that has been in the background for a
 * minute is not looked at. Nothing is said aloud: the button's name has the number, its list the names.
 */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly isMe: boolean;
}

const LINGER_MS = 4_000;
const UNSEEN_MS = 60_000;
const MOST_FACES = 3;

/** Ada Lovelace is AL, Cher is C. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s@]+/u).filter(Boolean);
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return ends.map((word) => [...word][0]!).join("");
}

/** As they are shown: by name, oneself last. */
export function inOrder(people: Iterable<Person>): Person[] {
  return [...people].sort((one, other) => Number(one.isMe) - Number(other.isMe) || one.name.localeCompare(other.name));
}

function make(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function face(text: string): HTMLElement {
  return make("span", "avatar avatar-sm", text);
}

function line({ name, isMe }: Person): HTMLElement {
  const item = make("li", "presence-person", "");
  const picture = face(initialsOf(name));
  picture.ariaHidden = "true";
  item.append(picture, make("span", "", isMe ? `${name} (you)` : name));
  return item;
}

/** Nothing is shown to somebody who is alone. */
export function draw(root: HTMLElement, people: readonly Person[]): void {
  const menu = root.querySelector("details");
  const faces = root.querySelector(".presence-faces");
  const words = root.querySelector(".presence-words");
  const list = root.querySelector("ul");
  if (!menu || !faces || !words || !list) return;
  const company = people.length > 1;
  menu.hidden = !company;
  if (!company) menu.open = false;
  const shown = people.length > MOST_FACES + 1 ? people.slice(0, MOST_FACES) : people;
  const more = people.length - shown.length;
  faces.replaceChildren(...shown.map(({ name }) => face(initialsOf(name))), ...(more ? [face(`+${more}`)] : []));
  words.textContent = company ? `${people.length} people are looking at this` : "";
  list.replaceChildren(...people.map(line));
}

export class Presence {
  private readonly shown = new Map<string, Person>();
  private readonly going = new Map<string, ReturnType<typeof setTimeout>>();
  private channel: PresenceChannel | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly pusher: Pick<Pusher, "subscribe" | "unsubscribe">,
  ) {}

  join(): void {
    if (this.channel) return;
    this.channel = this.pusher.subscribe(this.name) as PresenceChannel;
    for (const event of ["pusher:subscription_succeeded", "pusher:member_added", "pusher:member_removed"]) {
      this.channel.bind(event, () => this.look());
    }
  }

  leave(): void {
    if (!this.channel) return;
    this.channel = null;
    this.pusher.unsubscribe(this.name);
    this.look();
  }

  /** Whoever is new is shown at once, whoever is missing a little longer. */
  look(): void {
    const present = this.present();
    for (const [id, person] of present) {
      clearTimeout(this.going.get(id));
      this.going.delete(id);
      this.shown.set(id, person);
    }
    for (const id of this.shown.keys()) {
      if (!present.has(id) && !this.going.has(id)) this.going.set(id, setTimeout(() => this.forget(id), LINGER_MS));
    }
    draw(this.root, inOrder(this.shown.values()));
  }

  private get name(): string {
    return this.root.dataset["presence"] ?? "";
  }

  /** Without a connection pusher-js knows nobody. */
  private present(): Map<string, Person> {
    const found = new Map<string, Person>();
    const me = this.channel?.members.myID as string | undefined;
    this.channel?.members.each(({ id, info }: { id: string; info: { name?: string } | null }) => {
      found.set(id, { id, name: info?.name || "Somebody", isMe: id === me });
    });
    return found;
  }

  private forget(id: string): void {
    this.going.delete(id);
    this.shown.delete(id);
    draw(this.root, inOrder(this.shown.values()));
  }
}

/** For each such place of the page. */
export function watchPresence(pusher: Pusher): void {
  for (const root of document.querySelectorAll<HTMLElement>("[data-presence]")) {
    const presence = new Presence(root, pusher);
    let unseen: ReturnType<typeof setTimeout> | undefined;
    const attend = (): void => {
      clearTimeout(unseen);
      if (document.hidden) unseen = setTimeout(() => presence.leave(), UNSEEN_MS);
      else presence.join();
    };
    pusher.connection.bind("state_change", () => presence.look());
    document.addEventListener("visibilitychange", attend);
    attend();
  }
}
