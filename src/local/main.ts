// `npm run stack` and, with --demo, `npm start`: runs the whole stack on this machine until Ctrl-C. `--config` names the
// configuration of another gateway than the project's.
import { relative } from "node:path"
import { parseArgs } from "node:util"
import { demonstrate, howToPay } from "./demo.ts"
import { stackSettingsOf } from "./settings.ts"
import { type Stack, startStack } from "./stack.ts"

const print = (line: string): void => console.log(line)

const interrupt = new AbortController()
const interrupted = new Promise<NodeJS.Signals>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      resolve(signal)
      // A second signal ends the launcher at once; the group watchers kill the rest.
      if (interrupt.signal.aborted) process.exit(1)
      interrupt.abort(new Error(`interrupted by ${signal}`))
    })
})

// This keeps the process alive while it waits for others to end; otherwise Node exits with a warning.
const alive = setInterval(() => {}, 60_000)

// A write to a closed terminal fails, and that must not stop the clean-up.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

// A killed npm leaves its child running, ports included. So this process ends when its parent has ended.
const parent = process.ppid
if (process.env["npm_lifecycle_event"] !== undefined) {
  const watching = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watching)
    process.kill(process.pid, "SIGTERM")
  }, 500)
}

let stack: Stack | undefined
try {
  const { values } = parseArgs({ options: { demo: { type: "boolean" }, config: { type: "string" } } })
  const settings = stackSettingsOf(process.env)
  print(`Starting the local stack in ${settings.dir}`)
  stack = await startStack({
    ...settings,
    ...(values.config === undefined ? {} : { configPath: values.config }),
    log: (line) => print(`  ${line}`),
    signal: interrupt.signal
  })
  print(`The stack is ready. Its addresses and keys are in ${relative(process.cwd(), stack.dir) || "."}/stack.json`)
  const failed = stack.failed.then((why): never => {
    throw new Error(why)
  })
  // A late failure has no waiter, and must not be an unhandled rejection.
  failed.catch(() => {})
  if (values.demo) await Promise.race([demonstrate(stack.info, print, interrupt.signal), failed])
  print(`${howToPay(stack.info)}\n\nCtrl-C stops it.`)
  await Promise.race([interrupted, failed])
} catch (cause) {
  if (interrupt.signal.aborted) print("Interrupted.")
  else console.error(`\n${cause instanceof Error ? cause.message : String(cause)}`)
  process.exitCode = 1
} finally {
  await stack?.stop()
}
clearInterval(alive)
// Kept-alive connections must not keep a stopped launcher running.
process.exit()
