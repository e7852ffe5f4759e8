import type { Identity } from "../../protocol/client/identity.ts";
import type { FleetSession } from "./openFleetSession.ts";

/** Where the identity is kept. */
export interface IdentityStore {
  read(): Promise<Identity | null>;
  write(identity: Identity): Promise<void>;
  remove(): Promise<void>;
}

export interface MembershipNeeds {
  store: IdentityStore;
  openSession: (identity: Identity) => FleetSession;
}

/** Which fleet this editor belongs to, and its connection. */
export interface Membership {
  /** `undefined` until the store was read, `null` when there is no membership. */
  readonly session: FleetSession | null | undefined;
  /** Reads the store and connects, the first time; afterwards what is. Rejects when the store cannot be read. */
  ready(): Promise<FleetSession | null>;
  /** Keeps the identity and connects with it, in place of the one before. */
  join(identity: Identity): Promise<FleetSession>;
  leave(): Promise<void>;
  /** Reads the store again: another window may have joined or left. Does nothing before the first reading. */
  refresh(): Promise<void>;
  /** Connects anew with the same identity, when that helps more than waiting. */
  reconnect(): void;
  /** Told after every change of the session and in it. Returns how to stop. */
  listen(listener: () => void): () => void;
  close(): void;
}

/** Knows nothing and does nothing until asked. */
export function createMembership({ store, openSession }: MembershipNeeds): Membership {
  const listeners = new Set<() => void>();
  let session: FleetSession | null | undefined;
  let reading: Promise<FleetSession | null> | null = null;
  /** While we write the store ourselves, its change tells us nothing. */
  let writes = 0;

  function changed(): void {
    for (const listener of [...listeners]) listener();
  }

  function replace(next: FleetSession | null): void {
    session?.close();
    session = next;
    next?.listen(changed);
    changed();
  }

  async function read(): Promise<FleetSession | null> {
    const identity = await store.read();
    if (session === undefined) replace(identity && openSession(identity));
    return session ?? null;
  }

  async function writing(write: () => Promise<void>): Promise<void> {
    writes += 1;
    try {
      await write();
    } finally {
      writes -= 1;
    }
  }

  return {
    get session() {
      return session;
    },
    async ready() {
      if (session !== undefined) return session;
      reading ??= read().finally(() => (reading = null));
      return reading;
    },
    async join(identity) {
      await writing(() => store.write(identity));
      const next = openSession(identity);
      replace(next);
      return next;
    },
    async leave() {
      await writing(() => store.remove());
      replace(null);
    },
    async refresh() {
      if (session === undefined || writes > 0) return;
      const identity = await store.read();
      if (writes > 0 || identity?.certificatePem === session?.identity.certificatePem) return;
      replace(identity && openSession(identity));
    },
    reconnect() {
      if (!session) return;
      if (session.contact.kind === "lost") session.stream.retryNow();
      else if (session.contact.kind === "refused") replace(openSession(session.identity));
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      listeners.clear();
      session?.close();
      session = null;
    },
  };
}
