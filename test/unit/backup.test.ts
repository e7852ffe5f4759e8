import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { pack } from "tar-stream";
import { Refusal } from "../../protocol/problem.ts";
import type { NewEvent } from "../../protocol/ledger/events.ts";
import { checkFleet } from "../../service/backup/checkFleet.ts";
import {
  archiveBytes,
  databaseName,
  isBackedUpName,
  makeManifest,
  readManifest,
} from "../../service/backup/manifest.ts";
import { settleAttempts, Unsettled, untilSettled } from "../../service/backup/untilSettled.ts";
import { layoutOf } from "../../service/homeLayout.ts";
import { createLedger } from "../../service/ledger/createLedger.ts";
import { openCaFiles } from "../../service/pki/caFiles.ts";
import { openStore } from "../../service/store/openStore.ts";
import { refusalOf } from "../support/refusalOf.ts";

const sha256 = "0".repeat(64);
const aManifest = () =>
  makeManifest({
    madeAtMs: 0,
    fleetId: "f",
    caFingerprint: sha256,
    ledger: { events: 1, head: sha256 },
    logs: true,
    files: [{ name: "fleet.sqlite", bytes: 1, sha256 }],
  });

describe("a backup's manifest", () => {
  it("names nothing but files of a data folder", () => {
    for (const name of [
      "fleet.sqlite",
      "identity.json",
      "listen",
      "keys/ca.json",
      "logs/j-0.log",
      "ssh/known_hosts",
    ])
      assert.ok(isBackedUpName(name), name);
    const others = [
      "",
      ".",
      "..",
      "keys",
      "keys/",
      "keys/.",
      "keys/..",
      "keys/.x",
      "keys/a/b",
      "keys\\a",
      "/keys/a",
    ];
    const more = [
      "../keys/a",
      "service.json",
      "fleet.sqlite-wal",
      "logs/a\0",
      "logs/a\nb",
      `keys/${"a".repeat(81)}`,
    ];
    for (const name of [...others, ...more]) assert.ok(!isBackedUpName(name), name);
  });

  it("allows no name that leaves its folder, whatever it is made of", () => {
    const part = fc.constantFrom("keys", "logs", "..", ".", "/", "\\", "a", ":", "\0", "ca.json");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const name = parts.join("");
        if (isBackedUpName(name)) assert.match(name, /^[\w.-]+(\/[A-Za-z0-9][\w.-]*)?$/);
      }),
    );
  });

  it("is read as it was made, and as foreign or newer where it is another", () => {
    const manifest = aManifest();
    assert.deepEqual(readManifest(JSON.stringify(manifest)), { kind: "manifest", manifest });
    assert.deepEqual(readManifest(JSON.stringify({ ...manifest, version: 7 })), {
      kind: "newer",
      version: 7,
    });
    const [file] = manifest.files;
    for (const other of [
      { ...manifest, format: "tar" },
      { ...manifest, more: 1 },
      { ...manifest, files: [] },
      { ...manifest, files: [file, file] },
      { ...manifest, files: [{ ...file, name: "../x" }] },
      { ...manifest, files: [{ ...file, bytes: -1 }] },
    ])
      assert.equal(readManifest(JSON.stringify(other)).kind, "foreign");
    for (const text of ["", "null", "[]", "{"]) assert.equal(readManifest(text).kind, "foreign");
  });

  it("tells the exact size of its archive", async () => {
    for (const sizes of [[], [0], [1], [512], [513, 0, 1_024]]) {
      const tar = pack();
      for (const [at, size] of sizes.entries()) tar.entry({ name: `keys/${at}`, size }, Buffer.alloc(size));
      tar.finalize();
      assert.equal(archiveBytes(sizes), (await buffer(tar)).length);
    }
  });
});

describe("what a backup takes", () => {
  it("is all of a data folder but what belongs to a running service, and what hosts did", () => {
    const layout = layoutOf("/fleet");
    const { directory, lock, serviceFile, serviceLog, startLog, stoppedMark, partials, metrics, ...taken } =
      layout;
    for (const path of [directory, lock, serviceFile, serviceLog, startLog, stoppedMark, partials, metrics])
      assert.ok(!isBackedUpName(relative(directory, path)), path);
    for (const path of Object.values(taken)) {
      const name = relative(directory, path);
      assert.ok(isBackedUpName(name) || isBackedUpName(`${name}/file`), path);
    }
    assert.equal(layout.database, join(directory, databaseName));
  });

  it("has the CA that its ledger names last, wherever in keys/ that is", async () => {
    const directory = mkdtempSync(join(tmpdir(), "hwledger-cas-"));
    try {
      const [first, second] = ["a", "b"].map((one) =>
        openCaFiles(join(directory, one), () => "f", 0).current(),
      );
      const database = join(directory, databaseName);
      const store = openStore(database);
      const ledger = createLedger(store.db, () => 0);
      const append = (event: NewEvent) => store.transact(() => ledger.append(event));
      const byService = { actor: "service" };
      const keys = new Map([["keys/ca.json", JSON.stringify(first)]]);
      assert.equal((await checkFleet(database, keys)).kind, "empty");
      const made = { fleetId: "f", caFingerprint: first!.fingerprint };
      append({ type: "fleet.created", ...byService, payload: made });
      const created = await checkFleet(database, keys);
      assert.ok(created.kind === "sound" && created.fleet.caFingerprint === first!.fingerprint);
      const next = { fingerprint: second!.fingerprint, generation: 2 };
      append({ type: "ca.issuing", ...byService, payload: next });
      assert.equal((await checkFleet(database, keys)).kind, "without-ca");
      const changed = await checkFleet(database, keys.set("keys/ca-next.json", JSON.stringify(second)));
      assert.ok(changed.kind === "sound" && changed.fleet.caFingerprint === second!.fingerprint);
      store.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("copying what may change meanwhile", () => {
  const noWait = (): Promise<void> => Promise.resolve();

  it("is done anew until nothing changed", async () => {
    let tries = 0;
    const attempt = (): Promise<string> => {
      tries += 1;
      return tries < settleAttempts
        ? Promise.reject(new Unsettled("keys/ca.json"))
        : Promise.resolve("copied");
    };
    assert.equal(await untilSettled(attempt, noWait), "copied");
    assert.equal(tries, settleAttempts);
  });

  it("ends after so many times, and says what kept changing", async () => {
    let tries = 0;
    const attempt = (): Promise<never> => {
      tries += 1;
      return Promise.reject(new Unsettled("keys/ca.json"));
    };
    const { code, facts } = await refusalOf(untilSettled(attempt, noWait));
    assert.deepEqual([code, facts["what"], facts["attempts"]], ["backup-unsettled", "keys/ca.json", tries]);
  });

  it("says what is wrong where it stays so, and passes every other failure on at once", async () => {
    const lasting = new Refusal("backup-unsound", { home: "/h", reason: "no CA" });
    assert.equal(
      await refusalOf(untilSettled(() => Promise.reject(new Unsettled("keys/", lasting)), noWait)),
      lasting,
    );
    const other = new Refusal("storage-full");
    assert.equal(await refusalOf(untilSettled(() => Promise.reject(other), noWait)), other);
  });
});
