import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Child, spawnGroup } from "../system/process.ts"
import { environment } from "../system/wrangler.ts"
import type { Plan } from "./plan.ts"

/** Starts a runtime process, whose folder below the stack's is called after it; `answers` waits for it. */
export const startRuntime = (name: string, dir: string, plan: Plan): Promise<Child> => {
  const folder = join(dir, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Beside its state: its owner's eyes only, for it holds the settings.
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan), { mode: 0o600 })
  return spawnGroup({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL("child.ts", import.meta.url)), "plan.json"],
    cwd: folder,
    env: environment(dir),
    log: join(dir, "logs", `${name}.log`)
  })
}
