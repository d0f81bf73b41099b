// `npm run stack` and, with --demo, `npm start`: the whole of it on this machine, until Ctrl-C. `--config` names another
// gateway than the project's.
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
      // A second one means: at once. The guards kill what is left.
      if (interrupt.signal.aborted) process.exit(1)
      interrupt.abort(new Error(`interrupted by ${signal}`))
    })
})

// Nothing else may keep this process while it waits for others to end; without it Node gives up, with a warning.
const alive = setInterval(() => {}, 60_000)

// A terminal that was closed takes no more lines; what is to end ends all the same.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

// npm that is killed leaves what it runs behind, with its ports: when our parent has ended, we end too.
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
  print(`Starting below ${settings.dir}`)
  stack = await startStack({
    ...settings,
    ...(values.config === undefined ? {} : { configPath: values.config }),
    log: (line) => print(`  ${line}`),
    signal: interrupt.signal
  })
  print(`Everything answers; addresses and keys are in ${relative(process.cwd(), stack.dir) || "."}/stack.json`)
  const failed = stack.failed.then((why): never => {
    throw new Error(why)
  })
  // It may come when nobody waits any more.
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
// Connections that are kept alive must not keep a stopped launcher.
process.exit()
