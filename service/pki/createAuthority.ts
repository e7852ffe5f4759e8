import { X509Certificate } from "node:crypto";
import type { CaRecord } from "../../protocol/ca.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RotationStep } from "../domain/decideRotation.ts";
import type { Ledger } from "../ledger/createLedger.ts";
import type { CaRow, CasTable } from "../store/casTable.ts";
import type { Store } from "../store/openStore.ts";
import type { CaFiles, FleetCa } from "./caFiles.ts";
import { backdateMs, crossSignCa, makeNextCa } from "./x509.ts";

/** Most cross-certificates that the service shows beside its own certificate. */
const shownCrossCertificates = 3;

/** What the fleet's authorities are kept with. */
export interface AuthorityNeeds {
  store: Pick<Store, "transact">;
  cas: CasTable;
  files: CaFiles;
  ledger: Pick<Ledger, "append">;
  now: () => number;
  /** Told once an authority has another state. */
  onChange: () => void;
}

/** The fleet's certificate authorities, of which one signs. */
export interface Authority {
  readonly fleetId: string;
  /** The one that signs, with its key. */
  issuing(): FleetCa;
  /** All but the retired, oldest first. */
  trusted(): CaRecord[];
  /** The certificates of those, one after the other, as PEM. */
  trustedPem(): string;
  /** How the one that signs follows upon those before it, newest first, as PEM: what the service shows beside its own. */
  crossPem(): string;
  /**
   * For each authority that a join link can name: its certificate as PEM, behind the cross-certificates by which the one
   * that signs follows upon it.
   */
  joinPaths(): { fingerprint: string; pem: string }[];
  /** Fingerprints of the authorities by which members find the service: now, and once the next one signs. */
  findableBy(): { now: string[]; afterNext: string[] };
  /** Nothing is written any more, also by a step under way. */
  close(): void;
  /** Finishes what a failing disk has cut off. Throws what the disk says. */
  settle(): void;
  /** Takes a step of a rotation. A step that was cut off is taken back or finished at the next start. */
  take(step: RotationStep, actor: string): Promise<void>;
}

/** The authorities of a data folder. Finishes what a crash has cut off. Throws `ca-damaged`. */
export function createAuthority(needs: AuthorityNeeds): Authority {
  const { store, cas, files, ledger, now } = needs;
  recover(needs);
  let signing = files.current();
  let rows = cas.list();
  let isClosed = false;

  const trustedRows = (): CaRow[] => rows.filter(({ state }) => state !== "retired");
  const rowOf = (fingerprint: string): CaRow => {
    const row = rows.find((one) => one.fingerprint === fingerprint);
    if (row === undefined) throw new Error(`no authority has the fingerprint ${fingerprint}`);
    return row;
  };

  /** Makes one authority's change durable, with its event. */
  function commit(
    type: "ca.announced" | "ca.issuing" | "ca.retired",
    row: CaRow,
    actor: string,
    change: () => void,
  ) {
    store.transact(() => {
      change();
      const { fingerprint, generation } = row;
      ledger.append({ type, actor, payload: { fingerprint, generation } });
    });
    rows = cas.list();
  }

  /** The key of the one that signs has its place: a disk that failed in that moment is tried again. */
  function settle(): void {
    if (rows.find(({ state }) => state === "issuing")?.fingerprint === signing.fingerprint) return;
    files.promoteNext();
    signing = files.current();
    needs.onChange();
  }

  async function announce(actor: string): Promise<void> {
    // Else the only key of the one that signs would be overwritten.
    if (rows.find(({ state }) => state === "issuing")?.fingerprint !== signing.fingerprint)
      throw new Error("the authority that signs has not its place yet");
    const generation = Math.max(...rows.map((row) => row.generation)) + 1;
    const nowMs = now();
    const next = await makeNextCa(signing.fleetId, generation, nowMs);
    if (isClosed) return;
    const made = files.writeNext(next);
    const crossPem = crossSignCa(signing, made.certificatePem, signing.fleetId, nowMs);
    const { fingerprint, certificatePem: pem } = made;
    const times = { madeAtMs: nowMs, stateAtMs: nowMs };
    const row: CaRow = { fingerprint, generation, pem, crossPem, state: "announced", ...times };
    commit("ca.announced", row, actor, () => cas.add(row));
  }

  function issue(fingerprint: string, actor: string): void {
    if (!isNext(fingerprint)) {
      // Its key is gone: it can never sign.
      retire(fingerprint, actor);
      return;
    }
    commit("ca.issuing", rowOf(fingerprint), actor, () => {
      cas.setState(signing.fingerprint, "superseded", now());
      cas.setState(fingerprint, "issuing", now());
    });
    settle();
  }

  function isNext(fingerprint: string): boolean {
    try {
      return files.next()?.fingerprint === fingerprint;
    } catch {
      return false; // damaged
    }
  }

  function retire(fingerprint: string, actor: string): void {
    commit("ca.retired", rowOf(fingerprint), actor, () => cas.setState(fingerprint, "retired", now()));
  }

  /** The authority that has signed a cross-certificate. */
  function crossSignerOf({ crossPem, generation }: CaRow): CaRow | undefined {
    if (crossPem === null) return undefined;
    const cross = new X509Certificate(crossPem);
    return rows.find((row) => {
      if (row.generation >= generation) return false;
      const authority = new X509Certificate(row.pem);
      return cross.checkIssued(authority) && cross.verify(authority.publicKey);
    });
  }

  /** The authority itself, and those before it by which members still find their way to it. */
  function line(from: CaRow): CaRow[] {
    const found = [from];
    for (let at = crossSignerOf(from); at && found.length <= shownCrossCertificates; at = crossSignerOf(at))
      found.push(at);
    return found;
  }

  return {
    fleetId: signing.fleetId,
    issuing: () => signing,
    trusted: () => trustedRows().map((row) => recordOf(row, cas.validCertificates(row.fingerprint, now()))),
    trustedPem: () =>
      trustedRows()
        .map(({ pem }) => pem)
        .join(""),
    crossPem: () =>
      line(rowOf(signing.fingerprint))
        .slice(0, shownCrossCertificates)
        .map(({ crossPem }) => crossPem ?? "")
        .join(""),
    joinPaths() {
      const shown = line(rowOf(signing.fingerprint));
      return shown.flatMap(({ fingerprint, pem, state }, at) => {
        const crosses = shown.slice(0, at).map(({ crossPem }) => crossPem ?? "");
        return state === "retired" ? [] : [{ fingerprint, pem: crosses.join("") + pem }];
      });
    },
    findableBy() {
      const announced = rows.filter(({ state }) => state === "announced");
      const shown = line(rowOf(signing.fingerprint));
      const fingerprints = (of: CaRow[]) => of.map(({ fingerprint }) => fingerprint);
      return {
        now: fingerprints(shown),
        afterNext: fingerprints([...announced, ...shown.slice(0, shownCrossCertificates)]),
      };
    },
    close: () => void (isClosed = true),
    settle,
    async take(step, actor) {
      settle();
      switch (step.kind) {
        case "announce":
          await announce(actor);
          break;
        case "issue":
          issue(step.fingerprint, actor);
          break;
        case "retire":
          retire(step.fingerprint, actor);
      }
      needs.onChange();
    },
  };
}

