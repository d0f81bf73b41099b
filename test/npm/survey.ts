// `npm run survey:npm`: every program through the gateway of a local stack, paid for, on the real registry. Arguments select
// programs by a part of their id. `--peer` does the same with @cloudflare/worker-bundler beside it.
import { parseArgs } from "node:util"
import { generatePrivateKey } from "viem/accounts"
import { startTestStack, walletOn } from "../e2e/support.ts"
import { deployAt } from "./ours.ts"
import { startPeer } from "./peer.ts"
import { compare, programs } from "./programs.ts"
import { startRegistryProxy } from "./registry-proxy.ts"

/** The share of the programs that must be right. */
const GOAL = 0.97

/** A payer buys so many programs: fewer than the failures that one payer may have in an hour. */
const PER_PAYER = 50

const { values, positionals } = parseArgs({ options: { peer: { type: "boolean" } }, allowPositionals: true })
const chosen = programs.filter(({ id }) => positionals.length === 0 || positionals.some((part) => id.includes(part)))

const short = (text: string, length: number): string => {
  const line = text.replaceAll("\n", " ")
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}

/** Columns of a line: name, ours, peer, ms, peer's ms, requests, KB. */
const line = (...columns: ReadonlyArray<string | number>): string => {
  const widths = [28, 10, 10, 8, 8, 9, 9]
  return columns
    .map((text, at) => (at < 3 ? String(text).padEnd(widths[at] ?? 0) : String(text).padStart(widths[at] ?? 0)))
    .join(" ")
}

await using stopping = new AsyncDisposableStack()
const proxy = stopping.adopt(await startRegistryProxy(), (it) => it.stop())
const settings = { NPM_REGISTRY: proxy.url, NPM_PACKAGES: "on" }
const stack = stopping.adopt(await startTestStack(settings), (it) => it.stop())
const peer = values.peer === true ? stopping.adopt(await startPeer(stack, proxy.url), (it) => it.stop()) : undefined
{
  const rich = walletOn(stack)
  let wallet = rich
  const wrong: Array<string> = []
  let [right, peerRight] = [0, 0]
  console.log("ms: the paid call, or the peer's bundle and upload; requests and KB: what ours took from the registry\n")
  console.log(line("program", "ours", "peer", "ms", "peer ms", "requests", "KB"))
  for (const [index, program] of chosen.entries()) {
    if (index % PER_PAYER === 0) {
      wallet = walletOn(stack, generatePrivateKey())
      await rich.transfer(wallet.account.address, 100_000_000n)
    }
    proxy.take()
    const { outcome, ms, retries } = await deployAt(stack, wallet, program)
    const traffic = proxy.take()
    const ours = compare(program, outcome)
    const theirs = peer === undefined ? undefined : await peer.run(program)
    const compared = theirs === undefined ? undefined : compare(program, theirs.outcome)
    if (ours.right) right++
    else wrong.push(`${program.id}: ${short(ours.note, 1000)}`)
    if (compared?.right === true) peerRight++
    const said = program.peer === "right" ? "(right)" : "(wrong)"
    console.log(
      line(
        program.id,
        `${!ours.right ? "WRONG" : outcome.refused ? "refused" : ours.note === "" ? "right" : "warned"}${retries > 0 ? ` +${retries}` : ""}`,
        compared === undefined ? said : compared.right ? "right" : "wrong",
        ms.toFixed(0),
        theirs?.ms.toFixed(0) ?? "",
        traffic.requests,
        (traffic.bytes / 1024).toFixed(0)
      )
    )
    if (!ours.right) console.log(`    ${short(ours.note, 300)}`)
    else if (program.refused === true) console.log(`    ${short(ours.note, 160)}`)
    if (compared?.right === false) console.log(`    peer: ${short(compared.note, 160)}`)
  }
  if (wrong.length > 0) console.log(`\nwrong:\n${wrong.map((text) => `  ${text}`).join("\n")}`)
  if (peer !== undefined) console.log(`\nthe peer: ${peerRight} of ${chosen.length} right`)
  console.log(`\n${right} of ${chosen.length} right`)
  if (chosen.length === 0 || right < GOAL * chosen.length) process.exitCode = 1
}
