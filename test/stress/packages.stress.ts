import { generatePrivateKey } from "viem/accounts"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, startTestStack, walletOn } from "../e2e/support.ts"
import { filesOf, programs } from "../npm/programs.ts"
import { buildAt, startMeasured } from "../npm/start-worker.ts"
import { type Memory, wasmMemories } from "../npm/isolate-memory.ts"
import { report } from "../support/report.ts"
import type { Files } from "./built.ts"
import { fine } from "./hostile-sources.ts"

/** `npm run soak` builds 500 times. */
const BUILDS = Number(process.env["PACKAGE_BUILDS"] ?? 60)

/** The memory after the last builds is compared with that after a tenth of 500, or a third of fewer. */
const EARLY = BUILDS >= 500 ? 50 : Math.floor(BUILDS / 3)

let worker: Awaited<ReturnType<typeof startMeasured>>
let build: ReturnType<typeof buildAt>
beforeAll(async () => {
  worker = await startMeasured("test/npm/wrangler.jsonc")
  build = buildAt(worker)
})
afterAll(() => worker?.stop())

const filesFor = (id: string): Files => {
  const program = programs.find((one) => one.id === id)
  if (program === undefined) throw new Error(`There is no program ${id}.`)
  return filesOf(program)
}

const isBuiltAt = async (path: string, files: Files) => {
  const { status, ...answer } = await build(files, "", path)
  assert.strictEqual(status, 200, JSON.stringify(answer))
}

/** The paths of the Worker, by the place where they build. */
const PLACES = { "the Worker's isolate": "/", "an isolate of their own": "/isolate" }

describe.each(Object.entries(PLACES))("builds with packages in %s", (place, path) => {
  const isBuilt = (files: Files) => isBuiltAt(path, files)

  it("of viem, two at once, and ordinary ones beside them all succeed", async () => {
    const ordinary = async () => {
      for (let at = 0; at < 20; at++) {
        await isBuilt(fine)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    await Promise.all([isBuilt(filesFor("viem")), isBuilt(filesFor("viem")), ordinary(), ordinary()])
  })

  it(`take, after ${BUILDS}, at most 1.2 times the memory that they take after ${EARLY}`, async () => {
    const mix = ["zod", "ms", "hono/jwt", "express", "valibot", "jsonwebtoken", "nanoid", "viem"].map(filesFor)
    const measure = async (): Promise<Memory> => {
      // Some programs leave an idle compiler behind. This one leaves none.
      await isBuilt(filesFor("viem"))
      return worker.measure()
    }
    let early: Memory | undefined
    for (let index = 1; index <= BUILDS; index++) {
      await isBuilt(mix[index % mix.length] ?? fine)
      if (index === EARLY) early = await measure()
    }
    const late = await measure()
    for (const what of ["isolate", "process"] as const) {
      const [before, after] = [early?.[what] ?? 0, late[what]]
      report(
        `${place}, ${what}: ${before.toFixed(1)} MB after ${EARLY} builds with packages, ${after.toFixed(1)} MB after ${BUILDS}: ${(after / before).toFixed(2)} times`
      )
      assert.isAbove(before, 0)
      assert.isAtMost(after / before, 1.2)
    }
  }, 900_000)
})

describe("a build with the largest packages", () => {
  /** Beyond this heap V8 ends the process. Nothing else bounds it on this machine, and V8 collects late where it has room. */
  const HEAP = 23

  let small: typeof worker
  beforeAll(async () => {
    small = await startMeasured("test/npm/wrangler.jsonc", `--max-heap-size=${HEAP}`)
  })
  afterAll(() => small?.stop())

  it("takes at most 115 MB: V8's heap and the memory of the compiler", async () => {
    let compiler = 0
    for (const id of ["viem", "ai", "effect", "agents", "mathjs", "better-auth"])
      for (let time = 0; time < 2; time++) {
        const { status, ...answer } = await buildAt(small)(filesFor(id))
        assert.strictEqual(status, 200, JSON.stringify(answer))
        compiler = Math.max(compiler, ...wasmMemories(small.pid))
      }
    report(`${(compiler / 1e6).toFixed(1)} MB for the compiler at most, beside ${HEAP} MiB for V8's heap`)
    assert.isAtMost(compiler + HEAP * 2 ** 20, 115_000_000)
  })
})

describe("deploys with packages", () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startTestStack()
  })
  afterAll(() => stack?.stop())

  it("of two payers that import viem, and ordinary ones of others beside them all go live, cold and warm", async () => {
    const rich = walletOn(stack)
    const payers: Array<ReturnType<typeof walletOn>> = []
    for (let at = 0; at < 8; at++) {
      const payer = walletOn(stack, generatePrivateKey())
      await rich.transfer(payer.account.address, 1_000_000n)
      payers.push(payer)
    }
    for (let round = 0; round < 3; round++) {
      const viem = () => JSON.stringify({ files: { ...filesFor("viem"), "fresh.txt": crypto.randomUUID() } })
      const answers = payers.map(async (payer, at) => {
        const response = await payer.fetch(`${stack.info.gateway}/deploy`, {
          method: "POST",
          body: at < 2 ? viem() : fresh("hono-api"),
          headers: { "content-type": "application/json" }
        })
        return `${response.status} ${await response.text()}`
      })
      for (const answer of await Promise.all(answers)) assert.match(answer, /^200 /)
    }
  })
})