function recordOf(row: CaRow, validCertificates: number): CaRecord {
  const { fingerprint, generation, state, madeAtMs, stateAtMs, pem: certificatePem, crossPem } = row;
  const notAfterMs = new X509Certificate(certificatePem).validToDate.getTime();
  return {
    fingerprint,
    generation,
    state,
    madeAtMs,
    stateAtMs,
    notAfterMs,
    validCertificates,
    certificatePem,
    crossPem,
  };
}

/** Brings files and database together again: what the database says has happened. */
function recover({ store, cas, files, ledger, now }: AuthorityNeeds): void {
  const current = files.current();
  const rows = cas.list();
  const next = readableNext(files);
  const issuing = rows.find(({ state }) => state === "issuing");
  if (issuing === undefined) {
    const { fingerprint, certificatePem: pem } = current;
    const madeAtMs = Math.min(now(), new X509Certificate(pem).validFromDate.getTime() + backdateMs);
    const times = { madeAtMs, stateAtMs: madeAtMs };
    store.transact(() => {
      cas.add({ fingerprint, generation: 1, pem, crossPem: null, state: "issuing", ...times });
      cas.adopt(fingerprint);
    });
  } else if (issuing.fingerprint !== current.fingerprint) {
    if (next?.fingerprint !== issuing.fingerprint)
      throw new Refusal("ca-damaged", { file: `the key of authority ${issuing.generation}` });
    files.promoteNext();
    return;
  }
  const announced = rows.find(({ state }) => state === "announced");
  if (next?.fingerprint !== announced?.fingerprint) files.dropNext();
  if (announced !== undefined && next?.fingerprint !== announced.fingerprint)
    store.transact(() => {
      const { fingerprint, generation } = announced;
      cas.setState(fingerprint, "retired", now());
      ledger.append({ type: "ca.retired", actor: "service", payload: { fingerprint, generation } });
    });
}

/** The authority to follow; one whose file is damaged is as one whose file is gone: it has not signed anything. */
function readableNext(files: CaFiles): FleetCa | null {
  try {
    return files.next();
  } catch {
    return null;
  }
}
