import type { Identity } from "../../protocol/client/identity.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { StreamClient, StreamState } from "../../protocol/client/streamClient.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import { nextContact, type Contact } from "./contact.ts";
import { createHostWatch } from "./createHostWatch.ts";
import { unknownFleet, withFleetData, withReading, type FleetState } from "./fleetState.ts";

/** What an earlier session of the same fleet knew: shown as of then until the service answers. */
export interface KnownBefore {
  fleet: FleetState;
  /** Since when there was no contact, where there was none. */
  sinceMs: number | undefined;
  /** Work that was begun in it and goes on. */
  works: Works;
}

/** Work under way in a window for which hosts may ask something, by the host's name. */
type Works = Set<{ host: string }>;

/** What a session is made of; the two clients are opened by it and closed with it. */
export interface SessionNeeds {
  identity: Identity;
  openStream: (identity: Identity, onState: (state: StreamState) => void) => StreamClient;
  createClient: (identity: Identity) => RouteClient;
  now: () => number;
  known?: KnownBefore;
}

/**
 * One membership's connection to its service, with what is known through it. A new object for every membership and every
 * fresh start: whoever kept one over an `await` compares it with the current to see that it went stale.
 */
export interface FleetSession {
  readonly identity: Identity;
  readonly client: RouteClient;
  readonly stream: Pick<StreamClient, "subscribe" | "retryNow">;
  readonly fleet: FleetState;
  readonly contact: Contact;
  readonly prompts: readonly Prompt[];
  /** While the work runs, that host's questions are for the person at this window, who has begun it. Told as a change. */
  attend<T>(host: string, work: () => Promise<T>): Promise<T>;
  /** Whether such work is under way for the host of that name. */
  isAttended(host: string): boolean;
  readonly works: Works;
  /** Another has taken its place: nothing changes in it any more. */
  readonly isClosed: boolean;
  /** Told after every change of fleet, contact or prompts, and last when it is closed. Returns how to stop. */
  listen(listener: () => void): () => void;
  /** An owner (a view, a panel) asks for readings of exactly these hosts each second, in place of those it asked for before. */
  watchFor(owner: object, hostIds: ReadonlySet<HostId>): void;
  close(): void;
}

/** Connects. Never rejects: how it stands is `contact`. */
export function openFleetSession({
  identity,
  openStream,
  createClient,
  now,
  known = { fleet: unknownFleet, sinceMs: undefined, works: new Set() },
}: SessionNeeds): FleetSession {
  const listeners = new Set<() => void>();
  let contact: Contact = { kind: "connecting", sinceMs: known.sinceMs };
  let { fleet } = known;
  const { works } = known;
  let prompts: readonly Prompt[] = [];
  let isClosed = false;

  function changed(): void {
    if (!isClosed) for (const listener of [...listeners]) listener();
  }

  const client = createClient(identity);
  const stream = openStream(identity, (state) => {
    contact = nextContact(contact, state, now());
    if (contact.kind !== "live") prompts = [];
    changed();
  });
  stream.subscribe("fleet", {
    onData(data, whole) {
      if (data.kind !== "fleet") return;
      fleet = withFleetData(fleet, data, { whole, nowMs: now() });
      changed();
    },
  });
  if (identity.role !== "viewer")
    stream.subscribe("prompts", {
      onData(data) {
        if (data.kind !== "prompts") return;
        prompts = data.prompts;
        changed();
      },
    });

  const watchFor = createHostWatch((id) =>
    stream.subscribe(`metrics:${id}`, {
      onData(data) {
        if (data.kind !== "metrics") return;
        const next = withReading(fleet, data.reading);
        if (next === fleet) return;
        fleet = next;
        changed();
      },
    }),
  );

  return {
    identity,
    client,
    stream,
    get fleet() {
      return fleet;
    },
    get contact() {
      return contact;
    },
    get prompts() {
      return prompts;
    },
    async attend(host, work) {
      const one = { host };
      works.add(one);
      changed();
      try {
        return await work();
      } finally {
        works.delete(one);
      }
    },
    works,
    isAttended: (host) => [...works].some((one) => one.host === host),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watchFor,
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      const last = [...listeners];
      listeners.clear();
      stream.close();
      client.close();
      for (const listener of last) listener();
    },
  };
}
