import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import type { Album } from "./createAlbum.ts";

/** The views as a person arranges them, and the documents they lead to. */
export async function viewScreens({ editor }: DispatchFixture, album: Album): Promise<void> {
  const { step, inEveryTheme } = album;
  await step("groups and jobs by host", async () => {
    await editor.runCommand("hwLedger: Group the Hosts");
    await editor.pickQuickInput("By Status");
    await editor.runCommand("hwLedger: Group Jobs by Host");
    await editor.waitForTree("Hosts", "the groups", ([row]) => row?.label === "Online");
  });
  await inEveryTheme("grouped");
  await step("a filter", async () => {
    await editor.runCommand("hwLedger: Group the Hosts");
    await editor.pickQuickInput("Not at All");
    await editor.runCommand("hwLedger: Group Jobs by State");
    await editor.runCommand("hwLedger: Filter the Hosts");
    await editor.typeInQuickInput("H100", { prompt: "Words that a host must have" });
  });
  await inEveryTheme("filtered");
  await step("a filter that nothing fits", async () => {
    await editor.runCommand("hwLedger: Filter the Hosts");
    await editor.typeInQuickInput("no such thing", { prompt: "Words that a host must have" });
    await editor.page.getByText("No host has what the filter asks for.").waitFor({ timeout: 30_000 });
  });
  await inEveryTheme("filtered-empty");
  await step("the ledger, verified, and an event", async () => {
    await editor.runCommand("hwLedger: Clear the Filter of the Hosts");
    await editor.runCommand("hwLedger: Verify the Ledger");
    await editor.waitForNotification("The ledger holds");
    await editor.runCommand("hwLedger: Show Ledger Event");
    await editor.typeInQuickInput("2", { prompt: "Its number in the ledger" });
    await editor.openView("Ledger");
    await editor.waitForTree("Ledger", "the verdict", ([row]) => row?.label === "Verified");
    await editor.runCommand("Focus on Ledger View");
    await editor.page.keyboard.press("Home"); // reading the rows has scrolled
  });
  await inEveryTheme("ledger-and-event");
  await step("diagnostics and output", async () => {
    await editor.runCommand("View: Close All Editors");
    await editor.runCommand("hwLedger: Collect Diagnostics");
    await editor.page.locator(".tab.active").waitFor({ timeout: 30_000 });
    await editor.runCommand("hwLedger: Show the Extension's Output");
    await editor.page.locator(".output-view .view-line").first().waitFor({ timeout: 30_000 });
  });
  await inEveryTheme("diagnostics-and-output");
  await step("nothing open", async () => {
    await editor.runCommand("View: Revert and Close Editor");
    await editor.runCommand("View: Hide Panel");
  });
}
