import type { Identity } from "../../protocol/client/identity.ts";
import { fleetPlace, type FleetPlace } from "./fleetPlace.ts";
import type { FleetSession, KnownBefore } from "./openFleetSession.ts";
import { defaultFleetLabel, withProfile, type FleetTraits, type Profile } from "./profile.ts";

/** Where the fleets that this editor belongs to are kept. They hold private keys. */
export interface ProfileStore {
  /** Rejects when what is kept cannot be read. */
  read(): Promise<readonly Profile[]>;
  write(profiles: readonly Profile[]): Promise<void>;
}

/** Remembers which fleet this window shows. */
export interface ActiveFleet {
  get(): string | null;
  set(fleetId: string | null): void;
}

export interface MembershipNeeds {
  store: ProfileStore;
  active: ActiveFleet;
  /** `known`: what the session before it knew of the same fleet. */
  openSession: (identity: Identity, known?: KnownBefore) => FleetSession;
  /** Whether a person stopped the service of a data folder on this machine. */
  wasStopped: (home: string) => boolean;
}

/** Which fleets this editor belongs to, the one this window shows, and the connection to it. */
export interface Membership {
  /** `undefined` until the store was read, `null` when there is no membership. */
  readonly session: FleetSession | null | undefined;
  /** Whether the store was found damaged and nothing took its place: there is no session then. */
  readonly isUnreadable: boolean;
  /** Every fleet; empty until the store was read. */
  readonly profiles: readonly Profile[];
  /** The fleet that this window shows. */
  readonly profile: Profile | null;
  /** Where that fleet's service runs. */
  readonly place: FleetPlace;
  /** Reads the store and connects, the first time; afterwards what is. Rejects when the store cannot be read. */
  ready(): Promise<FleetSession | null>;
  /** Keeps the identity, in place of an earlier one of the same fleet, and shows that fleet. */
  join(identity: Identity, traits?: Partial<FleetTraits>): Promise<FleetSession>;
  /** Keeps a renewed identity of a fleet in its place. Does nothing when the fleet was left meanwhile. */
  keep(identity: Identity): Promise<void>;
  /** Shows another of the fleets. Does nothing when there is none of that id. */
  switchTo(fleetId: string): void;
  /** Gives that fleet another name. Does nothing when the fleet was left meanwhile. */
  rename(fleetId: string, label: string): Promise<void>;
  /** Forgets that fleet; when it is the one that is shown, another is shown when there is one. */
  leave(fleetId: string): Promise<void>;
  /** Reads the store again: another window may have joined or left. Does nothing before the first reading. */
  refresh(): Promise<void>;
  /** Connects anew with the same identity, when that helps more than waiting. */
  reconnect(): void;
  /**
   * The service of that fleet listens there now: remembers the address, and connects to it when the fleet is shown. Does
   * nothing when the fleet was left meanwhile.
   */
  moveTo(fleetId: string, url: string): Promise<void>;
  /** Told after every change of the session and in it. Returns how to stop. */
  listen(listener: () => void): () => void;
  close(): void;
}

