/**
 * Forms with data-passkey make a passkey ("create") or answer with one ("get") before they are sent.
 * What the server asks for stands in the JSON script that data-passkey-options names, or is fetched
 * from data-passkey-url at that moment; the answer goes into the field "credential"
 * (WebAuthn level 3, sections 5.1 and 5.1.10: binary values travel as base64url).
 */
type Json = Record<string, unknown>;
type Descriptor = { id: string; type: PublicKeyCredentialType };

export function toBytes(text: string): ArrayBuffer {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer;
}

export function toText(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(options: Json): Json {
  const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options;
  const known = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((one: Descriptor) => ({ ...one, id: toBytes(one.id) })) : undefined;
  const person = user as Json | undefined;
  return {
    ...rest,
    challenge: toBytes(challenge as string),
    ...(person && { user: { ...person, id: toBytes(person["id"] as string) } }),
    ...(excludeCredentials !== undefined && { excludeCredentials: known(excludeCredentials) }),
    ...(allowCredentials !== undefined && { allowCredentials: known(allowCredentials) }),
  };
}

function asJson(credential: PublicKeyCredential): Json {
  const response: Json = {};
  const answer = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] as const) {
    const value = answer[name];
    if (value) response[name] = toText(value);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

async function optionsOf(form: HTMLFormElement): Promise<Json> {
  const { passkeyOptions, passkeyUrl } = form.dataset;
  if (passkeyUrl !== undefined) {
    const headers = { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" };
    const answer = await fetch(passkeyUrl, { headers });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return ((await answer.json()) as { request_options: { publicKey: Json } }).request_options.publicKey;
  }
  const held = document.getElementById(passkeyOptions ?? "")?.textContent ?? "";
  return (JSON.parse(held) as { publicKey: Json }).publicKey;
}

async function ceremony(form: HTMLFormElement): Promise<Json> {
  const publicKey = withBytes(await optionsOf(form));
  const made =
    form.dataset["passkey"] === "create"
      ? await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions })
      : await navigator.credentials.get({ publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions });
  if (!made) throw new DOMException("", "NotAllowedError");
  return asJson(made as PublicKeyCredential);
}

/** What went wrong, in words of people; the browser's own are for programmers. */
export function explain(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (name === "NotAllowedError") return "That was cancelled or took too long. Try again when you are ready.";
  if (name === "SecurityError") return "Passkeys do not work at this address. Use another way, or the public site.";
  return "The passkey could not be used. Try again, or choose another way.";
}

async function send(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  const problem = form.querySelector<HTMLElement>("[data-passkey-problem]");
  submitter?.setAttribute("aria-busy", "true");
  if (problem) problem.hidden = true;
  try {
    const field = form.elements.namedItem("credential") as HTMLInputElement;
    field.value = JSON.stringify(await ceremony(form));
    form.submit();
  } catch (error) {
    submitter?.removeAttribute("aria-busy");
    if (problem) {
      problem.textContent = explain(error);
      problem.hidden = false;
    }
  }
}

/** Stands before `watchForms`, for which a form whose sending was prevented is not sent. */
export function watchPasskeys(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset["passkey"] === undefined) return;
    event.preventDefault();
    void send(form, event.submitter);
  });
}
