// `npm run survey:templates -- FOLDER [ID…]`: public templates through the gateway of a local stack, paid for, and compared
// with `wrangler dev`. The caller puts the templates in FOLDER, where their installed copies are kept too. It is the
// wrangler of this repository, whose runtime is the stack's; with OWN_WRANGLER=on it is the one that a template installs.
import { join, resolve } from "node:path"
import { generatePrivateKey } from "viem/accounts"
import { startTestStack, walletOn } from "../e2e/support.ts"
import { callAll, differences } from "./compare.ts"
import { filesOf, type Template, templates } from "./templates.ts"
import { install, startPeer } from "./wrangler-dev.ts"

interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
  readonly source?: string
  readonly hint?: string
}

interface Said {
  readonly url?: string
  readonly deployment_id?: string
  readonly detail?: string
  readonly charged?: boolean | null
  readonly diagnostics?: ReadonlyArray<Diagnostic>
}

const [folder, ...ids] = process.argv.slice(2)
if (folder === undefined) throw new Error("Name the folder of the templates.")
const chosen = templates.filter(({ id }) => ids.length === 0 || ids.some((part) => id.includes(part)))

await using stopping = new AsyncDisposableStack()
const stack = stopping.adopt(await startTestStack({ RESOURCES: "kv,d1,r2,durable_objects,assets" }), (it) => it.stop())
const { gateway } = stack.info
const rich = walletOn(stack)

const show = ({ file, line, column, text, hint, source }: Diagnostic): string =>
  `${file}:${line}:${column} ${text}${hint === undefined ? "" : ` (${hint})`}${source === undefined ? "" : ` | ${source.trim()}`}`

/** A refusal is right if it is free, and points to the line that is the reason. */
const judgeRefusal = ({ refused }: Template, { charged, diagnostics = [] }: Said, isFree: boolean): string => {
  const right = diagnostics.some(
    ({ line, column, text, source = "" }) =>
      refused === "" || (line > 0 && column > 0 && (text + source).includes(refused ?? ""))
  )
  if (refused === undefined) return "must not be refused"
  if (charged !== false || !isFree) return "was charged"
  return right ? "" : `does not name ${refused}`
}

const survey = async (template: Template): Promise<string> => {
  const source = join(folder, template.folder)
  const copy = resolve(folder, ".installed", template.id)
  const built = template.build === undefined ? {} : await install(template, source, copy)
  const files = { ...filesOf(template, source), ...built }
  const wallet = walletOn(stack, generatePrivateKey())
  await rich.transfer(wallet.account.address, 1_000_000n)
  const since = performance.now()
  const response = await wallet.fetch(`${gateway}/deploy`, {
    method: "POST",
    body: JSON.stringify({ files, ...(template.env === undefined ? {} : { env: template.env }) }),
    headers: { "content-type": "application/json" }
  })
  const said = (await response.json()) as Said
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  if (response.status !== 200) {
    for (const it of said.diagnostics ?? []) console.log(`    ${show(it)}`)
    const isFree = (await wallet.balance()) === 1_000_000n
    const problem = response.status === 422 ? judgeRefusal(template, said, isFree) : (said.detail ?? "")
    console.log(`${template.id}: ${response.status} in ${seconds} s, charged ${said.charged}; ${problem || "right"}`)
    return problem
  }
  const status = (await (await fetch(`${gateway}/deployments/${said.deployment_id}`)).json()) as {
    readonly warnings?: ReadonlyArray<Diagnostic>
  }
  for (const it of status.warnings ?? []) console.log(`    warns: ${show(it)}`)
  if (template.refused !== undefined) return "must be refused, and was deployed"
  await install(template, source, copy)
  const peer = await startPeer(template, copy)
  try {
    const calls = template.calls ?? [{ path: "/" }]
    const ours = await callAll(said.url ?? "", calls)
    const theirs = await callAll(peer.url, calls)
    let same = 0
    for (const [index, answer] of ours.entries()) {
      const { method = "GET", path } = calls[index] ?? { path: "" }
      const found = differences(answer, theirs[index] ?? answer)
      if (found.length === 0) same++
      console.log(
        `    ${method} ${path}: ${answer.status} ${found.length === 0 ? "same" : `DIFFERS ${found.join("; ")}`}`
      )
    }
    console.log(`${template.id}: deployed in ${seconds} s, ${same} of ${calls.length} calls the same`)
    return same === calls.length ? "" : `${calls.length - same} calls differ`
  } finally {
    await peer.stop()
  }
}

const wrong: Array<string> = []
for (const template of chosen) {
  const problem = await survey(template).catch((error: unknown) => String(error))
  if (problem !== "") {
    wrong.push(template.id)
    console.log(`  WRONG ${template.id}: ${problem}`)
  }
}
console.log(
  `\n${chosen.length - wrong.length} of ${chosen.length} right${wrong.length === 0 ? "" : `; wrong: ${wrong.join(", ")}`}`
)
process.exitCode = wrong.length === 0 && chosen.length > 0 ? 0 : 1
