import { programVersion, protocolVersion } from "../../protocol/version.ts";
import { gpusOf, type FleetState, type KnownHost } from "./fleetState.ts";
import type { Contact } from "./contact.ts";
import type { Profile } from "./profile.ts";
import { redact, type Redaction } from "./redact.ts";
import { diagnosticsWords } from "./words/diagnosticsWords.ts";

/** What the diagnostics are made from. */
export interface DiagnosticFacts {
  /** Name and version of the editor, and where the extension runs. */
  editor: Record<string, string>;
  settings: Record<string, unknown>;
  /** Those of the settings that say where something lies: only whether they are set is told. */
  pathSettings: readonly string[];
  profiles: readonly Profile[];
  shown: Profile | null;
  fleet: FleetState | null;
  contact: Contact | null;
  log: readonly string[];
  /** The person's own folder and account, to be hidden. */
  homeFolder: string;
  account: string;
}

/** A document for a report of a fault: enough to understand it, without names, addresses, paths, keys or tokens. */
export function diagnosticsText(facts: DiagnosticFacts): string {
  const { editor, settings, pathSettings, profiles, shown, fleet, contact, log } = facts;
  const hosts = fleet ? [...fleet.hosts.values()] : [];
  const { titles } = diagnosticsWords;
  const sections: [string, string[]][] = [
    [titles.versions, [diagnosticsWords.versions(programVersion, protocolVersion), ...entries(editor)]],
    [titles.settings, entries(withoutPaths(settings, pathSettings))],
    [
      titles.fleets,
      profiles.map((profile, index) =>
        diagnosticsWords.fleet(
          index + 1,
          profile.identity.role,
          profile.home !== null,
          profile === shown,
          new Date(profile.identity.notAfterMs).toISOString(),
        ),
      ),
    ],
    [titles.contact, [contactText(contact)]],
    [titles.hosts, hosts.map((host, index) => hostText(host, index))],
    [titles.jobs, [diagnosticsWords.jobs(fleet?.jobs.size ?? 0, jobStates(fleet))]],
    [titles.log, [...log]],
  ];
  const text = sections
    .map(
      ([title, lines]) =>
        `## ${title}\n\n${(lines.length === 0 ? ["none"] : lines).map((line) => `- ${line}`).join("\n")}`,
    )
    .join("\n\n");
  return diagnosticsWords.document(redact(text, redactionOf(facts, hosts)));
}

function entries(values: Record<string, unknown>): string[] {
  return Object.entries(values).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}

function withoutPaths(
  settings: Record<string, unknown>,
  pathSettings: readonly string[],
): Record<string, unknown> {
  const told = (name: string, value: unknown) =>
    pathSettings.includes(name) ? (value ? "set" : diagnosticsWords.notSet) : value;
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, told(name, value)]));
}

function contactText(contact: Contact | null): string {
  if (contact === null) return "none";
  if (contact.kind === "lost" || contact.kind === "refused")
    return `${contact.kind}: ${contact.problem.code}: ${contact.problem.detail}`;
  return contact.kind;
}

function hostText(host: KnownHost, index: number): string {
  const { record, reading } = host;
  const gpus = gpusOf(host).map(
    ({ vendor, name, driverVersion }) => `${vendor} ${name} (${driverVersion ?? diagnosticsWords.noDriver})`,
  );
  // The reason names the machine as ssh knows it.
  const code = record.status.kind === "unreachable" ? ` (${record.status.code})` : "";
  return [
    diagnosticsWords.host(index + 1, record.connection.kind, `${record.status.kind}${code}`, record.probe),
    reading ? diagnosticsWords.reading(reading.os, reading.cadenceMs) : diagnosticsWords.noReading,
    reading?.gpuProblem
      ? diagnosticsWords.gpuProblem(reading.gpuProblem.code, reading.gpuProblem.detail)
      : "",
    gpus.join("; "),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function jobStates(fleet: FleetState | null): string {
  const counts = new Map<string, number>();
  for (const { state } of fleet?.jobs.values() ?? []) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ") || "none";
}

function redactionOf({ profiles, homeFolder, account }: DiagnosticFacts, hosts: KnownHost[]): Redaction {
  const names = [
    { text: homeFolder, as: "~" },
    { text: account, as: "<account>" },
    ...profiles.flatMap(({ identity, label }, index) => [
      { text: identity.member, as: "<member>" },
      { text: label, as: `<fleet ${index + 1}>` },
      { text: new URL(identity.url).hostname, as: "<service>" },
    ]),
    ...hosts.flatMap(({ record: { name, connection } }, index) => [
      { text: name, as: `<host ${index + 1}>` },
      ...(connection.kind === "ssh"
        ? [connection.alias, connection.user ?? ""].map((text) => ({ text, as: `<host ${index + 1}>` }))
        : []),
    ]),
  ];
  return { names };
}
