import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { report } from "../support/report.ts"
import { type Files, startBuilt } from "./built.ts"
import { SIZES } from "./sources.ts"

const js = { headers: { "content-type": "application/javascript" } }
const redirect = (location: string) => new Response(null, { status: 302, headers: { location } })

/** As good as endless: far more than is taken, and slowly enough for whoever stands between not to hoard it. */
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

const fine: Files = {
  "index.ts": "import x from './x'\nexport default { fetch: () => x }",
  "x.ts": "export default 41 + 1"
}
const importing = (url: string): Files => ({
  "index.ts": `import x from ${JSON.stringify(url)}\nexport default { fetch: () => new Response(x) }`
})

/** What must be so after every case. */
const stillWorks = async () => {
  const { status, code } = await worker.post(fine)
  assert.strictEqual(status, 200)
  assert.include(code, "41 + 1")
}

/** Answered as the source's fault, soon, and without a word from the network that was not to be asked. */
const isRefused = async (files: Files, text: RegExp) => {
  const { status, diagnostics } = await worker.post(files)
  assert.strictEqual(status, 422)
  assert.match(diagnostics?.[0]?.text ?? "", text)
  await stillWorks()
}

describe("clients that reset", () => {
  it("while the compiler starts for the first time", async () => {
    await worker.reset(fine, 0)
    await worker.reset(fine, 3)
    await stillWorks()
  })

  it("in the midst of builds of every size", async () => {
    for (const files of Object.values(SIZES))
      for (const afterMs of [0, 1, 2, 5, 10, 20, 50, 100]) {
        await worker.reset(files, afterMs)
        await stillWorks()
      }
  })

  it("while modules are fetched", async () => {
    for (let round = 0; round < 8; round++) await worker.reset(importing("https://esm.sh/slow"), 20)
    await stillWorks()
    // Their leases end with their time at the latest: then URLs can be imported again.
    await new Promise((resolve) => setTimeout(resolve, 9_500))
    assert.strictEqual((await worker.post(importing("https://esm.sh/good"))).status, 200)
  })
})

