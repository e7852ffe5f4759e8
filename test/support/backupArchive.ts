import { createHash } from "node:crypto";
import { createReadStream, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { extract, pack, type Header } from "tar-stream";
import { readManifest, type Manifest } from "../../service/backup/manifest.ts";

/** An entry of an archive with what it holds. */
export interface HeldEntry {
  header: Partial<Header> & Pick<Header, "name">;
  content: Buffer;
}

/** All entries of a tar file. */
export async function readEntries(file: string): Promise<HeldEntry[]> {
  const tar = extract();
  createReadStream(file).pipe(tar);
  const entries: HeldEntry[] = [];
  for await (const entry of tar) {
    const { name, type, mode } = entry.header;
    entries.push({ header: { name, type, mode }, content: await buffer(entry) });
  }
  return entries;
}

/** Writes them as a tar file. */
export async function writeEntries(file: string, entries: readonly HeldEntry[]): Promise<void> {
  const tar = pack();
  for (const { header, content } of entries) tar.entry({ ...header, size: content.length }, content);
  tar.finalize();
  writeFileSync(file, await buffer(tar));
}

/** The manifest that a backup begins with. */
export function manifestOf(entries: readonly HeldEntry[]): Manifest {
  const read = readManifest(entries[0]!.content.toString("utf8"));
  if (read.kind !== "manifest") throw new Error("it does not begin with a manifest");
  return read.manifest;
}

/** The same files with another manifest and its sum. */
export function withManifest(entries: readonly HeldEntry[], manifest: unknown): HeldEntry[] {
  const text = Buffer.from(JSON.stringify(manifest));
  const sum = `${sha256Of(text)}  manifest.json\n`;
  return [
    { header: { name: "manifest.json" }, content: text },
    { header: { name: "manifest.sha256" }, content: Buffer.from(sum) },
    ...entries.slice(2),
  ];
}

/** The backup with other content for a file, and a manifest that says so: what a forger would make. */
export function withContent(entries: readonly HeldEntry[], name: string, content: Buffer): HeldEntry[] {
  const changed = entries.map((entry) => (entry.header.name === name ? { ...entry, content } : entry));
  const manifest = manifestOf(entries);
  const files = manifest.files.map((file) =>
    file.name === name ? { name, bytes: content.length, sha256: sha256Of(content) } : file,
  );
  return withManifest(changed, { ...manifest, files });
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
