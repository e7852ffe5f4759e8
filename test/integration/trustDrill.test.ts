import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificatesIn, fingerprintOf, followBundle } from "../../protocol/client/caChain.ts";
import { rotationPhases, type RotationPhase } from "../../protocol/ca.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { requestFor } from "../../protocol/client/makeCertificateRequest.ts";
import { upkeepDue } from "../../protocol/client/tendIdentity.ts";
import type { HostId, UserRole } from "../../protocol/ids.ts";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import { Refusal } from "../../protocol/problem.ts";
import { verifyLedger } from "../../service/ledger/verifyLedger.ts";
import { rsaKeyPem } from "../../service/pki/x509.ts";
import { Crash, openTrustWorld, type CrashPoint, type TrustWorld } from "../support/trustWorld.ts";

const dayMs = 86_400_000;
const days = 3 * 365;

/** Each is played once, at the first step of a rotation that passes it. */
const crashes: CrashPoint[] = [
  "before the announcement",
  "after the announcement",
  "before the change of authority",
  "between the change and its key",
  "before the retirement",
];

/** A member's machine. */
interface Machine {
  identity: Identity;
  asleep: (day: number) => boolean;
}

describe("three years of a fleet's trust", function () {
  this.timeout(300_000);
  let home: string;
  let world: TrustWorld;
  let nowMs = Date.UTC(2027, 0, 1);
  const start = nowMs;
  const machines = new Map<string, Machine>();
  /** All that members were ever given: one that was renewed stays good until it runs out. */
  const issued: Pick<Identity, "certificatePem" | "notAfterMs">[] = [];
  let pending: CrashPoint | null = null;
  const crashed: CrashPoint[] = [];
  // Real keys of a few machines; making one for each renewal is not what this is about.
  const keys = Array.from({ length: 4 }, () => rsaKeyPem(2048));
  let nextKey = 0;

  const open = (): TrustWorld =>
    openTrustWorld(
      home,
      () => nowMs,
      () => pending,
    );

  before(() => {
    home = mkdtempSync(join(tmpdir(), "hwledger-drill-"));
    world = open();
  });
  after(() => {
    world.close();
    rmSync(home, { recursive: true, force: true });
  });

  function request(): { keyPem: string; csrPem: string } {
    const keyPem = keys[nextKey++ % keys.length] ?? "";
    return { keyPem, csrPem: requestFor(keyPem, "drill") };
  }

  function linkFor(role: UserRole | "agent", wanted: string, lifetimeMs = 60_000): string {
    const purpose = role === "agent" ? { role, hostId: `h-${wanted.padStart(16, "0")}` as HostId } : { role };
    return world.tokens.create(purpose, lifetimeMs, "service").link;
  }

  function admit(
    role: UserRole | "agent",
    wanted: string,
    { asleep = () => false, link = linkFor(role, wanted) }: Partial<Machine & { link: string }> = {},
  ): void {
    const { token, url, caFingerprint } = parseJoinLink(link);
    // What a joiner is shown leads to the authority that its link names.
    const path = world.authority.joinPaths().find(({ fingerprint }) => fingerprint === caFingerprint);
    const [leaf = ""] = certificatesOf(world.serverChain());
    const named = certificatesOf(path?.pem ?? "").at(-1) ?? assert.fail("the link's authority is not shown");
    verify(named, leaf + (path?.pem ?? ""), "sslserver");
    const { keyPem, csrPem } = request();
    const as = role === "agent" ? "agent" : "user";
    const given = world.enrolment.join({ token, csrPem, name: wanted, as });
    assert.ok(certificatesIn(given.caPem).map(fingerprintOf).includes(caFingerprint));
    issued.push(given);
    machines.set(given.member, { identity: { ...given, keyPem, url, caFingerprint }, asleep });
  }

  /** What a member's program does each day, as `tendIdentity` does it over the network. */
  function tend(machine: Machine): void {
    const { identity } = machine;
    const { member } = identity;
    world.members.seen(member);
    const due = upkeepDue(identity, nowMs);
    if (due.bundle) {
      const bundle = world.bundleFor(identity.bundleToken ?? "");
      assert.ok(bundle, `${member} may not fetch the authorities`);
      const caPem = followBundle(identity.caPem, bundle, identity.url);
      // Not by the token alone.
      if (identity.notAfterMs > nowMs) world.members.trusts(member, certificatesIn(caPem).map(fingerprintOf));
      machine.identity = { ...identity, caPem, bundleSeenAtMs: nowMs };
    }
    if (due.certificate) renew(machine);
  }

  function renew(machine: Machine): void {
    const { member, notAfterMs } = machine.identity;
    const { keyPem, csrPem } = request();
    let given;
    if (notAfterMs > nowMs) given = world.enrolment.renew(member, csrPem);
    else {
      assert.throws(
        () => world.enrolment.comeBack(member, csrPem),
        (error) => error instanceof Refusal && error.code === "approval-needed",
      );
      const asking = world.members.list().find(({ name }) => name === member);
      world.members.approve(member, asking?.askedBackCode ?? "", "user/root");
      given = world.enrolment.comeBack(member, csrPem);
    }
    issued.push(given);
    // Authorities are followed by their signatures, not taken over.
    const { bundleSeenAtMs: _told, ...rest } = machine.identity;
    machine.identity = { ...rest, ...given, caPem: rest.caPem, keyPem };
  }

  /** Takes the steps that are due; killed where that is due, and started again. */
  async function advance(): Promise<void> {
    pending = crashes.find((point) => !crashed.includes(point)) ?? null;
    try {
      await world.rotation.advance();
    } catch (error) {
      if (!(error instanceof Crash) || pending === null) throw error;
      crashed.push(pending);
      pending = null;
      world.close();
      world = open();
      await world.rotation.advance();
    }
    pending = null;
  }

  /** openssl's word that one certificate leads to the authorities of another's file, at the drill's time. */
  function verify(trusted: string, chain: string, purpose: string): void {
    const [leaf = "", ...others] = certificatesOf(chain);
    verifyEach(trusted, [leaf], others, purpose);
  }

  /** The same for each of some certificates. */
  function verifyEach(trusted: string, leaves: string[], others: string[], purpose: string): void {
    const file = (name: string, text: string): string => {
      writeFileSync(join(home, name), text);
      return join(home, name);
    };
    const untrusted = others.length === 0 ? [] : ["-untrusted", file("others.pem", others.join("\n"))];
    execFileSync(
      "openssl",
      [
        ...["verify", "-attime", String(Math.floor(nowMs / 1_000)), "-purpose", purpose],
        ...["-CAfile", file("trusted.pem", trusted), ...untrusted],
        ...leaves.map((leaf, at) => file(`leaf-${at}.pem`, leaf)),
      ],
      { stdio: "pipe" },
    );
  }

  /** Members' certificates in force, those beside their newest too. */
  const inForce = (): string[] =>
    issued.filter(({ notAfterMs }) => notAfterMs > nowMs).map(({ certificatePem }) => certificatePem);

  function verifyAll(): void {
    const chain = world.serverChain();
    for (const { identity } of machines.values()) verify(identity.caPem, chain, "sslserver");
  }

  /** With the authorities that the service trusts; none is retired while something in force hangs on it. */
  function verifyMembers(): void {
    verifyEach(world.authority.trustedPem(), inForce(), [], "sslclient");
  }

  it("passes with every rotation, renewal and crash, and nobody is lost", async () => {
    for (const name of ["root", "ada", "grace"]) admit(name === "root" ? "admin" : "operator", name);
    for (const name of ["1", "2", "3"]) admit("agent", name);
    admit("agent", "4", { asleep: (day) => day >= 200 && day < 400 });
    admit("viewer", "sleepyhead", { asleep: (day) => day >= 500 && day < 620 });
    const asToday = () => ({
      phase: world.rotation.bundle().phase,
      links: Array.from({ length: 2 }, () => linkFor("viewer", "", 2 * dayMs)),
    });
    const joinedIn = new Set<RotationPhase>();
    let yesterday = asToday();
    for (let day = 1; day <= days; day += 1) {
      nowMs = start + day * dayMs;
      const trusted = world.authority.trustedPem();
      await advance();
      if (world.authority.trustedPem() !== trusted) verifyMembers();
      // In the first of each phase somebody joins by a fresh link, and somebody by one from the day before.
      const joinInPhase = () => {
        const { phase } = world.rotation.bundle();
        if (phase === yesterday.phase || joinedIn.has(phase)) return;
        joinedIn.add(phase);
        admit("operator", `midway-${phase}`);
        admit("viewer", `by-an-older-link-${phase}`, { link: yesterday.links.pop()! });
      };
      joinInPhase();
      for (const machine of machines.values()) {
        if (!machine.asleep(day)) tend(machine);
        joinInPhase();
      }
      if (joinedIn.size < rotationPhases.length) yesterday = asToday();
      if (day % 30 === 0) verifyAll();
    }
    assert.deepEqual([...joinedIn].sort(), [...rotationPhases].sort());
    assert.deepEqual(crashed, crashes);
  });

  it("ends with everybody in who should be, by certificates that verify", () => {
    verifyAll();
    verifyMembers();
    for (const { identity } of machines.values())
      assert.ok(identity.notAfterMs > nowMs, `${identity.member} has run out`);
    const good = inForce();
    assert.ok(good.length > machines.size, "some have two");
    for (const certificatePem of good) assert.ok(world.enrolment.accepts(certificatePem));
    assert.equal(machines.size, 8 + 2 * rotationPhases.length);
  });

  it("knows of each which authorities it trusts", () => {
    for (const { identity } of machines.values()) {
      const told = JSON.parse(world.table.row(identity.member)?.trusts ?? "") as string[];
      assert.deepEqual(told, certificatesIn(identity.caPem).map(fingerprintOf), identity.member);
    }
  });

  it("writes what a member trusts only where it is something else than before", () => {
    const changes = world.store.db.prepare<[], number>("SELECT total_changes()").pluck();
    const before = changes.get();
    const { trusts } = world.table.row("root") ?? assert.fail("no row");
    world.members.trusts("root", JSON.parse(trusts) as string[]);
    assert.equal(changes.get(), before);
    world.members.trusts("root", []);
    assert.notEqual(changes.get(), before);
  });

  it("has renewed hundreds of times and rotated every 90 days", () => {
    const count = (type: string): number =>
      world.store.db
        .prepare<[string], number>("SELECT count(*) FROM events WHERE type = ?")
        .pluck()
        .get(type) ?? 0;
    assert.ok(count("member.renewed") > 200, `${count("member.renewed")} renewals`);
    assert.ok(count("ca.issuing") >= 11, `${count("ca.issuing")} rotations`);
    assert.ok(count("ca.retired") >= 9, `${count("ca.retired")} retirements`);
    assert.deepEqual([count("member.asked-back"), count("member.approved")], [2, 2]);
  });

  it("has nothing valid that hangs on a retired authority, and the keys of none but the one that signs", () => {
    for (const { fingerprint, state } of world.cas.list())
      if (state === "retired") assert.equal(world.cas.validCertificates(fingerprint, nowMs), 0);
    const states = world.cas.list().map(({ state }) => state);
    assert.equal(states.filter((state) => state === "issuing").length, 1);
    const names = readdirSync(join(home, "keys")).sort();
    assert.ok(["ca.json", "ca-next.json,ca.json"].includes(names.join()), names.join());
  });

  it("has a ledger that holds", async () => {
    assert.equal((await verifyLedger(world.store.db)).ok, true);
  });
});

function certificatesOf(pem: string): string[] {
  return pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n?/g) ?? [];
}
