// @ts-check
// Makes one command enough on a fresh clone: installs what the command needs and is missing, and generates what is built
// from packages. Plain JavaScript, because it runs on whatever Node the machine has; the command itself runs on one that
// runs TypeScript. `npm run setup` takes a group of ./install/needs.mjs.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, statSync } from "node:fs"
import { alone } from "./install/lock.mjs"
import { NODES, toInstall } from "./install/needs.mjs"
import { findWorkspace } from "./install/workspace.mjs"

const json = (/** @type {string} */ file) => JSON.parse(readFileSync(file, "utf8"))
const changed = (/** @type {string} */ file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

const { devDependencies } = json("package.json")
const node = NODES[`${process.platform}-${process.arch}`]
const workspace = findWorkspace(process.cwd())
const root = workspace ?? "."
/** npm writes it last: what is installed. Other package managers leave none. */
const stamp = `${root}/node_modules/.package-lock.json`
const installed = () => (existsSync(stamp) ? json(stamp).packages : {})
const folder = (/** @type {string} */ name) => `node_modules/${name}`
/** In a workspace npm puts most packages into the folder of the whole. */
const isThere = (/** @type {string} */ name) =>
  existsSync(folder(name)) || (workspace !== undefined && existsSync(`${root}/${folder(name)}`))

const missing = () =>
  toInstall({
    group: process.argv[2],
    devDependencies,
    installed: new Set(
      Object.keys(installed())
        .map((path) => path.slice(path.lastIndexOf(folder("")) + folder("").length))
        .filter(isThere)
    ),
    present: new Set([...Object.keys(devDependencies), node?.name ?? ""].filter(isThere)),
    isStale: changed(stamp) < Math.max(changed("package.json"), changed("package-lock.json")),
    runsTypeScript: Boolean(process.features.typescript),
    platform: `${process.platform}-${process.arch}`
  })

const npmInstall = (/** @type {ReadonlyArray<string>} */ packages) => {
  // The named packages count as dependencies, for this installation only, and have the lock file's versions. `install` and
  // not `ci`: a lock file made on one platform lacks the optional binaries of others, and `ci` refuses it. In a workspace npm
  // would remove the packages of the others, so everything is installed there, beside the Node that no package.json names.
  const isNode = (/** @type {string} */ name) => node !== undefined && name.startsWith(`${node.name}@`)
  const named = workspace === undefined ? ["--omit=dev", "--save-prod", ...packages] : packages.filter(isNode)
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", ...named]
  const options = /** @type {const} */ ({ stdio: "inherit", shell: process.platform === "win32", cwd: root })
  const { status } = spawnSync("npm", flags, options)
  // A killed npm leaves half a package behind: the lock stays, and tells the next command.
  if (status === null) process.exit(1)
  if (status !== 0) {
    process.exitCode = status
    return
  }

  const found = node && installed()[folder(node.name)]
  if (found && found.integrity !== node.integrity) {
    rmSync(`${root}/${folder(node.name)}`, { recursive: true, force: true })
    rmSync(stamp)
    throw new Error(`${node.name}@${node.version} is not what it was when it was chosen: ${found.integrity}`)
  }
}

if (missing() !== undefined) {
  await alone(root, () => {
    // Another command may have installed them meanwhile.
    const packages = missing()
    if (packages !== undefined) npmInstall(packages)
  })
}
if (process.exitCode === undefined) await import("../bundler/build/generate.mjs")
