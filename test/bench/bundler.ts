import { readFileSync } from "node:fs"
import * as native from "esbuild"
import * as inNode from "esbuild-wasm"
import { startBuilt } from "../stress/built.ts"
import { SIZES } from "../stress/sources.ts"

type Files = Readonly<Record<string, string>>

/** Takes the compilers in turn, so that a noisy machine affects all of them; reports medians of several such rounds. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 5)
const PAUSE_MS = 70
const WARM_UP = Number(process.env["WARM_UP"] ?? 12)

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Gives the same files to the compilers in Node, by a plugin, so that no disk is measured. */
const options = (files: Files): native.BuildOptions => ({
  entryPoints: ["index.ts"],
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2022",
  logLevel: "silent",
  plugins: [
    {
      name: "files",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, ({ path }) => ({
          path: path.replace(/^\.\//, "").replace(/(?<!\.ts)$/, ".ts"),
          namespace: "files"
        }))
        build.onLoad({ filter: /.*/, namespace: "files" }, ({ path }) => ({
          contents: files[path] ?? "",
          loader: "ts"
        }))
      }
    }
  ]
})

const worker = await startBuilt("test/bench/wrangler.jsonc", () => new Response("offline", { status: 404 }))
const inWorker = (design: string) => async (files: Files) => {
  const response = await fetch(new URL(`/${design}`, worker.url), { method: "POST", body: JSON.stringify(files) })
  if ((await response.text()) !== "built") throw new Error(`${design} answered ${response.status}`)
}

const designs: Readonly<Record<string, (files: Files) => Promise<unknown>>> = {
  nothing: inWorker("nothing"),
  ours: inWorker("ours"),
  warm: inWorker("warm"),
  stock: inWorker("stock"),
  peer: inWorker("peer"),
  native: (files) => native.build(options(files)),
  "wasm in Node": (files) => inNode.build(options(files) as inNode.BuildOptions)
}

const json = JSON.parse(readFileSync("node_modules/@cloudflare/worker-bundler/package.json", "utf8")) as {
  version: string
}
console.log(
  `ours, warm (one instance for all, unsafe), stock (shared service): in workerd, net of a request that builds nothing`
)
console.log(
  `peer: @cloudflare/worker-bundler ${json.version}; native: esbuild ${native.version}; medians of ${ROUNDS}, ms`
)
const missed: Array<string> = []
for (const [size, files] of Object.entries(SIZES)) {
  const times = new Map<string, Array<number>>(Object.keys(designs).map((name) => [name, []]))
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const [name, build] of Object.entries(designs)) {
      const time = await timed(() => build(files))
      // Work after an answer ends before the next measurement begins.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      if (round >= 0) times.get(name)?.push(time)
    }
  const idle = median(times.get("nothing") ?? [])
  const net = (name: string) =>
    median(times.get(name) ?? []) - (name === "native" || name === "wasm in Node" ? 0 : idle)
  const ratio = (name: string) => net(name) / net("ours")
  const row = Object.keys(designs)
    .slice(1)
    .map((name) => `${name} ${net(name).toFixed(1)}${name === "ours" ? "" : ` (${ratio(name).toFixed(2)}×)`}`)
  console.log(`${size}: ${row.join(", ")}`)
  const factor = size.startsWith("441") ? 1 : 2
  for (const other of ["stock", "peer"])
    if (ratio(other) < factor)
      missed.push(`${size}: ${other} takes ${ratio(other).toFixed(2)} times ours, not ${factor}`)
  if (1 / ratio("warm") > 1.15)
    missed.push(`${size}: ours takes ${(1 / ratio("warm")).toFixed(2)} times a warm instance, not 1.15`)
}
console.log(missed.length === 0 ? "all goals met" : `goals missed:\n${missed.join("\n")}`)
await worker.stop()
await native.stop()
await inNode.stop()
