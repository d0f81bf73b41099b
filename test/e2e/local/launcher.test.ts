import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { poll } from "../../../src/local/system/poll.ts"
import type { StackInfo } from "../../../src/local/info.ts"
import { descendants, survivors, temporaryDirectory, writeGateway } from "./support.ts"

const main = new URL("../../../src/local/main.ts", import.meta.url).pathname
let files: ReturnType<typeof temporaryDirectory>
let launched: Launched | undefined

beforeEach(() => {
  files = temporaryDirectory()
})
afterEach(async () => {
  launched?.process.kill("SIGKILL")
  await launched?.exit
  files[Symbol.dispose]()
})

interface Launched {
  readonly process: ChildProcess
  readonly pid: number
  readonly output: () => string
  /** The exit code, or the signal. */
  readonly exit: Promise<number | string | null>
  readonly prints: (text: string) => Promise<boolean>
}

const launch = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}): Launched =>
  started(process.execPath, [main, ...args], environment)

const started = (
  command: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Launched => {
  const child = spawn(command, args, {
    env: {
      PATH: process.env["PATH"],
      LOCAL_DIR: join(files.path, "stack"),
      GATEWAY_PORT: "0",
      SITES_PORT: "0",
      CHAIN_PORT: "0",
      ...environment
    }
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code))
  )
  launched = {
    process: child,
    pid: child.pid as number,
    output: () => output,
    exit,
    prints: (text) => poll(() => output.includes(text), 60_000)
  }
  return launched
}

const ours = () => ["--config", writeGateway(files.path)]

describe("the launcher explains why it cannot start, and leaves nothing running", () => {
  for (const variable of ["GATEWAY_PORT", "SITES_PORT", "CHAIN_PORT"])
    it(`if a port is taken: ${variable}`, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const { port } = server.address() as AddressInfo
      const { exit, output } = launch([], { [variable]: String(port) })
      assert.strictEqual(await exit, 1)
      assert.include(output(), `Port ${port} is taken by another process. Set ${variable} to another one`)
      assert.isFalse(existsSync(join(files.path, "stack")))
      server.close()
    })

  it("if a port is invalid", async () => {
    const { exit, output } = launch([], { SITES_PORT: "http" })
    assert.strictEqual(await exit, 1)
    assert.include(output(), 'SITES_PORT is "http", but must be a port from 0 to 65535.')
  })

  it("if a directory holds other files, which it keeps", async () => {
    const dir = join(files.path, "stack")
    mkdirSync(dir)
    writeFileSync(join(dir, "thesis.txt"), "all of it")
    const { exit, output } = launch([])
    assert.strictEqual(await exit, 1)
    assert.include(output(), "Set LOCAL_DIR to another directory")
    assert.strictEqual(readFileSync(join(dir, "thesis.txt"), "utf8"), "all of it")
  })

  it("if the gateway does not build", async () => {
    const config = writeGateway(files.path, 'import "./nowhere.ts"; export default {}')
    const { exit, output, pid, prints } = launch(["--config", config])
    assert.isTrue(await prints("hosting"))
    const running = descendants(pid)
    assert.strictEqual(await exit, 1)
    assert.include(output(), "The gateway does not build or start.")
    assert.include(output(), 'Could not resolve "./nowhere.ts"')
    assert.notInclude(output(), "MPP_SECRET_KEY")
    assert.deepStrictEqual(survivors(running), [])
  })
})

