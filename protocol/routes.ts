import type * as z from "zod";
import { caRoutes } from "./routes/caRoutes.ts";
import { fleetRoutes } from "./routes/fleetRoutes.ts";
import { hostRoutes } from "./routes/hostRoutes.ts";
import { jobRoutes } from "./routes/jobRoutes.ts";
import { ledgerRoutes } from "./routes/ledgerRoutes.ts";
import { memberRoutes } from "./routes/memberRoutes.ts";

/** Every request a member can make. */
export const routes = {
  ...fleetRoutes,
  ...hostRoutes,
  ...jobRoutes,
  ...ledgerRoutes,
  ...memberRoutes,
  ...caRoutes,
} as const;

export type RouteName = keyof typeof routes;
type RouteOf<N extends RouteName> = (typeof routes)[N];

/** What a caller passes to a route. Parts that a route does not have are left out. */
export interface RouteInput<N extends RouteName> {
  params?: z.input<RouteOf<N>["params"]>;
  query?: z.input<RouteOf<N>["query"]>;
  body?: RouteOf<N>["body"] extends z.ZodType ? z.input<RouteOf<N>["body"]> : never;
}

/** What a route answers, for routes that answer JSON. */
export type RouteAnswer<N extends RouteName> = RouteOf<N>["answer"] extends z.ZodType
  ? z.output<RouteOf<N>["answer"]>
  : never;
