import type { GpuReading } from "../reading.ts";

/** A GPU's figures without what the process list has to say. */
export type GpuFigures = Omit<GpuReading, "occupancy">;
