import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SizeFigure } from "./benchReport.ts";

const limitBytes = 15_000_000;

/** Size of the newest packaged extension in a folder. */
export function vsixFigure(folder: string): SizeFigure {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".vsix")) : [];
  const newest = files
    .map((file) => ({ file, ...statOf(join(folder, file)) }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs)[0];
  if (!newest) return { kind: "unavailable", reason: "there is none yet: run `npm run build`", limitBytes };
  const { file, bytes } = newest;
  return { kind: "measured", file, bytes, limitBytes, met: bytes < limitBytes };
}

function statOf(path: string): { bytes: number; modifiedMs: number } {
  const { size, mtimeMs } = statSync(path);
  return { bytes: size, modifiedMs: mtimeMs };
}
