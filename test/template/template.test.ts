import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { withoutComments } from "../../src/bundler/project/jsonc.ts"
import { choosePorts } from "../../src/local/system/ports.ts"
import { spawnGroup } from "../../src/local/system/process.ts"
import { wranglerEnvironment } from "../../src/local/system/wrangler.ts"

/** The files that `jack new` leaves out, in every folder. */
const skipped = /(^|\/)(\.jack\.json|\.jack|node_modules|\.git|package-lock\.json|CLAUDE\.md|\.wrangler|dist)(\/|$)/

/** Wrangler is not part of the project, because Jack has one for all projects. The repository's own replaces it here. */
const wrangler = resolve("node_modules/wrangler/bin/wrangler.js")

/** The most that Jack allows a template to install, in MB. */
const INSTALLED_LIMIT = 400

const name = "my-compute"

/** The project as `jack new my-compute` makes it, beside a folder for the files that its programs write. */
let project: string
let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mpp-template-"))
  for (const folder of ["home", "logs", "tmp"]) mkdirSync(join(scratch, folder))
  project = jackNew(name)
})
afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
})

/** Copies the template as `jack new` does, and returns the project's path. */
const jackNew = (name: string): string => {
  const project = join(scratch, name)
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  for (const path of listed.stdout
    .split("\n")
    .filter((file) => file !== "" && !skipped.test(file) && existsSync(file))) {
    const to = join(project, path)
    mkdirSync(dirname(to), { recursive: true })
    cpSync(path, to)
    writeFileSync(to, readFileSync(path, "utf8").replaceAll("jack-template", name))
  }
  return project
}

/** Reads the realm in a project's challenges. */
const realmOf = (project: string): string | undefined =>
  (
    JSON.parse(withoutComments(readFileSync(join(project, "wrangler.jsonc"), "utf8"))) as {
      vars: Record<string, string>
    }
  ).vars["REALM"]

/** Runs a program in the project. Without an environment it gets only the variables that find programs. */
const run = (
  command: string,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = { ...wranglerEnvironment(scratch), PATH: process.env["PATH"] }
) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, env, encoding: "utf8" })
  return { status, output: `${stdout}\n${stderr}` }
}

describe("a project made from the template", () => {
  it("keeps its text unchanged", () => {
    assert.include(readFileSync(join(project, "README.md"), "utf8"), `${name}/bundler`)
    assert.strictEqual((JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { name: string }).name, name)
  })

  it("has a realm of its own, so that a payment for one project buys nothing at another with the same secrets", () => {
    const other = jackNew("another-compute")
    assert.deepStrictEqual([project, other].map(realmOf), [name, "another-compute"])
  })

  it("installs from the unchanged bun.lock", () => {
    // This needs the whole environment, because the machine decides how the registry is reached.
    const { status, output } = run("npx", ["--yes", "bun@1.2.23", "install", "--frozen-lockfile"], process.env)
    assert.strictEqual(status, 0, output)
  })

  it("installs less than Jack allows", () => {
    const { output } = run("du", ["-sm", "node_modules"])
    assert.isBelow(Number.parseInt(output, 10), INSTALLED_LIMIT)
  })

  it("builds without a single setting", () => {
    const { status, output } = run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "dist"])
    assert.strictEqual(status, 0, output)
    // Jack looks for the entrypoint's name in the output.
    assert.isAbove(statSync(join(project, "dist/worker.js")).size, 100_000)
  })

  it("passes its type check", () => {
    const { status, output } = run(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", "."])
    assert.strictEqual(status, 0, output)
  })

  it("starts, names the missing settings, and sells nothing until they are set", async () => {
    const { port } = await choosePorts({ port: 0 })
    const child = await spawnGroup({
      name: basename(project),
      command: process.execPath,
      args: [wrangler, "dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      cwd: project,
      env: wranglerEnvironment(scratch),
      log: join(scratch, "logs", "wrangler-dev.log")
    })
    try {
      const gateway = `http://127.0.0.1:${port}`
      let health: Response | undefined
      for (const end = Date.now() + 120_000; health === undefined && Date.now() < end;) {
        health = await fetch(`${gateway}/health`).catch(() => new Promise<undefined>((later) => setTimeout(later, 250)))
      }
      const missing = ["MPP_SECRET_KEY", "TEMPO_RECIPIENT", "CONTROL_PLANE_TOKEN"]
      assert.deepInclude(await health?.json(), { configured: false, missing })
      const quote = await fetch(`${gateway}/deploy`, { method: "POST" })
      assert.strictEqual(quote.status, 503)
      assert.deepInclude(await quote.json(), { code: "not_configured", missing })
    } finally {
      await child.stop()
    }
  })
})
