import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLedger, type Ledger } from "../../service/ledger/createLedger.ts";
import { createRefusals, type RefusalLimits, type Refusals } from "../../service/pki/createRefusals.ts";
import { openStore, type Store } from "../../service/store/openStore.ts";
import { until } from "../support/until.ts";

describe("what refusals write into the ledger", () => {
  let home: string;
  let store: Store;
  let ledger: Ledger;
  let refusals: Refusals;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-refusals-"));
    store = openStore(join(home, "fleet.sqlite"));
    ledger = createLedger(store.db, Date.now);
  });
  afterEach(() => {
    refusals.close();
    store.close();
    rmSync(home, { recursive: true, force: true });
  });

  function start(limits?: RefusalLimits): void {
    refusals = createRefusals({
      store,
      ledger,
      onChange: () => undefined,
      log: (message, error) => assert.fail(`${message}: ${String(error)}`),
      ...(limits ? { limits } : {}),
    });
  }

  const stranger = (from: string): void =>
    refusals.note({ from, isMember: false, code: "no-certificate", request: "GET /v1/hosts" });
  const member = (from: string): void =>
    refusals.note({ from, isMember: true, code: "role-insufficient", request: "POST /v1/hosts" });
  const written = () =>
    ledger.after(0, 10_000).map((event) => event.payload as { from: string; code: string; count: number });

  it("names members, however many strangers there are", () => {
    start();
    for (let at = 0; at < 500; at += 1) stranger(`192.0.2.${at}`);
    for (const name of ["ada", "grace", "ada"]) member(name);
    refusals.close();
    const named = written().filter(({ code }) => code === "role-insufficient");
    assert.deepEqual(
      named.map(({ from, count }) => [from, count]),
      [
        ["ada", 1],
        ["grace", 1],
        ["ada", 1],
      ],
    );
  });

  it("counts strangers as one beyond a few addresses, and each of their refusals", () => {
    start();
    for (let at = 0; at < 500; at += 1) stranger(`192.0.2.${at}`);
    refusals.close();
    assert.equal(written().length, 22);
    assert.equal(
      written().reduce((sum, { count }) => sum + count, 0),
      500,
    );
  });

  it("stays small, though strangers come minute after minute, and still names members", async () => {
    start({ windowMs: 5, strangersApart: 5, strangerEventsPerDay: 12 });
    let at = 0;
    const spent = (): boolean => {
      for (let more = 0; more < 20; more += 1) stranger(`192.0.2.${(at += 1)}`);
      return written().filter(({ from }) => from !== "others").length >= 12;
    };
    await until(spent, "the day's events are spent");
    const others = () => written().filter(({ from }) => from === "others").length;
    const before = others();
    for (let more = 0; more < 1_000; more += 1) stranger(`198.51.100.${more}`);
    member("ada");
    assert.ok(others() <= before + 1);
    const names = written().map(({ from }) => from);
    assert.equal(names.filter((from) => from.startsWith("1")).length, 12);
    assert.ok(names.includes("ada"));
  });
});
