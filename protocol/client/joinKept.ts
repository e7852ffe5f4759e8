import { existsSync, readFileSync, rmSync } from "node:fs";
import * as z from "zod";
import { parseJoinLink } from "../joinLink.ts";
import { Refusal } from "../problem.ts";
import type { Identity } from "./identity.ts";
import { isJoinOver } from "./isJoinOver.ts";
import { joinFleet } from "./joinFleet.ts";
import { makeCertificateRequest, type CertificateRequest } from "./makeCertificateRequest.ts";
import { writePrivateFile } from "./writePrivateFile.ts";

/** How a program joins, and where it keeps what it joins with. */
export interface KeptJoin {
  /** Where key and request lie until the membership is kept. */
  pendingFile: string;
  name: string;
  as: "user" | "agent";
  /** The membership there is: only its fleet may be joined again. */
  kept: Identity | null;
  keep: (identity: Identity) => void;
}

/**
 * Joins by a link and keeps the membership. A try that was cut off goes on with the same key, also after a restart: the
 * token is bound to it at its first use. Rejects as `joinFleet` does.
 */
export async function joinKept(link: string, join: KeptJoin): Promise<Identity> {
  const { pendingFile, name, as, kept } = join;
  const { token } = parseJoinLink(link);
  const request = readRequest(pendingFile, token) ?? (await makeCertificateRequest(name));
  writePrivateFile(pendingFile, JSON.stringify({ token, ...request }));
  const only = kept ? { fleetId: kept.fleetId, known: [kept] } : {};
  const attempt = () => joinFleet(link, { name, request, as, ...only });
  const again = (error: unknown) => {
    if (error instanceof Refusal && error.code === "service-unreachable") return attempt();
    throw error;
  };
  const identity = await attempt()
    .catch(again)
    .catch((error: unknown) => {
      if (isJoinOver(error)) rmSync(pendingFile, { force: true });
      throw error;
    });
  join.keep(identity);
  rmSync(pendingFile, { force: true });
  return identity;
}

/** The certificate request of an earlier try with this token, whose answer may have been lost. */
function readRequest(file: string, token: string): CertificateRequest | null {
  if (!existsSync(file)) return null;
  const kept = pendingSchema.safeParse(parsed(readFileSync(file, "utf8")));
  return kept.success && kept.data.token === token ? kept.data : null;
}

/** What JSON text says; null where it says nothing, as after a write that was cut off. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const pendingSchema = z.object({ token: z.string(), keyPem: z.string(), csrPem: z.string() });
