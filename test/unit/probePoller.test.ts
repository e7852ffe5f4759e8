import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { hostStatus } from "../../protocol/hostStatus.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { createProber } from "../../service/probe/createProber.ts";
import { probeRetryDelayMs } from "../../service/probe/probeRetryDelay.ts";
import type { ProbeFailure } from "../../service/probe/probeParts.ts";
import type { HostShell, ShellExit, ShellTarget } from "../../service/ssh/hostShell.ts";

const target: ShellTarget = {
  id: "h-00000000000000bb" as HostId,
  name: "box",
  connection: { kind: "local" },
};
const on = [{ target, probe: "on" as const }];

/** A clock that stands still until a test moves it. */
function aClock() {
  let nowMs = 1_000_000;
  const timers = new Map<() => void, number>();
  return {
    now: () => nowMs,
    setTimer(run: () => void, delayMs: number) {
      const timer = () => {
        run();
      };
      timers.set(timer, nowMs + delayMs);
      return () => timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(ms: number) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settled();
        const due = [...timers].filter(([, at]) => at <= untilMs).sort((a, b) => a[1] - b[1])[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        nowMs = Math.max(nowMs, due[1]);
        due[0]();
      }
      nowMs = untilMs;
      await settled();
    },
  };
}

/** Lets everything run that waits for nothing but a promise or a stream. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A shell whose answers the test writes. */
class ScriptedShell implements HostShell {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly exited: Promise<ShellExit>;
  isClosed = false;
  #exit!: (exit: ShellExit) => void;
  #lose!: (error: Error) => void;

