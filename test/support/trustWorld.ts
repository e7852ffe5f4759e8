import { join } from "node:path";
import type { CaBundle } from "../../protocol/ca.ts";
import { createLedger, type Ledger } from "../../service/ledger/createLedger.ts";
import { openCaFiles, type CaFiles } from "../../service/pki/caFiles.ts";
import { createAuthority, type Authority } from "../../service/pki/createAuthority.ts";
import { createEnrolment, type Enrolment } from "../../service/pki/createEnrolment.ts";
import { createMembers, type Members } from "../../service/pki/createMembers.ts";
import { createRotation, type Rotation } from "../../service/pki/createRotation.ts";
import { createServerTls } from "../../service/pki/createServerTls.ts";
import { createTokens, tokenHash, type Tokens } from "../../service/pki/createTokens.ts";
import { createCasTable, type CasTable } from "../../service/store/casTable.ts";
import { createMembersTable, type MembersTable } from "../../service/store/membersTable.ts";
import { openStore, type Store } from "../../service/store/openStore.ts";
import { createTokensTable } from "../../service/store/tokensTable.ts";

/** Where the service is to be killed: before or after something is durable. */
export type CrashPoint =
  | "before the announcement"
  | "after the announcement"
  | "before the change of authority"
  | "between the change and its key"
  | "before the retirement";

/** A kill of the service, as a test plays it. */
export class Crash extends Error {}

/** The service's trust, on its real database and key files, without a network; its clock is the test's. */
export interface TrustWorld {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly authority: Authority;
  readonly rotation: Rotation;
  readonly enrolment: Enrolment;
  readonly members: Members;
  readonly table: MembersTable;
  readonly cas: CasTable;
  readonly tokens: Tokens;
  /** What a member fetches with its token; null where the token is nobody's. */
  bundleFor(token: string): CaBundle | null;
  /** The service's own certificate, renewed where that is due, and what it shows beside it, as PEM. */
  serverChain(): string;
  /** Ends it as a kill does: only what is on the disk stays. */
  close(): void;
}

/** Opens the trust of a data folder. `crashAt` says at which point the next step is cut off. */
export function openTrustWorld(
  home: string,
  now: () => number,
  crashAt: () => CrashPoint | null,
): TrustWorld {
  const store = openStore(join(home, "fleet.sqlite"));
  const ledger = createLedger(store.db, now);
  const files = crashingFiles(
    openCaFiles(join(home, "keys"), () => "three-years", now()),
    crashAt,
  );
  const cas = createCasTable(store.db);
  const table = createMembersTable(store.db);
  const tokenTable = createTokensTable(store.db);
  const crashingLedger: Pick<Ledger, "append"> = {
    append(event) {
      const point = crashAt();
      if (event.type === "ca.issuing" && point === "before the change of authority") throw new Crash(point);
      if (event.type === "ca.retired" && point === "before the retirement") throw new Crash(point);
      return ledger.append(event);
    },
  };
  const onChange = (): void => undefined;
  const authority = createAuthority({
    store,
    cas,
    files,
    ledger: crashingLedger,
    now,
    onChange() {
      tls.freshen(true);
      if (crashAt() === "after the announcement") throw new Crash("after the announcement");
    },
  });
  const tls = createServerTls({ authority, addresses: () => ["127.0.0.1"], now });
  const rotation = createRotation({ authority, members: table, now });
  return {
    store,
    ledger,
    authority,
    rotation,
    table,
    cas,
    enrolment: createEnrolment({
      store,
      members: table,
      tokens: tokenTable,
      ledger,
      authority,
      now,
      onChange,
    }),
    members: createMembers({
      store,
      members: table,
      tokens: tokenTable,
      ledger,
      hostName: () => null,
      now,
      onChange,
      onMemberChange: onChange,
    }),
    tokens: createTokens({
      store,
      tokens: tokenTable,
      members: table,
      ledger,
      caFingerprint: () => authority.issuing().fingerprint,
      url: () => "https://127.0.0.1:7443",
      hostName: () => null,
      now,
      onChange,
    }),
    bundleFor(token) {
      const member = table.memberOfBundleToken(tokenHash(token));
      return member === null || member.revoked ? null : rotation.bundle();
    },
    serverChain() {
      tls.freshen();
      return String(tls.context().cert);
    },
    close: () => store.close(),
  };
}

function crashingFiles(files: CaFiles, crashAt: () => CrashPoint | null): CaFiles {
  return {
    ...files,
    writeNext(ca) {
      const written = files.writeNext(ca);
      if (crashAt() === "before the announcement") throw new Crash("before the announcement");
      return written;
    },
    promoteNext() {
      if (crashAt() === "between the change and its key") throw new Crash("between the change and its key");
      files.promoteNext();
    },
  };
}
