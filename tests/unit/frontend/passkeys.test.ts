import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { explain, toBytes, toText, watchPasskeys } from "../../../frontend/src/passkeys";

const OPTIONS = { publicKey: { challenge: "AQID", rpId: "localhost", allowCredentials: [{ id: "_-8", type: "public-key" }] } };
const ANSWER = {
  id: "_-8",
  rawId: Uint8Array.of(255, 239).buffer,
  type: "public-key",
  authenticatorAttachment: "platform",
  getClientExtensionResults: () => ({}),
  response: { clientDataJSON: Uint8Array.of(1).buffer, signature: Uint8Array.of(2).buffer, userHandle: null },
};

function page(): HTMLFormElement {
  document.body.innerHTML = `
    <form method="post" data-passkey="get" data-passkey-options="options">
      <input type="hidden" name="credential"><p data-passkey-problem hidden></p><button>Go</button>
    </form>
    <script type="application/json" id="options">${JSON.stringify(OPTIONS)}</script>`;
  return document.querySelector("form") as HTMLFormElement;
}

describe("passkeys", () => {
  const get = vi.fn();
  const submit = vi.fn();

  beforeEach(() => {
    vi.stubGlobal("navigator", { credentials: { get } });
    HTMLFormElement.prototype.submit = submit;
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    get.mockReset();
    submit.mockReset();
  });

  it("carries bytes as base64url without padding", () => {
    expect(toText(Uint8Array.of(255, 239).buffer)).toBe("_-8");
    expect([...new Uint8Array(toBytes("_-8"))]).toEqual([255, 239]);
  });

  it("sends the answer of the browser in the form's field", async () => {
    watchPasskeys();
    const form = page();
    get.mockResolvedValue(ANSWER);
    form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(submit).toHaveBeenCalledTimes(1));
    const asked = get.mock.calls[0]?.[0].publicKey;
    expect([...new Uint8Array(asked.challenge)]).toEqual([1, 2, 3]);
    expect([...new Uint8Array(asked.allowCredentials[0].id)]).toEqual([255, 239]);
    const sent = JSON.parse((form.elements.namedItem("credential") as HTMLInputElement).value);
    expect(sent).toMatchObject({ id: "_-8", rawId: "_-8", response: { clientDataJSON: "AQ", signature: "Ag" } });
    expect(sent.response).not.toHaveProperty("userHandle");
  });

  it("says what went wrong and sends nothing", async () => {
    const form = page();
    get.mockRejectedValue(new DOMException("no", "NotAllowedError"));
    form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
    const problem = form.querySelector("p") as HTMLElement;
    await vi.waitFor(() => expect(problem.hidden).toBe(false));
    expect(problem.textContent).toBe(explain(new DOMException("", "NotAllowedError")));
    expect(submit).not.toHaveBeenCalled();
  });
});
