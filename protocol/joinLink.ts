import { Refusal } from "./problem.ts";

/** What a join link holds: where, what to show, and by which CA to know the fleet. */
export interface JoinLink {
  /** `https://host:port` */
  url: string;
  /** One-use token. */
  token: string;
  /** SHA-256 of the CA certificate's DER, 64 lower-case hex digits. */
  caFingerprint: string;
}

/** The link as text. `scheme` is `hwledger`, or an editor's (`vscode`), whose links name the extension. */
export function formatJoinLink(link: JoinLink, scheme = "hwledger"): string {
  const authority = scheme === "hwledger" ? "join" : "hwledger.hwledger-fleet/join";
  const query = [
    `url=${encodeURIComponent(link.url)}`,
    `token=${encodeURIComponent(link.token)}`,
    `ca=${encodeURIComponent(link.caFingerprint)}`,
  ];
  return `${scheme}://${authority}?${query.join("&")}`;
}

/** Reads a join link of any scheme. Throws `link-invalid`, saying which part is wrong. */
export function parseJoinLink(text: string): JoinLink {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:join|[^?#]*\/join)\/?\?([^#]*)$/i.exec(text.trim());
  if (!match?.[1]) throw new Refusal("link-invalid", { reason: "It does not look like hwledger://join?…" });
  const fields = new Map<string, string>();
  for (const pair of match[1].split("&")) {
    const at = pair.indexOf("=");
    if (at > 0) fields.set(pair.slice(0, at), decode(pair.slice(at + 1)));
  }
  const url = fields.get("url") ?? "";
  const token = fields.get("token") ?? "";
  const caFingerprint = (fields.get("ca") ?? "").toLowerCase();
  const port = /^https:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(url)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new Refusal("link-invalid", { reason: "Its url is not https://address:port." });
  if (!/^[A-Za-z0-9_-]{20,200}$/.test(token))
    throw new Refusal("link-invalid", { reason: "Its token is not whole." });
  if (!/^[0-9a-f]{64}$/.test(caFingerprint))
    throw new Refusal("link-invalid", { reason: "Its CA fingerprint is not 64 hex digits." });
  return { url, token, caFingerprint };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal("link-invalid", { reason: "It holds a broken percent sign." });
  }
}
