import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { report } from "../support/report.ts"
import { type Files, startBuilt } from "./built.ts"
import { fine, HOSTILE, nested } from "./hostile-sources.ts"
import { SIZES } from "./sources.ts"

const js = { headers: { "content-type": "application/javascript" } }
const redirect = (location: string) => new Response(null, { status: 302, headers: { location } })

/** A body far longer than the limit, and slow enough that no proxy buffers it. */
const drip = (): ReadableStream<Uint8Array> => {
  let left = 1000
  return new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      controller.enqueue(new Uint8Array(65_536))
      if (left-- === 0) controller.close()
    }
  })
}

/** Import hosts of every kind. */
const asked: Array<string> = []
const hosts = (url: URL): Response | Promise<Response> => {
  asked.push(url.href)
  if (url.hostname !== "esm.sh") return new Response("export default 'private'", js)
  if (url.pathname === "/good") return new Response("export default 'good'", js)
  if (url.pathname === "/hang") return new Promise(() => {})
  if (url.pathname === "/slow")
    return new Promise((resolve) => setTimeout(resolve, 300, new Response("export default 'slow'", js)))
  if (url.pathname.startsWith("/loop")) return redirect(`/loop${url.pathname.length}`)
  if (url.pathname === "/to") return redirect(decodeURIComponent(url.search.slice(1)))
  if (url.pathname === "/endless") return new Response(drip(), js)
  if (url.pathname === "/html") return new Response("<p>", { headers: { "content-type": "text/html" } })
  return new Response("no", { status: 404 })
}

let worker: Awaited<ReturnType<typeof startBuilt>>
beforeAll(async () => {
  worker = await startBuilt("test/stress/wrangler.jsonc", hosts)
})
afterAll(() => worker.stop())

const importing = (url: string): Files => ({
  "index.ts": `import x from ${JSON.stringify(url)}\nexport default { fetch: () => new Response(x) }`
})

/** Asserts that the bundler still works. */
const stillWorks = async () => {
  const { status, code } = await worker.post(fine)
  assert.strictEqual(status, 200)
  assert.include(code, "41 + 1")
}

/** Asserts that the sources are refused as faulty, and that the bundler still works. */
const isRefused = async (files: Files, text: RegExp) => {
  const { status, diagnostics } = await worker.post(files)
  assert.strictEqual(status, 422)
  assert.match(diagnostics?.[0]?.text ?? "", text)
  await stillWorks()
}

describe("a client that resets its connection", () => {
  it("leaves the bundler working while the compiler starts for the first time", async () => {
    for (const afterMs of [0, 3, 30, 150, 300]) await worker.reset(fine, afterMs)
    await stillWorks()
  })

  it("leaves the bundler working during builds of every size", async () => {
    for (const files of Object.values(SIZES))
      for (const afterMs of [0, 1, 2, 5, 10, 20, 50, 100]) {
        await worker.reset(files, afterMs)
        await stillWorks()
      }
  })

  it("leaves the bundler working while modules are fetched", async () => {
    for (let round = 0; round < 8; round++) await worker.reset(importing("https://esm.sh/slow"), 20)
    await stillWorks()
    // Their leases end after their time at the latest. Then URLs can be imported again.
    await new Promise((resolve) => setTimeout(resolve, 9_500))
    assert.strictEqual((await worker.post(importing("https://esm.sh/good"))).status, 200)
  })
})

describe("many builds at once", () => {
  it("succeed, 60 of them", async () => {
    const builds = Array.from({ length: 60 }, (_, index) =>
      worker.post({ ...fine, "x.ts": `export default "x${index}"` })
    )
    for (const [index, { status, code }] of (await Promise.all(builds)).entries()) {
      assert.strictEqual(status, 200)
      assert.include(code, `"x${index}"`)
    }
    await stillWorks()
  })

  it("answers 60 that import URLs with 200, or with 503 to try again", async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => worker.post(importing("https://esm.sh/good"))))
    for (const { status } of answers) assert.include([200, 503], status)
    assert.include(
      answers.map(({ status }) => status),
      200
    )
    await stillWorks()
  })
})

