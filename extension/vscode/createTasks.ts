import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import { parseTask, taskType, type TaskDefinition } from "../core/taskDefinition.ts";
import { words } from "../core/words/words.ts";
import { createTaskPty, type TaskPtyNeeds } from "./createTaskPty.ts";

/** Tasks of the type `hwledger`: a script that runs on a host of the fleet, and ends with its exit code. */
export function createTasks(needs: Omit<TaskPtyNeeds, "file" | "definition">): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, {
    provideTasks: () => [],
    resolveTask(task) {
      if (parseTask(task.definition) === null) return undefined;
      const { scope = vscode.TaskScope.Workspace } = task;
      // Variables such as ${file} are resolved in the definition that comes when it runs.
      const execution = new vscode.CustomExecution((resolved) => {
        const definition = parseTask(resolved);
        if (!definition) return Promise.reject(new Error(words.task.noScript));
        return Promise.resolve(createTaskPty({ ...needs, definition, file: fileOf(definition, scope) }));
      });
      return new vscode.Task(task.definition, scope, task.name, words.task.source, execution);
    },
  });
}

function fileOf({ script }: TaskDefinition, scope: vscode.WorkspaceFolder | vscode.TaskScope): string {
  const folder = typeof scope === "object" ? scope : vscode.workspace.workspaceFolders?.[0];
  return isAbsolute(script) || !folder ? script : join(folder.uri.fsPath, script);
}