describe("the launcher leaves nothing running", () => {
  for (const [signal, line] of [
    ["SIGINT", "control plane"],
    ["SIGTERM", "hosting"],
    ["SIGKILL", "hosting"]
  ] as const)
    it(`after ${signal} while it starts`, async () => {
      const { exit, pid, process, prints } = launch(ours())
      assert.isTrue(await prints(line))
      assert.isTrue(await poll(() => descendants(pid).length > 1, 5000))
      const running = descendants(pid)
      process.kill(signal)
      assert.strictEqual(await exit, signal === "SIGKILL" ? "SIGKILL" : 1)
      assert.isTrue(await poll(() => survivors(running).length === 0, 3000), JSON.stringify(survivors(running)))
    })

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    it(`after ${signal} when everything runs, without a warning`, async () => {
      const { exit, output, pid, process: launcher, prints } = launch(ours())
      assert.isTrue(await prints("Ctrl-C stops it."), output())
      const running = descendants(pid)
      const before = output()
      const since = Date.now()
      launcher.kill(signal)
      assert.strictEqual(await exit, 0)
      assert.isBelow(Date.now() - since, 10_000)
      assert.strictEqual(output(), before)
      assert.deepStrictEqual(survivors(running), [])
    })

  it("after the terminal was closed", async () => {
    const { exit, pid, process: launcher, prints } = launch(ours())
    assert.isTrue(await prints("hosting"))
    const running = descendants(pid)
    launcher.stdout?.destroy()
    launcher.stderr?.destroy()
    launcher.kill("SIGHUP")
    assert.strictEqual(await exit, 1)
    assert.isTrue(await poll(() => survivors(running).length === 0, 3000), JSON.stringify(survivors(running)))
  })

  it("after the npm that started it was killed", async () => {
    // npm runs the script in a shell of its own, and puts its name into the environment.
    const shell = `"${process.execPath}" "${main}" --config "${ours()[1]}" & wait`
    const { exit, pid, process: npm, prints } = started("sh", ["-c", shell], { npm_lifecycle_event: "stack" })
    assert.isTrue(await prints("hosting"))
    const running = descendants(pid)
    assert.isAbove(running.length, 1)
    npm.kill("SIGKILL")
    assert.strictEqual(await exit, "SIGKILL")
    assert.isTrue(await poll(() => survivors(running).length === 0, 10_000), JSON.stringify(survivors(running)))
  })

  it("after SIGKILL when everything runs, and takes the directory over at the next start", async () => {
    const first = launch(ours())
    assert.isTrue(await first.prints("Ctrl-C stops it."), first.output())
    const running = descendants(first.pid)
    assert.isAbove(running.length, 5)
    const second = launch(ours())
    assert.strictEqual(await second.exit, 1)
    assert.include(second.output(), `is in use by the stack of process ${first.pid}`)
    first.process.kill("SIGKILL")
    await first.exit
    assert.isTrue(await poll(() => survivors(running).length === 0, 3000), JSON.stringify(survivors(running)))
    const third = launch(ours())
    assert.isTrue(await third.prints("control plane"), third.output())
    third.process.kill("SIGTERM")
    assert.strictEqual(await third.exit, 1)
  })

  it("when the chain ends by itself, and says so", async () => {
    const { exit, output, pid, prints } = launch(ours())
    assert.isTrue(await prints("Ctrl-C stops it."), output())
    const running = descendants(pid)
    process.kill(running.find(({ command }) => command.includes("--hardfork"))?.pid ?? 0, "SIGKILL")
    assert.strictEqual(await exit, 1)
    assert.include(output(), "The chain process ended by itself (SIGKILL).")
    assert.deepStrictEqual(survivors(running), [])
  })
})

it("npm start pays ten cents, shows a URL that answers, and ends everything on Ctrl-C", async () => {
  const { exit, output, pid, process, prints } = launch(["--demo"])
  assert.isTrue(await prints("Ctrl-C stops it."), output())
  const info = JSON.parse(readFileSync(join(files.path, "stack", "stack.json"), "utf8")) as StackInfo
  assert.match(output(), /402 Payment Required: +\$0\.10 of 0x20c0/)
  assert.include(output(), "100000 base units")
  assert.match(output(), /live URL: +http:\/\/local-my-api\.localhost:\d+\n +GET \/ answers: +\{"hello":"world"\}\n/)
  assert.include(output(), `npx mppx ${info.gateway}/deploy`)
  const running = descendants(pid)
  process.kill("SIGINT")
  assert.strictEqual(await exit, 0)
  assert.deepStrictEqual(survivors(running), [])
  assert.isFalse(existsSync(join(files.path, "stack", "stack.json")))
})