describe("URL imports", () => {
  it("delay no other build when they hang", async () => {
    const hanging = [1, 2, 3].map(() => worker.post(importing("https://esm.sh/hang")))
    const first = await Promise.race([...hanging, worker.post(fine)])
    assert.strictEqual(first.status, 200)
    assert.strictEqual((await worker.post(importing("https://esm.sh/good"))).status, 200)
    for (const { status, diagnostics } of await Promise.all(hanging)) {
      assert.strictEqual(status, 422)
      assert.include(diagnostics?.[0]?.text, "did not arrive within")
    }
    await stillWorks()
  })

  it("end when they are circular", () => isRefused(importing("https://esm.sh/loop"), /redirected more than 5 times/))

  it("are refused without a request when they redirect to loopback, private addresses or other hosts", async () => {
    asked.length = 0
    for (const target of [
      "https://127.0.0.1/",
      "https://[::1]/",
      "https://10.0.0.1/",
      "https://192.168.1.1/",
      "https://169.254.169.254/latest/meta-data",
      "https://localhost/",
      "https://0/",
      "https://2130706433/",
      "http://esm.sh/good",
      "https://esm.sh:444/good",
      "https://user:pass@esm.sh/good",
      "https://esm.sh.evil.test/",
      "file:///etc/passwd",
      "//evil.test/"
    ]) {
      await isRefused(
        importing(`https://esm.sh/to?${encodeURIComponent(target)}`),
        /not allowed|must not contain|only https/
      )
      await isRefused(importing(target), /not allowed|must not contain|only https|cannot begin|absolute/)
    }
    for (const url of asked) assert.match(url, /^https:\/\/esm\.sh\/to\?/)
  })

  it("are refused when their bodies are endless or not a module", async () => {
    await isRefused(importing("https://esm.sh/endless"), /larger than/)
    await isRefused(importing("https://esm.sh/html"), /HTML/)
    await isRefused(importing("https://esm.sh/nothing"), /status 404/)
  })
})

describe("hostile sources", () => {
  for (const [name, [files, text]] of Object.entries(HOSTILE)) it(`are refused: ${name}`, () => isRefused(files, text))

  it("build if they are import cycles", async () => {
    const cycle = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [
        `m${index}.ts`,
        `import { x as y } from "./m${(index + 1) % 400}"\nexport const x = () => y`
      ])
    )
    const files = {
      ...cycle,
      "index.ts": "import { x } from './m0'\nimport self from './index'\nexport default { fetch: () => [x, self] }"
    }
    assert.strictEqual((await worker.post(files)).status, 200)
    await stillWorks()
  })

  it("build when files are named like members of the prototype", async () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]
    const entry = `${names.map((name, index) => `import a${index} from "./${name}"`).join("\n")}\nexport default { fetch: () => [${names.map((_, index) => `a${index}`).join()}] }`
    const files = Object.fromEntries([
      ...names.map((name) => [`${name}.ts`, "export default 1"] as const),
      ["index.ts", entry] as const
    ])
    assert.strictEqual((await worker.post(files)).status, 200)
    await isRefused({ "index.ts": entry }, /not among/)
  })

  it("build with lone surrogates as text", async () => {
    assert.strictEqual((await worker.post({ "index.ts": 'export default { fetch: () => "\ud800" }' })).status, 200)
    await stillWorks()
  })
})

describe("memory", () => {
  it("after 500 builds is at most 1.2 times that after 50", async () => {
    const { "1 file": one, "20 files": twenty, "441 KB in 61 files": large } = SIZES
    const crash = { "index.ts": nested(100_000) }
    const round = async (index: number) => {
      const files = index % 25 === 0 ? large : index % 10 === 3 ? crash : index % 2 === 0 ? twenty : one
      const { status } = await worker.post(files)
      assert.strictEqual(status, files === crash ? 422 : 200)
    }
    // Memory rises until the engine collects garbage, and falls. So this compares the low points.
    const points = new Map([30, 40, 50, 480, 490, 500].map((index) => [index, index <= 50] as const))
    let [early, late] = [Infinity, Infinity]
    for (let index = 1; index <= 500; index++) {
      await round(index)
      const isEarly = points.get(index)
      if (isEarly === undefined) continue
      await new Promise((resolve) => setTimeout(resolve, 5000))
      if (isEarly) early = Math.min(early, worker.memory())
      else late = Math.min(late, worker.memory())
    }
    report(
      `workerd: ${early.toFixed(0)} MB after 50 builds, ${late.toFixed(0)} MB after 500: ${(late / early).toFixed(2)} times`
    )
    assert.isAbove(early, 0)
    assert.isAtMost(late / early, 1.2)
  })
})
