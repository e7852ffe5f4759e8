import type { DispatchFixture } from "../e2e/dispatchFixture.ts";
import { pressInEditor } from "../e2e/jobsFixture.ts";
import type { Album } from "./createAlbum.ts";
import { createOpenings } from "./openings.ts";

/** A folder that nobody has trusted yet: nothing of it is sent anywhere. */
export async function restrictedScreens({ editor, service }: DispatchFixture, album: Album): Promise<void> {
  await album.step("a member in Restricted Mode", async () => {
    await editor.runCommand("Join a Fleet");
    await editor.typeInQuickInput(service().link, { prompt: "join link" });
    await editor.waitForNotification("Joined the fleet at");
    await editor.openView("Hosts");
    await editor.openFile("wait.py");
  });
  await album.opened({
    "notice-restricted": createOpenings(editor).notice(
      () => pressInEditor(editor, "Control+Alt+g"),
      "Trust the workspace first",
    ),
  });
}
