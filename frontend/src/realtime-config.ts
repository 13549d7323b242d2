import type { Options } from "pusher-js";

/**
 * The server names the realtime endpoint in <meta name="realtime">. Without a host it is this very
 * host, where the built-in endpoint is served; with a cluster it is Pusher's own.
 */
export interface RealtimeConfig {
  readonly key: string;
  readonly options: Options;
  /** Where what was missed is asked for; empty on pages of no workspace. */
  readonly events: string;
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
}

function address(data: DOMStringMap, page: Location): Pick<Options, "wsHost" | "wsPort" | "wssPort" | "forceTLS"> {
  const tls = data["tls"] === undefined ? page.protocol === "https:" : data["tls"] === "true";
  const port = Number(data["port"] || page.port) || (tls ? 443 : 80);
  return { wsHost: data["host"] || page.hostname, wsPort: port, wssPort: port, forceTLS: tls };
}

export function readRealtimeConfig(root: ParentNode, page: Location): RealtimeConfig | null {
  const data = root.querySelector<HTMLMetaElement>("meta[name=realtime]")?.dataset;
  if (!data?.["key"]) return null;
  const cluster = data["cluster"] ?? "";
  const options: Options = {
    cluster,
    ...(cluster ? { forceTLS: true } : address(data, page)),
    // The scheme is forceTLS's to say. With "wss" named as well, a plain host that is slow to answer
    // is tried with TLS after two seconds, which it does not speak.
    enabledTransports: ["ws"],
    unavailableTimeout: 6000,
    userAuthentication: {
      endpoint: data["userAuthEndpoint"] || "/realtime/user-auth",
      transport: "ajax",
      headersProvider: () => ({ "X-CSRFToken": csrfToken() }),
    },
    channelAuthorization: {
      endpoint: data["authEndpoint"] || "/realtime/auth",
      transport: "ajax",
      headersProvider: () => ({ "X-CSRFToken": csrfToken() }),
    },
  };
  return { key: data["key"], options, events: data["events"] ?? "" };
}
