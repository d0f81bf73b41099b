// Makes one command enough on a fresh clone: installs what is missing, and generates what is built from node_modules.
// Plain JavaScript, because it runs on whatever Node the machine has; what comes after runs on the Node that npm installed.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"

const stamp = "node_modules/.package-lock.json"
const run = (command, ...args) => {
  const { status } = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" })
  if (status !== 0) process.exit(status ?? 1)
}

const installed = existsSync(stamp) ? statSync(stamp).mtimeMs : 0
const wanted = Math.max(
  ...["package.json", "package-lock.json"].filter(existsSync).map((file) => statSync(file).mtimeMs)
)

// `npm install`, not `npm ci`: a lock file made on one platform lacks the optional binaries of others, and `ci` refuses it.
if (installed < wanted) run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
run("node", "src/bundler/build/generate.ts")
