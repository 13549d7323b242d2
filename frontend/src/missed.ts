/**
 * What a page missed while it had no connection, out of `GET /api/v1/events/`.
 *
 * A workspace's events have numbers without gaps. The page knows the last one it has seen; after
 * each new connection, and every few seconds without one, it asks for what followed. Each event is
 * handed on once for each of its channels, in the order of the numbers, whichever way it came.
 */
export interface LiveEvent {
  readonly channel: string;
  readonly name: string;
  readonly sequence: number | undefined;
  readonly payload: unknown;
}

interface KeptEvent {
  readonly sequence: number;
  readonly name: string;
  readonly channels: readonly string[];
  readonly payload: unknown;
}

interface Answer {
  readonly events: readonly KeptEvent[];
  readonly latest: number;
  readonly is_complete: boolean;
  readonly has_more: boolean;
}

/** `apply` gets each event once, in order. `startOver`: what lies between is no longer kept. */
export interface Reader {
  apply(event: LiveEvent): void;
  startOver(): void;
}

type Fetch = (url: string) => Promise<Response>;

export class EventStream {
  private latest: number | null = null;
  private readonly applied = new Map<string, number>();
  private held: LiveEvent[] | null = null;
  private asking: Promise<boolean> | null = null;

  constructor(
    private readonly address: string,
    private readonly channels: ReadonlySet<string>,
    private readonly reader: Reader,
    private readonly get: Fetch = (url) => fetch(url, { headers: { Accept: "application/json" } }),
  ) {}

  /** An event that came over the connection. While what was missed is asked for, it waits. */
  receive(event: LiveEvent): void {
    if (this.held) this.held.push(event);
    else this.hand(event);
  }

  /** Asks for what was missed. False where the server could not be asked; calls join a running one. */
  catchUp(): Promise<boolean> {
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async ask(): Promise<boolean> {
    this.held = [];
    try {
      return await this.readAll();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: no network; asked again later
      return false;
    } finally {
      const held: LiveEvent[] = this.held;
      this.held = null;
      held.sort((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0));
      for (const event of held) this.hand(event);
    }
  }

  private async readAll(): Promise<boolean> {
    for (;;) {
      const after = this.latest;
      const response = await this.get(after === null ? this.address : `${this.address}?after=${after}`);
      if (!response.ok) return false;
      const answer = (await response.json()) as Answer;
      for (const event of answer.events) this.handKept(event);
      if (!answer.is_complete) this.reader.startOver();
      const last = answer.events.at(-1);
      this.latest = answer.has_more && last ? last.sequence : answer.latest;
      if (!answer.has_more) return true;
    }
  }

  private handKept({ sequence, name, channels, payload }: KeptEvent): void {
    for (const channel of channels) {
      if (this.channels.has(channel)) this.hand({ channel, name, sequence, payload });
    }
  }

  private hand(event: LiveEvent): void {
    const { sequence, channel } = event;
    if (sequence !== undefined) {
      if (sequence <= (this.applied.get(channel) ?? 0)) return;
      this.applied.set(channel, sequence);
      // Only where the server was asked once: before that, earlier numbers may still be missing.
      if (this.latest !== null && sequence > this.latest) this.latest = sequence;
    }
    this.reader.apply(event);
  }
}
