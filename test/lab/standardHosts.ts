import type { LabHostSpec } from "./labHostSpec.ts";

/** Hosts for people and for tests that want variety: every one differs from the others in what can go wrong. */
export const standardHosts: readonly LabHostSpec[] = [
  { name: "rtx-box", about: "a desktop with one RTX 4090, idle", gpus: "rtx-box" },
  {
    name: "h100-node",
    about: "8 x H100, five of them taken by strangers; fish shell that greets",
    user: "trainer",
    loginShell: "fish",
    rcText: "echo 'Welcome to h100-node, be kind to your neighbours'\n",
    gpus: "h100-node",
  },
  {
    name: "cpu-box",
    about: "no GPU and no nvidia-smi; a .bashrc that prints",
    rcText: "echo 'loading modules ...'\necho 'quota: 71% used' >&2\n",
  },
  { name: "spark", about: "a GB10 with unified memory; dash shell", loginShell: "dash", gpus: "spark" },
  {
    name: "t4-busybox",
    about: "a Tesla T4 under BusyBox alone: no bash, no python3, no node",
    user: "edge",
    loginShell: "ash",
    userland: "busybox",
    interpreters: [],
    gpus: "t4-busybox",
  },
  { name: "worn-3090", about: "3 x RTX 3090, one fell off the bus", user: "kim", gpus: "worn-3090" },
  {
    name: "stale-a10",
    about: "4 x A10 behind a driver that awaits a reboot: nvidia-smi fails",
    user: "ops",
    gpus: "stale-a10",
  },
];
