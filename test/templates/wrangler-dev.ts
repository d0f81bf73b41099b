import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { choosePorts } from "../../src/local/system/ports.ts"
import { flags, spawnGroup } from "../../src/local/system/process.ts"
import { type Content, filesOf, readFolder, type Template } from "./templates.ts"

/** `wrangler dev` of a template. */
export interface Peer {
  readonly url: string
  readonly stop: () => Promise<void>
}

const ENVIRONMENT = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" }

const execute = promisify(execFile)

const runIn = async (cwd: string, command: string, args: ReadonlyArray<string>): Promise<void> => {
  await execute(command, args, { cwd, env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 })
}

/** Some templates install with pnpm alone, which takes peers that do not fit. */
const installIn = async (cwd: string): Promise<void> => {
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts"]
  await runIn(cwd, "npm", args).catch(() => runIn(cwd, "npm", [...args, "--legacy-peer-deps"]))
}

const write = (folder: string, files: Readonly<Record<string, Content>>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === "string" ? content : Buffer.from(content.base64, "base64"))
  }
}

/** Dependencies that only the template's own repository could install. */
const isForeign = (version: string): boolean => /^(workspace|catalog):/.test(version)

const installable = (manifest: string): string => {
  const parsed = JSON.parse(manifest) as Record<string, Record<string, string>>
  for (const key of ["dependencies", "devDependencies"])
    if (parsed[key] !== undefined)
      parsed[key] = Object.fromEntries(Object.entries(parsed[key]).filter(([, version]) => !isForeign(version)))
  return JSON.stringify(parsed)
}

/**
 * Makes a copy of a template in which its packages are installed, and builds it if it has to be. A copy that is there is kept.
 *
 * @returns the files that its build adds.
 */
export const install = async (template: Template, source: string, copy: string): Promise<Record<string, Content>> => {
  const files = filesOf(template, source)
  const manifest = files["package.json"]
  if (!existsSync(join(copy, ".installed"))) {
    rmSync(copy, { recursive: true, force: true })
    write(copy, files)
    if (typeof manifest === "string") {
      writeFileSync(join(copy, "package.json"), installable(manifest))
      await installIn(copy)
    }
    if (template.build !== undefined) await runIn(copy, "sh", ["-c", template.build.command])
    writeFileSync(join(copy, ".installed"), "")
  }
  return Object.assign(
    {},
    ...(template.build?.folders ?? []).map((folder) =>
      Object.fromEntries(Object.entries(readFolder(join(copy, folder))).map(([path, it]) => [`${folder}/${path}`, it]))
    )
  ) as Record<string, Content>
}

/** The binding of the database, and whether there are migrations for it. */
const databaseOf = (copy: string): string | undefined => {
  const name = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"].find((it) => existsSync(join(copy, it)))
  if (name === undefined || !existsSync(join(copy, "migrations"))) return undefined
  const text = readFileSync(join(copy, name), "utf8")
  return /d1_databases[\s\S]*?"?binding"?\s*[:=]\s*"(\w+)"/.exec(text)?.[1]
}

/** Starts `wrangler dev` in an installed copy, on fresh data. */
export const startPeer = async ({ entry, env }: Template, copy: string): Promise<Peer> => {
  const own = join(copy, "node_modules/.bin/wrangler")
  const wrangler = process.env["OWN_WRANGLER"] === "on" && existsSync(own) ? own : resolve("node_modules/.bin/wrangler")
  rmSync(join(copy, ".wrangler/state"), { recursive: true, force: true })
  if (env !== undefined)
    writeFileSync(
      join(copy, ".dev.vars"),
      Object.entries(env)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
        .join("")
    )
  const database = databaseOf(copy)
  if (database !== undefined) await runIn(copy, wrangler, ["d1", "migrations", "apply", database, "--local"])
  const { port, inspector } = await choosePorts({ port: 0, inspector: 0 })
  const log = join(copy, "dev.log")
  const child = await spawnGroup({
    name: "wrangler dev",
    command: wrangler,
    args: [
      "dev",
      ...(entry === undefined ? [] : [entry]),
      ...flags({ ip: "127.0.0.1", port, "inspector-port": inspector }),
      "--local"
    ],
    cwd: copy,
    // A build of the configuration finds the template's own tools, as in a script of npm.
    env: { ...ENVIRONMENT, PATH: `${join(copy, "node_modules/.bin")}:${process.env["PATH"]}` },
    log
  })
  const said = () => readFileSync(log, "utf8").slice(child.logStart)
  const deadline = Date.now() + 90_000
  let crash: string | undefined
  void child.crashed.then((how) => (crash = how))
  while (!/Ready on/.test(said())) {
    if (crash !== undefined || Date.now() > deadline) {
      await child.stop()
      throw new Error(`wrangler dev: ${crash ?? "is not ready"} ${said().slice(-2000)}`)
    }
    await sleep(100)
  }
  return { url: `http://127.0.0.1:${port}`, stop: () => child.stop() }
}
