import type { CaBundle } from "../../protocol/ca.ts";
import { Refusal } from "../../protocol/problem.ts";
import {
  decideRotation,
  rotationPhase,
  rotationTimes,
  type RotationFacts,
} from "../domain/decideRotation.ts";
import type { MembersTable } from "../store/membersTable.ts";
import type { Authority } from "./createAuthority.ts";

/** What a rotation is driven with. */
export interface RotationNeeds {
  authority: Authority;
  members: Pick<MembersTable, "list">;
  now: () => number;
}

/** The rotation of the fleet's certificate authority. */
export interface Rotation {
  /** Takes the steps that are due, one after the other. One at a time: a call while one is under way joins it. */
  advance(): Promise<void>;
  /**
   * Makes the next authority, as an admin asks; `now`: it signs at once, also where it was made already. Neither where
   * that would cut somebody off and is not forced. Throws `rotation-under-way`, `rotation-cuts-off`.
   */
  begin(actor: string, how: { sign: "when-known" | "now"; force: boolean }): Promise<void>;
  /** What members fetch. */
  bundle(): CaBundle;
}

/** Most steps of one call: more than a rotation has. */
const mostSteps = 10;

/** Drives rotations by the clock; each step is decided anew from what is durable, so a crash loses nothing. */
export function createRotation({ authority, members, now }: RotationNeeds): Rotation {
  let underWay: Promise<void> | null = null;

  function facts(): RotationFacts {
    const counted = members.list().filter(({ revokedAtMs }) => revokedAtMs === null);
    return {
      cas: authority.trusted(),
      members: counted.map(({ seenAtMs, trusts }) => ({ seenAtMs, trusts: JSON.parse(trusts) as string[] })),
    };
  }

  async function takeDue(): Promise<void> {
    authority.settle();
    for (let steps = 0; steps < mostSteps; steps += 1) {
      const step = decideRotation(facts(), now());
      if (step === null) return;
      await authority.take(step, "service");
    }
  }

  function assertNobodyCutOff(): void {
    const by = authority.findableBy();
    const finds = (trusts: string, those: string[]) =>
      (JSON.parse(trusts) as string[]).some((one) => those.includes(one));
    const lost = members
      .list()
      .filter(({ revokedAtMs }) => revokedAtMs === null)
      .filter(({ trusts }) => finds(trusts, by.now) && !finds(trusts, by.afterNext));
    if (lost.length > 0)
      throw new Refusal("rotation-cuts-off", {
        members: lost
          .map(({ name }) => name)
          .join(", ")
          .slice(0, 300),
      });
  }

  /** After what is under way, never beside it. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = (underWay ?? Promise.resolve()).catch(() => undefined).then(work);
    underWay = turn;
    const forget = (): void => {
      if (underWay === turn) underWay = null;
    };
    turn.then(forget, forget);
    return turn;
  }

  return {
    advance: () => underWay ?? inTurn(takeDue),
    begin: (actor, { sign, force }) =>
      inTurn(async () => {
        const announced = () => authority.trusted().find(({ state }) => state === "announced");
        if (announced() && sign !== "now") throw new Refusal("rotation-under-way");
        if (!force) assertNobodyCutOff(); // before anything is made: what is made signs by itself some days later
        if (!announced()) await authority.take({ kind: "announce" }, actor);
        const next = announced();
        if (next && sign === "now")
          await authority.take({ kind: "issue", fingerprint: next.fingerprint }, actor);
      }),
    bundle() {
      const known = facts();
      const issuing = known.cas.find(({ state }) => state === "issuing");
      return {
        fleetId: authority.fleetId,
        phase: rotationPhase(known),
        nextRotationAtMs: (issuing?.madeAtMs ?? now()) + rotationTimes.everyMs,
        cas: authority.trusted(),
      };
    },
  };
}
