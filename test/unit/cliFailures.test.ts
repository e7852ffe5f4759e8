import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError, InvalidArgumentError } from "commander";
import { Refusal, RemoteProblem, problemOf } from "../../protocol/problem.ts";
import { failureProblem } from "../../service/cli/failureProblem.ts";
import { durationUpTo, hostKeyOption, hostOption, newHostName } from "../../service/cli/options.ts";
import { readMembership } from "../../service/cli/readMembership.ts";

const facts = { command: "hwledger host add", debug: false };

describe("what makes a command fail", () => {
  it("becomes a usage problem that names the command's own help", () => {
    const error = new CommanderError(1, "commander.unknownOption", "error: unknown option '--bogus'");
    const { code, detail, next } = failureProblem(error, facts);
    assert.deepEqual([code, detail], ["usage", "unknown option '--bogus'."]);
    assert.equal(next, "`hwledger host add --help` shows how it goes.");
    assert.equal(failureProblem(new Refusal("usage", { reason: "Say what." }), facts).next, next);
  });

  it("passes the service's problem on as it came", () => {
    const problem = problemOf("host-busy", { host: "box", jobs: 2 });
    assert.equal(failureProblem(new RemoteProblem(problem), facts), problem);
  });

  it("names the file and the reason, without a stack, where a file cannot be used", () => {
    const folder = mkdtempSync(join(tmpdir(), "hwl-cli-"));
    const reasonOf = (act: () => unknown): string => {
      try {
        act();
      } catch (error) {
        return failureProblem(error, facts).detail;
      }
      throw new Error("it worked");
    };
    try {
      const file = join(folder, "file");
      writeFileSync(file, "");
      assert.equal(
        reasonOf(() => readFileSync(join(file, "x"))),
        `${join(file, "x")}: a part of its path is a file, not a folder.`,
      );
      assert.equal(
        reasonOf(() => readMembership(folder)),
        `${folder}: it is a folder, not a file.`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("tells a full disk, a damaged database and one in use from each other", () => {
    const codes = ["SQLITE_FULL", "SQLITE_NOTADB", "SQLITE_CORRUPT_VTAB", "SQLITE_BUSY"];
    const titles = codes.map((code) => failureProblem(Object.assign(new Error("x"), { code }), facts).title);
    const damaged = "The fleet's database is damaged";
    const inUse = "The fleet's database is in use by another program";
    assert.deepEqual(titles, ["The service's disk is full", damaged, damaged, inUse]);
  });

  it("shows the stack of what nobody foresaw only to those who ask for it", () => {
    const error = new TypeError("first\nsecond");
    assert.equal(failureProblem(error, facts).detail, "TypeError: first");
    assert.match(failureProblem(error, facts).next, /HWLEDGER_DEBUG=1/);
    assert.equal(failureProblem(error, { ...facts, debug: true }).detail, error.stack);
  });
});

describe("a membership file", () => {
  it("that is damaged is a problem that names it, whatever the damage", () => {
    const folder = mkdtempSync(join(tmpdir(), "hwl-cli-"));
    const file = join(folder, "identity.json");
    const plausible = {
      url: "https://127.0.0.1:1",
      fleetId: "f",
      caFingerprint: "0".repeat(64),
      caPem: "x",
      certificatePem: "x",
      keyPem: "x",
      member: "ada",
      role: "admin",
      notAfterMs: 1,
    };
    try {
      assert.equal(readMembership(file), null);
      for (const text of ["", "{", "{}", "null", "[]", JSON.stringify(plausible)]) {
        writeFileSync(file, text);
        assert.throws(
          () => readMembership(file),
          (error: unknown) =>
            error instanceof RemoteProblem &&
            error.problem.code === "not-joined" &&
            error.problem.detail.startsWith(`${file} `),
          text,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("option values", () => {
  it("end where the service's limits do", () => {
    assert.equal(durationUpTo("24h")("24h"), 86_400_000);
    assert.throws(() => durationUpTo("24h")("25h"), /at most 24h/);
    assert.throws(() => durationUpTo("24h")("soon"), InvalidArgumentError);
  });

  it("name hosts and keys, and nothing that an unset variable leaves", () => {
    assert.equal(hostOption("box"), "box");
    for (const text of ["", "  "]) assert.throws(() => hostOption(text), /empty/);
    assert.equal(newHostName("a.b_c-1"), "a.b_c-1");
    for (const text of ["", "-x", "a b", "a/b", "x".repeat(64)]) assert.throws(() => newHostName(text), text);
    const key = `SHA256:${"A".repeat(43)}`;
    assert.equal(hostKeyOption(key), key);
    for (const text of ["", "MD5:00:11", `${key}=`, key.slice(0, -1)])
      assert.throws(() => hostKeyOption(text), text);
  });
});