/** Knows nothing and does nothing until asked. */
export function createMembership(needs: MembershipNeeds): Membership {
  const { store, active } = needs;
  const listeners = new Set<() => void>();
  let profiles: readonly Profile[] = [];
  let session: FleetSession | null | undefined;
  let reading: Promise<FleetSession | null> | null = null;
  let isUnreadable = false;
  /** While we write the store ourselves, its change tells us nothing. */
  let writes = 0;
  /** Ends with the last use of the store that was asked for: each begins after the one before it. */
  let lastTurn: Promise<unknown> = Promise.resolve();

  function changed(): void {
    for (const listener of [...listeners]) listener();
  }

  function replace(next: FleetSession | null): void {
    isUnreadable = false;
    const before = session;
    session = next;
    next?.listen(changed);
    before?.close();
    changed();
  }

  function openSession(identity: Identity): FleetSession {
    if (!session || session.identity.fleetId !== identity.fleetId) return needs.openSession(identity);
    const { fleet, contact, works } = session;
    return needs.openSession(identity, {
      fleet,
      sinceMs: "sinceMs" in contact ? contact.sinceMs : undefined,
      works,
    });
  }

  function chosen(): Profile | null {
    const wanted = active.get();
    return profiles.find(({ identity }) => identity.fleetId === wanted) ?? profiles[0] ?? null;
  }

  /** Connects to the fleet to be shown unless that is what we are connected to. */
  function show(): void {
    const next = chosen();
    if (session && next && isSameWay(session.identity, next.identity)) return changed();
    replace(next && openSession(next.identity));
  }

  async function read(): Promise<FleetSession | null> {
    let kept: readonly Profile[];
    try {
      kept = await store.read();
    } catch (error) {
      const isNews = !isUnreadable;
      isUnreadable = true;
      if (isNews) changed();
      throw error;
    }
    if (session === undefined) {
      profiles = kept;
      show();
    }
    return session ?? null;
  }

  function inTurn<T>(use: () => Promise<T>): Promise<T> {
    const turn = lastTurn.then(use);
    lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /** Another window may have written meanwhile: the change is made to what is kept now. */
  async function write(
    change: (kept: readonly Profile[]) => readonly Profile[],
    read: () => Promise<readonly Profile[]> = () => store.read(),
  ): Promise<void> {
    writes += 1;
    try {
      await inTurn(async () => {
        const next = change(await read());
        await store.write(next);
        profiles = next;
      });
    } finally {
      writes -= 1;
    }
  }

  function reconnect(): void {
    if (!session) return;
    if (session.contact.kind === "lost") session.stream.retryNow();
    else if (session.contact.kind === "refused") replace(openSession(session.identity));
  }

  return {
    get session() {
      return session;
    },
    get isUnreadable() {
      return isUnreadable;
    },
    get profiles() {
      return profiles;
    },
    get profile() {
      return session ? chosen() : null;
    },
    get place() {
      // Asked for with every change: the disk only where the answer matters.
      const isLive = session?.contact.kind === "live";
      return fleetPlace(session ? chosen() : null, isLive ? () => false : needs.wasStopped);
    },
    async ready() {
      if (session !== undefined) return session;
      reading ??= read().finally(() => (reading = null));
      return reading;
    },
    async join(identity, traits = {}) {
      await write(
        (kept) => {
          const earlier = kept.find((profile) => profile.identity.fleetId === identity.fleetId);
          const label = traits.label ?? earlier?.label ?? defaultFleetLabel(identity);
          const home = traits.home ?? earlier?.home ?? null;
          // A data folder holds one fleet: an earlier one of it is no more.
          const others = kept.filter((one) => home === null || one === earlier || one.home !== home);
          return withProfile(others, { identity, label, home });
          // What cannot be read must not stand in the way of something new.
        },
        () => store.read().catch(() => []),
      );
      active.set(identity.fleetId);
      const next = openSession(identity);
      replace(next);
      return next;
    },
    async keep(identity) {
      const isSame = (profile: Profile): boolean => profile.identity.fleetId === identity.fleetId;
      await write((kept) =>
        // The address is not the renewal's to know.
        kept.map((profile) =>
          isSame(profile) ? { ...profile, identity: { ...identity, url: profile.identity.url } } : profile,
        ),
      );
      show();
    },
    switchTo(fleetId) {
      if (!profiles.some(({ identity }) => identity.fleetId === fleetId)) return;
      active.set(fleetId);
      show();
    },
    async rename(fleetId, label) {
      await write((kept) =>
        kept.map((profile) => (profile.identity.fleetId === fleetId ? { ...profile, label } : profile)),
      );
      changed();
    },
    async leave(fleetId) {
      await write((kept) => kept.filter(({ identity }) => identity.fleetId !== fleetId));
      if (session?.identity.fleetId !== fleetId) return changed();
      active.set(null);
      replace(null);
      if (profiles.length > 0) show();
    },
    async refresh() {
      // What could not be read may have been replaced in another window.
      if (session === undefined && isUnreadable) await this.ready();
      if (session === undefined || writes > 0) return;
      const kept = await inTurn(() => store.read());
      if (writes > 0) return;
      profiles = kept;
      show();
    },
    reconnect,
    async moveTo(fleetId, url) {
      const known = profiles.find(({ identity }) => identity.fleetId === fleetId);
      if (known && known.identity.url !== url)
        await write((kept) =>
          kept.map((profile) =>
            profile.identity.fleetId === fleetId
              ? { ...profile, identity: { ...profile.identity, url } }
              : profile,
          ),
        );
      show();
      if (session?.identity.fleetId === fleetId) reconnect();
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

/** Whether two identities reach the same service with the same certificate, and may do the same there. */
function isSameWay(one: Identity, other: Identity): boolean {
  return one.certificatePem === other.certificatePem && one.url === other.url && one.role === other.role;
}