  constructor() {
    this.exited = new Promise((resolve, reject) => {
      this.#exit = resolve;
      this.#lose = reject;
    });
  }
  close(): void {
    this.isClosed = true;
    this.exit(0);
  }
  exit(code: number): void {
    this.#exit({ code, signal: null });
  }
  lose(): void {
    this.#lose(new Refusal("host-connection-lost", { host: "box", reason: "reset" }));
  }
  /** The script's seconds from tick to tick. */
  get everyS(): number {
    this.#script += String(this.stdin.read() ?? "");
    return Number(/every=(\d+)/.exec(this.#script)?.[1]);
  }
  #script = "";
  async hello(): Promise<void> {
    this.#script += String(this.stdin.read() ?? "");
    const nonce = /nonce=([0-9a-f]+)/.exec(this.#script)?.[1] ?? "";
    this.stdout.write(`motd\n\nhwledger-probe ${nonce}\nH tool none\n`);
    await this.tick();
  }
  async tick(): Promise<void> {
    this.stdout.write("P cpu  1 1 1 1\nM 9 8 7 - - - -\nC - - -\nU 1.0\nT\n");
    await settled();
  }
}

function aProber(answers: (Refusal | Error | "shell")[] = []) {
  const clock = aClock();
  const shells: ScriptedShell[] = [];
  const readings: HostReading[] = [];
  const failures: ProbeFailure[] = [];
  let attempts = 0;
  const prober = createProber({
    shells: {
      openShell: () => {
        const answer = answers[attempts] ?? "shell";
        attempts += 1;
        if (answer !== "shell") return Promise.reject(answer);
        const shell = new ScriptedShell();
        shells.push(shell);
        return Promise.resolve(shell);
      },
    },
    now: clock.now,
    setTimer: (run, delayMs) => clock.setTimer(run, delayMs),
    random: () => 0.5,
    onReading: (reading) => readings.push(reading),
    onFailure: (_, failure) => failures.push(failure),
  });
  const shell = (at: number) => {
    const found = shells.at(at);
    assert.ok(found, `no shell ${at}`);
    return found;
  };
  const status = () => hostStatus(prober.signals(target.id), clock.now());
  return { prober, clock, shells, shell, readings, failures, status, attempts: () => attempts };
}

const unreachable = new Refusal("host-unreachable", { host: "box", address: "box", reason: "refused" });

describe("the prober", () => {
  it("does nothing for a host whose probe is off", async () => {
    const { prober, clock, attempts } = aProber();
    prober.setHosts([{ target, probe: "off" }]);
    await clock.advance(600_000);
    assert.equal(attempts(), 0);
    assert.equal(hostStatus(prober.signals(target.id), clock.now()).kind, "never");
  });

  it("asks every 15 s, every second while somebody looks, and slows down a while after", async () => {
    const { prober, clock, shell, shells, status } = aProber();
    prober.setHosts(on);
    await settled();
    assert.equal(shell(0).everyS, 15);
    await shell(0).hello();
    const unwatch = prober.watch(target.id);
    await settled();
    assert.equal(shell(0).isClosed, true);
    assert.equal(shell(1).everyS, 1);
    await clock.advance(8_000);
    assert.equal(status().kind, "online", "the quick cadence counts from its first tick");
    await shell(1).hello();
    assert.equal(prober.signals(target.id).cadenceMs, 1_000);
    unwatch();
    await clock.advance(2_000);
    assert.equal(shells.length, 2);
    const unwatchAgain = prober.watch(target.id);
    await shell(1).tick();
    await clock.advance(5_000);
    assert.equal(shells.length, 2, "a view closed for a moment changes nothing");
    await shell(1).tick();
    unwatchAgain();
    await clock.advance(5_000);
    assert.equal(shell(2).everyS, 15);
    await prober.stop();
  });

  it("tries again with growing pauses, and says each time why", async () => {
    const { prober, clock, failures, attempts, status } = aProber(
      Array.from({ length: 20 }, () => unreachable),
    );
    prober.setHosts(on);
    const triedAtMs: number[] = [];
    const startMs = clock.now();
    for (let seen = 0; triedAtMs.length < 10;) {
      await clock.advance(100);
      if (attempts() > seen) triedAtMs.push(clock.now() - startMs);
      seen = attempts();
    }
    const pauses = triedAtMs.slice(1).map((at, n) => Math.round((at - (triedAtMs[n] ?? 0)) / 1000));
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert.equal(failures.length, 10);
    const now = status();
    assert.ok(now.kind === "unreachable" && now.code === "host-unreachable");
    await prober.stop();
    assert.equal(clock.pending, 0);
  });

  it("asks nobody to log in twice: it waits until somebody tries again", async () => {
    const needsLogin = new Refusal("needs-login", { host: "box", what: "a password" });
    const { prober, clock, attempts, status, shell } = aProber([needsLogin]);
    prober.setHosts(on);
    await clock.advance(3_600_000);
    prober.watch(target.id);
    await clock.advance(3_600_000);
    assert.equal(attempts(), 1);
    assert.equal(status().kind, "needs-login");
    prober.retryNow(target.id);
    await settled();
    await shell(0).hello();
    assert.equal(status().kind, "online");
    await prober.stop();
  });

  it("gives up a silent shell after three cadences and 10 s; meanwhile the host is late, then offline", async () => {
    const { prober, clock, shell, shells, status, failures } = aProber();
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    assert.equal(status().kind, "online");
    await clock.advance(50_000);
    assert.equal(status().kind, "late");
    assert.equal(shells.length, 1);
    await clock.advance(6_100);
    assert.equal(shell(0).isClosed, true);
    assert.equal(shells.length, 2);
    await clock.advance(130_000);
    assert.equal(failures.length > 0, true, "the second shell never said a word");
    assert.equal(status().kind, "unreachable");
    await prober.stop();
  });

  it("counts a break as a failure only when coming back fails", async () => {
    const { prober, clock, shell, failures, status } = aProber(["shell", unreachable]);
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    shell(0).lose();
    await settled();
    assert.deepEqual([failures.length, status().kind], [0, "online"]);
    await clock.advance(1_100);
    assert.deepEqual([failures.length, status().kind], [1, "unreachable"]);
    await clock.advance(2_100);
    await shell(1).hello();
    assert.equal(status().kind, "online");
    await prober.stop();
  });

  it("says what the shell said when it ends at once", async () => {
    const { prober, shell, failures } = aProber();
    prober.setHosts(on);
    await settled();
    shell(0).stderr.write("This account is currently not available.\n");
    await settled();
    shell(0).exit(1);
    await settled();
    assert.equal(failures[0]?.code, "host-shell-failed");
    assert.match(failures[0].reason, /code 1: This account is currently not available/);
    await prober.stop();
  });

  it("survives an error that is no refusal", async () => {
    const { prober, clock, failures, shell } = aProber([new Error("a bug")]);
    prober.setHosts(on);
    await clock.advance(1_100);
    assert.equal(failures[0]?.code, "host-shell-failed");
    await shell(0).hello();
    await prober.stop();
  });

  it("lets go of a host that was removed, and opens one anew whose way in has changed", async () => {
    const { prober, shell, shells, readings } = aProber();
    prober.setHosts(on);
    await settled();
    await shell(0).hello();
    assert.equal(readings.length, 1);
    const moved = {
      ...target,
      connection: { ...target.connection, kind: "ssh", alias: "elsewhere" },
    } as ShellTarget;
    prober.setHosts(on);
    assert.equal(shell(0).isClosed, false, "the same host again changes nothing");
    prober.setHosts([{ target: moved, probe: "on" }]);
    await settled();
    assert.deepEqual([shell(0).isClosed, shells.length], [true, 2]);
    prober.setHosts([]);
    await settled();
    assert.equal(shell(1).isClosed, true);
    assert.equal(prober.latest(target.id), null);
    await shell(1).tick();
    assert.equal(readings.length, 1);
  });

  it("takes a single reading as a sign of life of a host it waits for", async () => {
    const needsLogin = new Refusal("needs-login", { host: "box", what: "a password" });
    const { prober, shell, shells, status } = aProber([needsLogin]);
    prober.setHosts(on);
    await settled();
    assert.equal(status().kind, "needs-login");
    const once = prober.probeOnce(target, { attended: true, timeoutMs: 5_000 });
    await settled();
    await shell(0).hello();
    const reading = await once;
    assert.equal(shell(0).isClosed, true);
    assert.equal(prober.latest(target.id), reading);
    assert.equal(status().kind, "online");
    await settled();
    assert.equal(shells.length, 2, "and it reads on by itself");
    await prober.stop();
  });

  it("starts nothing after its end", async () => {
    const { prober, clock, shell, attempts } = aProber();
    prober.setHosts(on);
    const unwatch = prober.watch(target.id);
    await settled();
    await shell(0).hello();
    await prober.stop();
    unwatch();
    prober.setHosts(on);
    await clock.advance(600_000);
    assert.deepEqual([attempts(), shell(0).isClosed, clock.pending], [1, true, 0]);
  });
});

describe("the pause before the next attempt", () => {
  it("is spread by a quarter, ends at a minute, is long for what people must put right", () => {
    assert.equal(probeRetryDelayMs("host-unreachable", 0, 0), 750);
    assert.equal(probeRetryDelayMs("host-unreachable", 0, 1), 1_250);
    assert.equal(probeRetryDelayMs("host-connection-lost", 40, 0.5), 60_000);
    assert.equal(probeRetryDelayMs("host-login-refused", 0, 0.5), 600_000);
    assert.equal(probeRetryDelayMs("host-key-changed", 3, 0.5), 600_000);
    assert.equal(probeRetryDelayMs("needs-login", 0, 0.5), Number.POSITIVE_INFINITY);
  });
});
