import type { Contact } from "./contact.ts";
import { gpusOf, type KnownHost } from "./fleetState.ts";
import { statusText } from "./statusText.ts";
import { hostWords } from "./words/hostWords.ts";

/** Whether a host has every word of the filter somewhere: in its name, address, status, or a GPU's name, processes or users. */
export function matchesFilter(host: KnownHost, contact: Contact, nowMs: number, filter: string): boolean {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return true;
  const { name, connection } = host.record;
  const address = connection.kind === "ssh" ? [connection.alias, connection.user ?? ""] : [hostWords.local];
  const gpus = gpusOf(host).flatMap((gpu) => [
    gpu.name,
    gpu.occupancy.kind,
    ...(gpu.occupancy.kind === "busy"
      ? gpu.occupancy.processes.flatMap(({ name, user }) => [name, user ?? ""])
      : []),
  ]);
  const text = [name, ...address, statusText(host, contact, nowMs), ...gpus].join("\n").toLowerCase();
  return wanted.every((word) => text.includes(word));
}
