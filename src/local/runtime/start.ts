import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Child, spawnGroup } from "../system/process.ts"
import { wranglerEnvironment } from "../system/wrangler.ts"
import type { Plan } from "./plan.ts"

/** Starts a runtime process in a folder of its name in the stack's directory. `waitUntilReady` waits for it. */
export const startRuntime = (name: string, dir: string, plan: Plan): Promise<Child> => {
  const folder = join(dir, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Only the owner may read the file, because it holds the settings.
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan), { mode: 0o600 })
  return spawnGroup({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL("child.ts", import.meta.url)), "plan.json"],
    cwd: folder,
    env: wranglerEnvironment(dir),
    log: join(dir, "logs", `${name}.log`)
  })
}
