import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { call, connect, Problem } from "../../../../frontend/src/api/client";

const fetched = vi.fn();

function answer(body: unknown, status = 200, headers: Record<string, string> = {}): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status, headers: { "Content-Type": type, ...headers } }));
}

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  document.head.innerHTML = '<meta name="csrf-token" content="token">';
});
afterEach(() => fetched.mockReset());

test("a read asks for what it says and gives the answer's type", async () => {
  answer({ next: null, previous: null, results: [{ version: "1.2.0" }] });
  const page = await call("releases_list", { query: { state: "ready", page_size: 5 } });
  expect(page.results[0]?.version).toBe("1.2.0");
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/releases/?state=ready&page_size=5");
});

test("a write carries the page's token and a key of its own", async () => {
  answer({}, 202);
  await call("deployments_promote", { body: { experience: "volcano-lab", version: "1.2.0" } });
  const { method, headers, body } = fetched.mock.calls[0]?.[1] as RequestInit & { headers: Headers };
  expect(method).toBe("POST");
  expect(headers.get("X-CSRFToken")).toBe("token");
  expect(headers.get("Idempotency-Key")).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(body as string)).toEqual({ experience: "volcano-lab", version: "1.2.0" });
});

test("names in a path are written safely", async () => {
  answer({});
  await connect("https://lincoln.example", { Authorization: "Bearer tbx_x" })("experiences_get", { path: { slug: "a/b" } });
  expect(fetched.mock.calls[0]?.[0]).toBe("https://lincoln.example/api/v1/experiences/a%2Fb/");
});

test("a refusal is thrown with its code and when to come back", async () => {
  answer({ code: "throttled", title: "Too many requests", detail: "Wait.", status: 429 }, 429, { "Retry-After": "7" });
  const refused = await call("me_get").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Problem);
  expect([(refused as Problem).code, (refused as Problem).retryAfter]).toEqual(["throttled", 7]);
});
