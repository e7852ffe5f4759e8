import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { hostStatus } from "../../protocol/hostStatus.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { createProber } from "../../service/probe/createProber.ts";
import type { ProbeFailure } from "../../protocol/shells/probeParts.ts";
import type { HostShell, ShellExit, ShellTarget } from "../../protocol/shells/hostShell.ts";

/** The host that is probed. */
export const target: ShellTarget = {
  id: "h-00000000000000bb" as HostId,
  name: "box",
  connection: { kind: "local" },
};

/** The hosts of a prober: this one, with its probe on. */
export const on = [{ target, probe: "on" as const }];

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
export async function settled(): Promise<void> {
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

/** A prober on such a clock; `answers`: what each attempt to open a shell meets, then always a shell. */
export function aScriptedProber(answers: (Refusal | Error | "shell")[] = []) {
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
    isJobOn: () => false,
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
