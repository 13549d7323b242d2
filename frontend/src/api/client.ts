/**
 * Calling the API from the product's own pages: the session signs in, types come from the OpenAPI
 * document (types.ts), each write is carried out once however often it is sent.
 */
import { type Operations, ROUTES } from "./types.ts";

export type Name = keyof Operations;

export interface Wish<N extends Name> {
  path?: Operations[N]["path"];
  query?: Operations[N]["query"];
  body?: Operations[N]["body"];
  /** The ETag of what was read: refused when it has changed since. */
  ifMatch?: string;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: Array<{ pointer?: string; parameter?: string; header?: string; code: string; detail: string }>;
}

/** A refusal (RFC 9457): decide by `code`, show `detail`. */
export class Problem extends Error {
  readonly document: ProblemDocument;
  /** Seconds after which trying again is worth it. */
  readonly retryAfter: number | undefined;

  constructor(document: ProblemDocument, retryAfter?: number) {
    super(document.detail || document.title);
    this.document = document;
    this.retryAfter = retryAfter;
  }

  get code(): string {
    return this.document.code;
  }
}

/** `base` is empty on the workspace's own pages; `headers` sign in elsewhere. */
export function connect(base = "", headers: Record<string, string> = {}) {
  return async function call<N extends Name>(name: N, wish: Wish<N> = {}): Promise<Operations[N]["answer"]> {
    const [method = "GET", template = ""] = ROUTES[name].split(" ");
    const names = (wish.path ?? {}) as Record<string, unknown>;
    const path = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(names[key])));
    const query = Object.entries(wish.query ?? {}).filter(([, value]) => value != null);
    const search = query.length ? `?${new URLSearchParams(query.map(([key, value]) => [key, String(value)]))}` : "";
    const told = new Headers({ Accept: "application/json", ...headers });
    if (method !== "GET") told.set("Idempotency-Key", wish.idempotencyKey ?? crypto.randomUUID());
    if (method !== "GET" && !headers["Authorization"]) told.set("X-CSRFToken", csrfToken());
    if (wish.ifMatch) told.set("If-Match", wish.ifMatch);
    const init: RequestInit = { method, headers: told };
    if (wish.signal) init.signal = wish.signal;
    if (wish.body instanceof FormData) {
      init.body = wish.body;
    } else if (wish.body !== undefined) {
      told.set("Content-Type", "application/json");
      init.body = JSON.stringify(wish.body);
    }
    return read(await fetch(base + path + search, init)) as Promise<Operations[N]["answer"]>;
  };
}

async function read(reply: Response): Promise<unknown> {
  const kind = reply.headers.get("Content-Type") ?? "";
  if (reply.ok) {
    if (reply.status === 204) return undefined;
    return kind.includes("json") ? reply.json() : reply.blob();
  }
  const wait = Number(reply.headers.get("Retry-After") ?? NaN);
  const unknown = { type: "about:blank", title: reply.statusText, status: reply.status, detail: "", code: "unknown" };
  const document = kind.includes("json") ? ((await reply.json()) as ProblemDocument) : unknown;
  throw new Problem(document, Number.isNaN(wait) ? undefined : wait);
}

function csrfToken(): string {
  if (typeof document === "undefined") return "";
  return document.querySelector<HTMLMetaElement>("meta[name='csrf-token']")?.content ?? "";
}

export const call = connect();
