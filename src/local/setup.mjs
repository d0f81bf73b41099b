// @ts-check
// Makes one command enough on a fresh clone: installs what the command needs and is missing, and generates what is built
// from packages. Plain JavaScript, because it runs on whatever Node the machine has; what comes after runs on one that
// runs TypeScript. `npm run setup` takes a group of ./needs.mjs.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, statSync } from "node:fs"
import { NODES, toInstall } from "./needs.mjs"

/** npm writes it last: what is installed. Other package managers leave none. */
const STAMP = "node_modules/.package-lock.json"

const json = (/** @type {string} */ file) => JSON.parse(readFileSync(file, "utf8"))
const changed = (/** @type {string} */ file) => (existsSync(file) ? statSync(file).mtimeMs : 0)
const installed = () => (existsSync(STAMP) ? json(STAMP).packages : {})
const folder = (/** @type {string} */ name) => `node_modules/${name}`

const { devDependencies } = json("package.json")
const platform = `${process.platform}-${process.arch}`
const packages = toInstall({
  group: process.argv[2],
  devDependencies,
  installed: new Set(Object.keys(installed()).map((path) => path.slice(folder("").length))),
  present: new Set(
    [...Object.keys(devDependencies), NODES[platform]?.name ?? ""].filter((name) => existsSync(folder(name)))
  ),
  isStale: changed(STAMP) < Math.max(changed("package.json"), changed("package-lock.json")),
  runsTypeScript: Boolean(process.features.typescript),
  platform
})

if (packages !== undefined) {
  // The named packages count as dependencies, for this installation only, and have the lock file's versions. `install` and
  // not `ci`: a lock file made on one platform lacks the optional binaries of others, and `ci` refuses it.
  const flags = ["--omit=dev", "--save-prod", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
  const options = /** @type {const} */ ({ stdio: "inherit", shell: process.platform === "win32" })
  const { status } = spawnSync("npm", ["install", ...flags, ...packages], options)
  if (status !== 0) process.exit(status ?? 1)

  const node = NODES[platform]
  const found = node && installed()[folder(node.name)]
  if (found && found.integrity !== node.integrity) {
    rmSync(folder(node.name), { recursive: true })
    throw new Error(`${node.name}@${node.version} is not what it was when it was chosen: ${found.integrity}`)
  }
}
await import("../bundler/build/generate.mjs")