describe("many builds at once", () => {
  it("60 succeed", async () => {
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
  it("that hang keep no other build waiting", async () => {
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

  it("that go in circles end", () => isRefused(importing("https://esm.sh/loop"), /redirected more than 5 times/))

  it("that are redirected to loopback, private addresses or other hosts are refused unasked", async () => {
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
        /not allowed|not fetched|only https/
      )
      await isRefused(importing(target), /not allowed|not fetched|only https|cannot begin|absolute/)
    }
    for (const url of asked) assert.match(url, /^https:\/\/esm\.sh\/to\?/)
  })

  it("with endless bodies, or none of a module, are refused", async () => {
    await isRefused(importing("https://esm.sh/endless"), /larger than/)
    await isRefused(importing("https://esm.sh/html"), /HTML/)
    await isRefused(importing("https://esm.sh/nothing"), /status 404/)
  })
})

const nested = (depth: number) => `export default ${"(".repeat(depth)}1${")".repeat(depth)}`

const importingNothing = (times: number): Files => ({
  "index.ts": Array.from({ length: times }, (_, index) => `import './${index}'`).join("\n")
})

const HOSTILE: Readonly<Record<string, readonly [Files, RegExp]>> = {
  "10,000 nested parentheses": [{ "index.ts": nested(10_000) }, /gave up|cannot answer requests/],
  "100,000 nested parentheses": [{ "index.ts": nested(100_000) }, /gave up/],
  "1,000,000 brackets": [{ "index.ts": "[".repeat(1_000_000) }, /at most 512000/],
  "500,000 brackets": [{ "index.ts": "[".repeat(500_000) }, /gave up/],
  "500,000 statements": [{ "index.ts": `${";".repeat(500_000)}export default {}` }, /more than 64 MB/],
  "JSON, 200,000 deep": [
    {
      "index.ts": "import x from './x.json'\nexport default { fetch: () => x }",
      "x.json": "[".repeat(200_000) + "]".repeat(200_000)
    },
    /gave up/
  ],
  "settings, 200,000 deep": [{ ...fine, "tsconfig.json": "[".repeat(200_000) }, /levels deep/],
  "package.json, 200,000 deep": [{ ...fine, "package.json": '{"a":'.repeat(80_000) }, /not JSON/],
  "blocks, 20,000 deep": [
    { "index.ts": `${"if(x){".repeat(20_000)}y()${"}".repeat(20_000)};export default {fetch(){}}` },
    /gave up|bundle is/
  ],
  "JSX, 20,000 deep": [
    { "index.tsx": `export default { fetch: () => ${"<a>".repeat(20_000)}${"</a>".repeat(20_000)} }` },
    /gave up|bundle is/
  ],
  "template literals, 50,000 deep": [
    { "index.ts": "export default " + "`${".repeat(50_000) + "1" + "}`".repeat(50_000) },
    /./
  ],
  "types, 50,000 deep": [
    { "index.ts": `type A = ${"B<".repeat(50_000)}C${">".repeat(50_000)}\nexport default 1` },
    /./
  ],
  "10,000 files": [
    { ...fine, ...Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}.ts`, ""])) },
    /10002 files/
  ],
  "5 MB in one line": [{ ...fine, "a.ts": "x".repeat(5_000_000) }, /at most 512000/],
  "invalid UTF-16 in a name": [{ ...fine, "a\ud800.ts": "" }, /Unicode/],
  "a climb out of the root": [{ "index.ts": "export { default } from '../../../etc/passwd'" }, /leads out/],
  "3,000 imports of nothing": [importingNothing(3000), /not among/],
  "a path of 100,000 folders": [
    { "index.ts": `import './${"a/".repeat(100_000)}x'` },
    /not available: it has 200003 characters/
  ],
  "a specifier of 500,000 letters": [{ "index.ts": `import '${"a".repeat(500_000)}'` }, /not available/],
  "20,000 imports by 20,000 conditions": [
    {
      "index.ts": Array.from({ length: 20_000 }, (_, index) => `import '#${index}'`).join("\n"),
      "package.json": JSON.stringify({ imports: { "#*": Array.from({ length: 20_000 }, () => null) } })
    },
    /not available|gave up/
  ],
  "20,000 paths": [
    {
      ...fine,
      "tsconfig.json": JSON.stringify({
        compilerOptions: { paths: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`a${index}*`, []])) }
      })
    },
    /more than 1000 "paths"/
  ],
  "settings that extend each other": [
    {
      "index.ts": "import './nothing'",
      ...Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [
          index === 0 ? "tsconfig.json" : `t${index}.json`,
          JSON.stringify({ extends: [`./t${(index % 399) + 1}.json`, `./t${((index + 1) % 399) + 1}.json`] })
        ])
      )
    },
    /./
  ],
  "packages in 400 folders each": [
    {
      "index.ts": "import './nothing'",
      "package.json": JSON.stringify({ workspaces: ["**/**", "a/**/b/**", "!**/c"] }),
      ...Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [
          `p${index}/${"a/".repeat(240)}package.json`,
          JSON.stringify({ name: `p${index}` })
        ])
      )
    },
    /not among/
  ],
  "20,000 imports of nothing": [importingNothing(20_000), /gave up|not among/]
}

describe("hostile sources", () => {
  for (const [name, [files, text]] of Object.entries(HOSTILE)) it(name, () => isRefused(files, text))

  it("import cycles are programs like others", async () => {
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

  it("the prototype's names are names", async () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]
    const entry = `${names.map((name, index) => `import a${index} from "./${name}"`).join("\n")}\nexport default { fetch: () => [${names.map((_, index) => `a${index}`).join()}] }`
    const files = Object.fromEntries([
      ...names.map((name) => [`${name}.ts`, "export default 1"] as const),
      ["index.ts", entry] as const
    ])
    assert.strictEqual((await worker.post(files)).status, 200)
    await isRefused({ "index.ts": entry }, /not among/)
  })

  it("lone surrogates in a source are text", async () => {
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
    // Memory rises until the engine collects, and falls: trough is compared with trough.
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
