import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** File names that are easily taken for something else. */
export const awkwardNames = [
  "naïve ☃ 火.txt",
  "two\nlines",
  "quote'\"$HOME`id`",
  "-rf",
  " space ",
  `${"deep/".repeat(40)}${"n".repeat(200)}`,
];

/** A folder that somebody dispatches from. */
export interface SourceTree {
  root: string;
  /** Writes a file, by default with its name in it, and gives its path. */
  put(name: string, text?: string): string;
  /** Runs git in it. */
  git(...args: string[]): void;
  remove(): void;
}

/** A new and empty one, in no git work tree. */
export function aSourceTree(): SourceTree {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "hwledger-workspace-")));
  return {
    root,
    put(name, text = name) {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    git(...args) {
      execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        stdio: "pipe",
      });
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
