import * as z from "zod";
import { programVersion } from "../../protocol/version.ts";

/** Version of the backup's format; a higher one is refused by name. */
export const backupVersion = 1;

/** The archive's first entry, and the second, which has the first one's SHA-256 as `sha256sum -c` reads it. */
export const manifestNames = { manifest: "manifest.json", sum: "manifest.sha256" } as const;

/** The database's name in data folder and archive. */
export const databaseName = "fleet.sqlite";

/** Said in the manifest, which is the first that anybody sees of the file. */
export const notice =
  "SECRET: this file holds the private key of the fleet's CA and the owner's membership. Who has it can make members " +
  "of the fleet and run code on its hosts. Keep it as you would keep that key.";

/** Folders whose files are backed up, each flat. */
export const backedUpFolders = ["keys", "ssh", "logs"] as const;

/** Files beside them that are copied where they are there. */
export const backedUpFiles = ["identity.json", "listen"] as const;

/** A file's name in one of the folders: no path, nothing hidden, short enough for the oldest tar. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

/** Whether a backup may hold a file of this name: the only ones that are read from or written into a data folder. */
export function isBackedUpName(name: string): boolean {
  if (name === databaseName || backedUpFiles.some((one) => one === name)) return true;
  const [folder, file, ...rest] = name.split("/");
  const isFolder = backedUpFolders.some((one) => one === folder);
  return isFolder && file !== undefined && rest.length === 0 && plainName.test(file);
}

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const fileSchema = z.strictObject({
  name: z.string().refine(isBackedUpName, "it is no file of a data folder"),
  bytes: z.int().min(0),
  sha256: sha256Schema,
});

/** What a backup says of itself, and of every file that it holds, in their order. */
export const manifestSchema = z.strictObject({
  format: z.literal("hwledger-backup"),
  version: z.literal(backupVersion),
  notice: z.string(),
  /** The program's version. */
  program: z.string(),
  madeAtMs: z.int(),
  fleetId: z.string().min(1),
  caFingerprint: sha256Schema,
  ledger: z.strictObject({ events: z.int().min(1), head: sha256Schema }),
  /** Whether the jobs' logs are in it. */
  logs: z.boolean(),
  files: z
    .array(fileSchema)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, "a file is named twice")
    .refine((files) => files.some(({ name }) => name === databaseName), "it names no database"),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type BackedUpFile = z.infer<typeof fileSchema>;

/** What is known of a fleet when it is backed up. */
export type ManifestFacts = Omit<Manifest, "format" | "version" | "notice" | "program">;

/** The manifest of a backup made by this program. */
export function makeManifest(facts: ManifestFacts): Manifest {
  return { format: "hwledger-backup", version: backupVersion, notice, program: programVersion, ...facts };
}

/** What the beginning of an archive turned out to be. */
export type ReadManifest =
  { kind: "manifest"; manifest: Manifest } | { kind: "newer"; version: number } | { kind: "foreign" };

/** Reads a manifest's text. */
export function readManifest(text: string): ReadManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "foreign" };
  }
  const head = z.object({ format: z.literal("hwledger-backup"), version: z.int() }).safeParse(value);
  if (!head.success) return { kind: "foreign" };
  if (head.data.version > backupVersion) return { kind: "newer", version: head.data.version };
  const parsed = manifestSchema.safeParse(value);
  return parsed.success ? { kind: "manifest", manifest: parsed.data } : { kind: "foreign" };
}

/** The exact size of an archive with entries of these sizes: a head and whole blocks for each, two blocks at the end. */
export function archiveBytes(sizes: readonly number[]): number {
  return sizes.reduce((sum, bytes) => sum + 512 + Math.ceil(bytes / 512) * 512, 1_024);
}
