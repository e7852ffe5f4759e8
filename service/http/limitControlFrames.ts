import { constants, type Http2SecureServer } from "node:http2";
import type { AppLimits } from "./appLimits.ts";

const windowMs = 60_000;

/**
 * Ends HTTP/2 connections that send pings and settings without measure: each is cheap to send and has to be answered.
 * Node itself bounds only how many answers may wait.
 */
export function limitControlFrames(server: Http2SecureServer, limits: AppLimits): void {
  server.on("session", (session) => {
    let sinceMs = performance.now();
    let frames = 0;
    const note = (): void => {
      const nowMs = performance.now();
      if (nowMs - sinceMs > windowMs) [sinceMs, frames] = [nowMs, 0];
      frames += 1;
      if (frames > limits.controlFramesPerMinute)
        session.destroy(new Error("too many control frames"), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    };
    session.on("ping", note);
    session.on("remoteSettings", note);
  });
}
